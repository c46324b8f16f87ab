#!/usr/bin/env bash
# Everything that must hold before a change is in; the quickest to tell comes first.
# Needs a Rust toolchain and Python 3; what else it uses goes into target/ and .litellm/.
set -euo pipefail
cd "$(dirname "$0")/.."

step() {
    local name=$1 begun=$SECONDS
    shift
    printf '\n=== %s: %s\n' "$name" "$*"
    if ! "$@"; then
        printf '=== %s FAILED after %d s\n' "$name" $((SECONDS - begun))
        exit 1
    fi
    printf '=== %s ok, %d s\n' "$name" $((SECONDS - begun))
}

step format cargo fmt --check
step lints cargo clippy --locked --all-targets -- -D warnings
step documentation env RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps
step tests cargo test --locked
step setup tests/litellm/setup.sh
step litellm tests/litellm/run.sh
printf '\nall ok, %d s\n' "$SECONDS"
