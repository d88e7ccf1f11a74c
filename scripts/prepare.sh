# shellcheck shell=bash
# Sourced by the other scripts: finds or installs what they need, one line a step, nothing twice.
# From a bare Debian 12 with git upwards. Packages are installed only as root or with sudo; without either, the script
# stops and says which are missing.

say() { printf '==> %s\n' "$*"; }
stop() {
    printf 'error: %s\n' "$1" >&2
    [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2
    exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# need_packages PACKAGE=PROBE…: a package is installed if its probe (a command, or a shell test in quotes) fails.
need_packages() {
    local entry missing=()
    for entry in "$@"; do
        local package=${entry%%=*} probe=${entry#*=}
        case $probe in
            *' '*) bash -c "$probe" >/dev/null 2>&1 || missing+=("$package") ;;
            *) have "$probe" || missing+=("$package") ;;
        esac
    done
    if [ ${#missing[@]} -eq 0 ]; then return 0; fi
    have apt-get || stop "missing: ${missing[*]}" "install them with this system's package manager, then run this again"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        { have sudo && sudo -n true 2>/dev/null; } || stop "missing packages: ${missing[*]}" "as root: apt-get install ${missing[*]}"
        root=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}")
    "${root[@]}" apt-get update -qq >/dev/null || say "package lists could not be refreshed; trying with the ones at hand"
    local said
    said=$("${root[@]}" "${install[@]}" 2>&1) || { printf '%s\n' "$said" >&2; stop "apt-get could not install ${missing[*]}" "run: ${install[*]}"; }
}

# need_rust: a cargo that this repository's toolchain file accepts, on PATH.
need_rust() {
    local pinned home
    pinned=$(sed -n 's/^channel *= *"\(.*\)"/\1/p' rust-toolchain.toml)
    # HOME may be a new one: the toolchain may still live in the account's own home, or where images put it
    home=$(getent passwd "$(id -u)" 2>/dev/null | cut -d: -f6)
    if ! have cargo || ! cargo --version >/dev/null 2>&1; then
        local candidate
        for candidate in "${CARGO_HOME:-$HOME/.cargo}" "$HOME/.cargo" "$home/.cargo" /usr/local/cargo; do
            [ -x "$candidate/bin/cargo" ] || continue
            adopt_cargo "$candidate"
            if cargo --version >/dev/null 2>&1 || install_toolchain "$pinned"; then break; fi
        done
    fi
    if ! have cargo; then
        say "installing Rust $pinned with rustup into ${CARGO_HOME:-$HOME/.cargo}"
        need_packages "curl=curl" "ca-certificates=test -e /etc/ssl/certs/ca-certificates.crt"
        curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs \
            | sh -s -- -y -q --no-modify-path --profile minimal --component clippy,rustfmt --default-toolchain "$pinned" \
            || stop "rustup could not be installed" "install Rust $pinned by hand, then run this again"
        export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"
    fi
    cargo --version >/dev/null 2>&1 || install_toolchain "$pinned" || stop "cargo does not run here" "see: cargo --version"
    say "using $(cargo --version)"
}

# adopt_cargo FOLDER: takes a cargo that is installed elsewhere, with the toolchains that belong to it.
adopt_cargo() {
    export PATH="$1/bin:$PATH"
    local toolchains="${1%/*}/.rustup"
    [ "$1" != /usr/local/cargo ] || toolchains=/usr/local/rustup
    if [ -d "$toolchains" ]; then export RUSTUP_HOME="${RUSTUP_HOME:-$toolchains}"; fi
    if [ -w "$1" ]; then export CARGO_HOME="${CARGO_HOME:-$1}"; fi
}

install_toolchain() {
    have rustup || return 1
    say "installing the Rust toolchain $1"
    rustup toolchain install "$1" --profile minimal --component clippy --component rustfmt >/dev/null 2>&1 && cargo --version >/dev/null 2>&1
}

# need_compiler: what the bundled C and C++ sources (SQLite, ring, libFuzzer) are built with.
need_compiler() { need_packages "build-essential=command -v cc && command -v c++ && command -v make"; }

# need_sdks FOLDER: the real SDKs, at exact versions, into FOLDER/sdk-venv and FOLDER/sdk-node.
need_sdks() {
    local folder=$1 sdk=tests/sdk python
    need_packages "python3=python3" "python3-venv=python3 -c 'import venv, ensurepip'" "nodejs=node" "npm=npm"
    # a python3 that a version manager put in front may refuse in a new HOME; Debian's own does not
    python=python3
    "$python" -c 'import venv, ensurepip' 2>/dev/null || python=/usr/bin/python3
    if ! cmp -s "$sdk/requirements.txt" "$folder/sdk-venv/installed.txt"; then
        say "installing the Python SDKs into ${folder#"$PWD"/}/sdk-venv"
        rm -rf "$folder/sdk-venv"
        "$python" -m venv "$folder/sdk-venv"
        "$folder/sdk-venv/bin/pip" install -q --disable-pip-version-check -r "$sdk/requirements.txt"
        cp "$sdk/requirements.txt" "$folder/sdk-venv/installed.txt"
    fi
    if ! cmp -s "$sdk/package.json" "$folder/sdk-node/installed.json"; then
        say "installing the Node SDK into ${folder#"$PWD"/}/sdk-node"
        rm -rf "$folder/sdk-node"
        mkdir -p "$folder/sdk-node"
        cp "$sdk/package.json" "$folder/sdk-node/package.json"
        # npm brings roots of its own; a machine's own roots count too
        NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" \
            npm install --prefix "$folder/sdk-node" --no-package-lock --no-audit --no-fund --loglevel=error >/dev/null
        cp "$sdk/package.json" "$folder/sdk-node/installed.json"
    fi
    export TOLLGATE_SDK_PYTHON="$folder/sdk-venv/bin/python"
    export TOLLGATE_SDK_NODE_MODULES="$folder/sdk-node/node_modules"
}

# target_folder: where everything is built; a caller's own CARGO_TARGET_DIR is kept.
target_folder() {
    export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$PWD/target}"
    case $CARGO_TARGET_DIR in
        /*) ;;
        *) CARGO_TARGET_DIR="$PWD/$CARGO_TARGET_DIR" ;;
    esac
    mkdir -p "$CARGO_TARGET_DIR"
}

# build_gate: the binary that the demo and the end-to-end tests drive; its path is in TOLLGATE_BIN.
build_gate() {
    say "building tollgate (the first time takes some minutes)"
    cargo build --quiet --locked --profile quick --package tollgate
    export TOLLGATE_BIN="$CARGO_TARGET_DIR/quick/tollgate"
}
