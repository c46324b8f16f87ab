#!/usr/bin/env bash
# Writes what of the package is made and not kept: pages of the manual, completions, both lists of changes.
# usage: packaging/generated.sh ENSC FOLDER
set -euo pipefail

ensc=$(realpath "$1")
mkdir -p "$2/man" "$2/completions"
made=$(realpath "$2")
cd "$(dirname "$0")/.."

"$ensc" man --list | while read -r page; do
    "$ensc" man "$page" >"$made/man/$page.1"
done
"$ensc" completions bash >"$made/completions/ensc.bash"
"$ensc" completions zsh >"$made/completions/_ensc"
"$ensc" completions fish >"$made/completions/ensc.fish"

cp CHANGELOG.md "$made/changelog"
# Debian's own list of changes: of the package there is no more to say than what has changed in the program
when=$(date --utc --rfc-email --date="@$(git log -1 --format=%ct)")
cat >"$made/changelog.Debian" <<CHANGES
ensc ($("$ensc" --version | cut -d ' ' -f 2)-1) unstable; urgency=medium

  * What has changed stands in changelog.gz.

 -- ensc maintainers <root@localhost>  $when
CHANGES
