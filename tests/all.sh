#!/usr/bin/env bash
# Everything that must hold before a change is in; the quickest to tell comes first.
# Needs a Rust toolchain, Python 3 and Node; what else it uses goes into target/, .clients/ and node_modules/. If systemd-analyze
# or curl is missing, root gets it by apt-get, others are told.
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
step scripts tests/site/scripts.sh
step book docs/book/build.sh
step tests cargo test --locked
step setup tests/clients/setup.sh
step node tests/clients/run.sh node
step python tests/clients/run.sh python
step litellm tests/clients/run.sh litellm
printf '\nall ok, %d s\n' "$SECONDS"
