#!/usr/bin/env bash
# Every shell script of the tree, by shellcheck.
set -euo pipefail
cd "$(dirname "$0")/../.."

tests/site/setup.sh
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
[ "${#scripts[@]}" -gt 5 ] || { echo "only ${#scripts[@]} scripts found" >&2 && exit 1; }
.clients/shellcheck/bin/shellcheck --external-sources "${scripts[@]}"
echo "${#scripts[@]} scripts: nothing wrong"
