#!/usr/bin/env bash
# Runs every check and every test, the real SDKs included. What is missing on the machine is installed first.
# Ends with one line: "N passed, N failed".
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/prepare.sh

need_compiler
need_rust
need_packages "php-cli=php" "valgrind=valgrind" "strace=strace" "postgresql=ls /usr/lib/postgresql/*/bin/initdb" "redis-server=redis-server"
target_folder
need_sdks "$CARGO_TARGET_DIR"
build_gate
# here nothing may be skipped silently: a test that misses its tool fails
export TOLLGATE_NEED_PHP=1 TOLLGATE_NEED_SDKS=1
exec cargo run --quiet --locked --package xtask -- ci
