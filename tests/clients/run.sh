#!/usr/bin/env bash
# Runs the suites with real clients. usage: run.sh [node|python|litellm] [words of a test's name]
# ENSC names a ready binary; otherwise the debug build is used.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
case "${1:-}" in
node | python | litellm) suites=("$1") && shift ;;
*) suites=(node python litellm) ;;
esac

"$here/setup.sh"
if [ -z "${ENSC:-}" ]; then
    cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --bin ensc
    ENSC=${CARGO_TARGET_DIR:-$root/target}/debug/ensc
fi
export ENSC
unset PYTHONDONTWRITEBYTECODE # LiteLLM starts twice as fast with its byte code kept

run_node() {
    local words="$*"
    # its files mostly wait, so all at once
    (cd "$here/node" && node --test --test-concurrency=8 --test-reporter=spec ${words:+--test-name-pattern="$words"})
}

run_python() {
    PYTHONPATH=$here/kit:$here/both "$root/.clients/venv/bin/python" "$here/$1/run.py" "${@:2}"
}

for suite in "${suites[@]}"; do
    case $suite in
    node) run_node "$@" ;;
    *) run_python "$suite" "$@" ;;
    esac
done
