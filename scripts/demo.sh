#!/usr/bin/env bash
# Builds Tollgate and plays the defence matrix on a sandbox: `tollgate demo`. Arguments are passed on (`--once`).
# What is missing on the machine is installed first.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/prepare.sh

need_compiler
need_rust
target_folder
build_gate >&2
exec "$TOLLGATE_BIN" demo "$@"
