#!/usr/bin/env bash
# Runs every test. What is missing on the machine is installed first.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test --workspace --quiet
