# A PostgreSQL server in a folder of its own, for as long as standard input is open: whoever started it may end as it likes.
# Says the folder first. Does what it reads: `start`, `kill`; and says `done`. PostgreSQL refuses root; this runs as somebody else then.
# Arguments: the port on 127.0.0.1, the superuser's password, and for a replica the port of its primary.
set -eu
bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v initdb)")
folder=$(mktemp -d /tmp/tollgate-postgres.XXXXXX)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo "$folder"
printf '%s\n' "$2" >password
make() {
    if [ $# -eq 2 ]; then
        "$bin/initdb" --pgdata=data --username=stand --pwfile=password --auth=scram-sha-256 --encoding=UTF8 \
            --locale=C.UTF-8 --locale-provider=icu --icu-locale=en --no-sync
    else
        PGPASSWORD=$2 "$bin/pg_basebackup" --pgdata=data --host=127.0.0.1 --port="$3" --username=stand --checkpoint=fast \
            --write-recovery-conf --no-sync
    fi
}
make "$@" >log 2>&1 || {
    cat log >&2
    exit 1
}
server=
start() {
    "$bin/postgres" -D data -p "$port" -c listen_addresses=127.0.0.1 -c unix_socket_directories="$folder" -c max_connections=200 \
        -c shared_buffers=32MB -c checkpoint_timeout=1h -c max_wal_size=4GB -c max_wal_senders=4 -c logging_collector=off \
        >>log 2>&1 </dev/null &
    server=$!
    until "$bin/pg_isready" -q -h 127.0.0.1 -p "$port"; do
        tries=$((tries + 1))
        [ "$tries" -le 300 ] || return 1
        if ! kill -0 "$server" 2>/dev/null; then
            # after a kill, until the last process of the dead one is gone; else there is no second try
            [ "$1" = again ] || return 1
            sleep 0.05
            start again
            return
        fi
        sleep 0.05
    done
}
port=$1
known=first
while read -r word; do
    case $word in
    start)
        tries=0
        start "$known" || break
        known=again
        ;;
    kill)
        kill -KILL "$server"
        wait "$server" 2>/dev/null || true
        ;;
    esac
    echo done
done
[ "$known" = again ] || cat log >&2
# at once: what is in it is thrown away
[ -z "$server" ] || kill -QUIT "$server" 2>/dev/null || true
wait "$server" 2>/dev/null || true
