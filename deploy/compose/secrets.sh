#!/usr/bin/env bash
# Makes the secrets of compose.yaml beside it, each once and none over another: passwords are drawn, the certificate is one to try with.
# Run as root: each file belongs to the user of the one container that reads it.
set -euo pipefail
umask 077
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p secrets
cd secrets

gate=65532 postgres=999 redis=999

# keep NAME OWNER: standard input, if the file is not there yet
keep() {
    [ -e "$1" ] && { cat >/dev/null; echo "kept $1"; return; }
    cat >"$1.new"
    chmod 0400 "$1.new"
    chown "$2:$2" "$1.new"
    mv -n "$1.new" "$1"
    echo "made $1"
}
draw() { head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; }

if [ ! -e real-key ]; then
    read -rsp "the provider's real key: " key
    echo
    [ -n "$key" ] || { echo "no key was given: run it again" >&2; exit 1; }
    printf %s "$key" | keep real-key $gate
fi
[ -e store-password ] || draw | keep store-password $gate
# the same, for PostgreSQL's own user
keep store-password.postgres $postgres <store-password
[ -e rates-password ] || draw | keep rates-password $gate
keep redis.conf $redis <<CONF
requirepass $(cat rates-password)
maxmemory-policy noeviction
save ""
appendonly no
CONF
if [ ! -e gate.key ] || [ ! -e gate.crt ]; then
    # a run that was cut leaves half a pair
    rm -f gate.key gate.crt
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 90 -subj /CN=tollgate \
        -addext "subjectAltName=DNS:localhost,IP:127.0.0.1" -keyout gate.key.made -out gate.crt.made 2>/dev/null
    keep gate.key $gate <gate.key.made
    keep gate.crt $gate <gate.crt.made
    rm gate.key.made gate.crt.made
fi
