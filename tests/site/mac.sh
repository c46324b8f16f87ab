#!/usr/bin/env bash
# Does the program compile for a Mac? All of its Rust is checked; C is not compiled and nothing is linked, for that takes Apple's
# headers. Needs rustup; the target's standard library comes with its toolchain.
set -euo pipefail
cd "$(dirname "$0")/../.."

target=aarch64-apple-darwin
rustup target add "$target"

stubs=$(mktemp -d)
trap 'rm -rf "$stubs"' EXIT
# A compiler and an archiver that write an empty file where the result belongs: build scripts are content with that.
cat >"$stubs/cc" <<'END'
#!/bin/sh
while [ $# -gt 0 ]; do
    if [ "$1" = -o ]; then : >"$2" && exit 0; fi
    shift
done
END
cat >"$stubs/ar" <<'END'
#!/bin/sh
for word in "$@"; do
    case $word in *.a) : >"$word" ;; esac
done
END
chmod +x "$stubs/cc" "$stubs/ar"

CC_aarch64_apple_darwin=$stubs/cc AR_aarch64_apple_darwin=$stubs/ar \
    cargo check --locked --lib --bins --target "$target"
