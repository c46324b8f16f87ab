#!/usr/bin/env bash
# Fills fuzz/corpus with what to begin with: real programs, fixtures, and the templates in them.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p fuzz/corpus/{parse,check,fmt,template}
find ensembles src/prelude tests/check tests/fmt tests/hostile -name '*.ens' | while read -r file; do
  name=${file//\//_}
  for target in parse check fmt; do cp "$file" "fuzz/corpus/$target/$name"; done
  # Every second piece between `"""` is a template.
  awk -v RS='"""' -v out="fuzz/corpus/template/$name" 'NR % 2 == 0 { file = out "." NR; printf "%s", $0 > file; close(file) }' "$file"
done
for target in parse check fmt template; do echo "$target: $(find "fuzz/corpus/$target" -type f | wc -l) files"; done
