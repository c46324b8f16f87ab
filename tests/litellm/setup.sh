#!/usr/bin/env bash
# Puts the pinned LiteLLM and the official OpenAI client into .litellm/venv. Does nothing when they are there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../.." && pwd)/.litellm
uv_version=0.13.9
export UV_PYTHON_DOWNLOADS=never # the machine's own Python, or none

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # two of us at once: the second waits, then finds it done

wanted="$(sha256sum <"$here/requirements.txt") $(python3 --version)"
if [ -x "$cache/venv/bin/litellm" ] && [ "$(cat "$cache/done" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

uv=$(command -v uv || true)
if [ -z "$uv" ] || ! "$uv" --version >/dev/null 2>&1; then
    uv=$cache/uv/bin/uv
    if [ ! -x "$uv" ]; then
        rm -rf "$cache/uv"
        python3 -m venv "$cache/uv"
        "$cache/uv/bin/pip" install --quiet --disable-pip-version-check "uv==$uv_version"
    fi
fi

rm -rf "$cache/venv" "$cache/done"
"$uv" venv --quiet --python "$(command -v python3)" "$cache/venv"
for try in 1 2 3; do # a registry may hiccup
    "$uv" pip install --quiet --python "$cache/venv/bin/python" --requirement "$here/requirements.txt" && break
    [ "$try" -lt 3 ] || exit 1
    sleep $((try * 3))
done
echo "$wanted" >"$cache/done"
