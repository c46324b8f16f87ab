#!/usr/bin/env bash
# Makes a program that needs nothing of the machine but its kernel, no C library either, and prints where it is.
# Needs rustup and musl-gcc; root gets the latter by apt-get.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(uname -m)-unknown-linux-musl
export CARGO_TARGET_DIR=target

if ! command -v musl-gcc >/dev/null; then
    [ "$(id -u)" = 0 ] || { echo 'static: musl-gcc is missing; install musl-tools' >&2 && exit 1; }
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends musl-tools >/dev/null
fi
rustup --quiet target add "$target"
# for the little C in two libraries
export "CC_${target//-/_}=musl-gcc"
cargo build --quiet --release --locked --target "$target"

program=target/$target/release/ensc
headers=$(readelf --program-headers "$program")
if [[ $headers == *INTERP* ]]; then
    echo "static: $program wants a loader, so it is not static" >&2
    exit 1
fi
"$program" --version >/dev/null
echo "$program"
