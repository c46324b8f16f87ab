#!/usr/bin/env bash
# Runs the end-to-end tests against a real LiteLLM. usage: run.sh [words of a test's name]
# ENSC names a ready binary; otherwise the debug build is used.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
"$here/setup.sh"
if [ -z "${ENSC:-}" ]; then
    cargo build --quiet --locked --manifest-path "$root/Cargo.toml" --bin ensc
    ENSC=${CARGO_TARGET_DIR:-$root/target}/debug/ensc
fi
unset PYTHONDONTWRITEBYTECODE # LiteLLM starts twice as fast with its byte code kept
exec env ENSC="$ENSC" "$root/.litellm/venv/bin/python" "$here/run.py" "$@"
