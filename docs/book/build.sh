#!/usr/bin/env bash
# Makes the book in target/book and prints where it begins. Needs a Rust toolchain and Python 3; mdbook comes by pinned version
# into target/tools. A warning is an error, and so is a link in the book that leads nowhere.
set -euo pipefail
cd "$(dirname "$0")/../.."

mdbook_version=0.5.4
tools=$PWD/target/tools
pages=target/pages

# Does nothing if that version is there. Without optimisation it is built in a minute instead of three, and the book in two seconds.
CARGO_PROFILE_DEV_DEBUG=0 cargo install --locked --quiet --debug --version "$mdbook_version" --root "$tools" \
    --no-default-features --features search mdbook

# Pages keep their places, so that a link between two of them holds here and in the book. Only the summary moves: it has to stand on top.
rm -rf "$pages" target/book
mkdir -p "$pages"
cp README.md ARCHITECTURE.md CHANGELOG.md "$pages"
cp -r docs grammar launchd "$pages"
sed -e 's#](#](docs/#' -e 's#](docs/\.\./#](#' docs/SUMMARY.md >"$pages/SUMMARY.md"
rm -r "$pages/docs/book" "$pages/docs/SUMMARY.md"

if ! said=$("$tools/bin/mdbook" build docs/book 2>&1) || grep -qE '^ *(WARN|ERROR)' <<<"$said"; then
    printf '%s\n' "$said"
    exit 1
fi
python3 docs/book/links.py target/book
printf '%s\n' "$PWD/target/book/index.html"
