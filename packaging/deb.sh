#!/usr/bin/env bash
# Makes the Debian package and prints where it is. Needs a Rust toolchain; cargo-deb comes by pinned version into target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo_deb_version=3.8.0
export CARGO_TARGET_DIR=target
tools=$PWD/target/tools

# does nothing if that version is there
cargo install --locked --quiet --version "$cargo_deb_version" --root "$tools" cargo-deb
cargo build --quiet --release --locked

rm -rf target/package
packaging/generated.sh target/release/ensc target/package

PATH=$tools/bin:$PATH cargo deb --quiet --locked --no-build --output target/debian/
