#!/usr/bin/env bash
# Makes the Debian package and prints where it is. Needs a Rust toolchain; cargo-deb comes by pinned version into target/tools.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo_deb_version=3.8.0
export CARGO_TARGET_DIR=target
tools=$PWD/target/tools
made=target/package

# does nothing if that version is there
cargo install --locked --quiet --version "$cargo_deb_version" --root "$tools" cargo-deb
cargo build --quiet --release --locked
ensc=target/release/ensc

rm -rf "$made"
mkdir -p "$made/man" "$made/completions"
"$ensc" man --list | while read -r page; do
    "$ensc" man "$page" >"$made/man/$page.1"
done
"$ensc" completions bash >"$made/completions/ensc.bash"
"$ensc" completions zsh >"$made/completions/_ensc"
"$ensc" completions fish >"$made/completions/ensc.fish"

cp CHANGELOG.md "$made/changelog"
# Debian's own list of changes: of the package there is no more to say than what has changed in the program
when=$(date --utc --rfc-email --date="@$(git log -1 --format=%ct)")
cat >"$made/changelog.Debian" <<END
ensc ($("$ensc" --version | cut -d ' ' -f 2)-1) unstable; urgency=medium

  * What has changed stands in changelog.gz.

 -- ensc maintainers <root@localhost>  $when
END

PATH=$tools/bin:$PATH cargo deb --quiet --locked --no-build --output target/debian/
