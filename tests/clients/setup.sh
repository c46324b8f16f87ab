#!/usr/bin/env bash
# Puts what the suites need in place, by pinned versions: LiteLLM and the official client for Python into .clients/venv, the
# one for Node into node/node_modules. Does nothing when they are there.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=$(cd "$here/../.." && pwd)/.clients
uv_version=0.13.9
export UV_PYTHON_DOWNLOADS=never # the machine's own Python, or none

mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9 # two of us at once: the second waits, then finds it done

needs() {
    command -v "$1" >/dev/null || { echo "setup: \`$1\` is missing; the suites need $2" >&2 && exit 1; }
}
needs python3 "Python 3.11 or later"
needs node "Node 20 or later"
needs npm "npm"

tries() { # a registry may hiccup
    for try in 1 2 3; do
        "$@" && return
        [ "$try" -lt 3 ] || return 1
        sleep $((try * 3))
    done
}

find_uv() {
    uv=$(command -v uv || true)
    if [ -z "$uv" ] || ! "$uv" --version >/dev/null 2>&1; then
        uv=$cache/uv/bin/uv
        if [ ! -x "$uv" ]; then
            rm -rf "$cache/uv"
            python3 -m venv "$cache/uv"
            tries "$cache/uv/bin/pip" install --quiet --disable-pip-version-check "uv==$uv_version"
        fi
    fi
}

wanted="$(sha256sum <"$here/requirements.txt") $(python3 --version)"
if [ ! -x "$cache/venv/bin/litellm" ] || [ "$(cat "$cache/python" 2>/dev/null)" != "$wanted" ]; then
    find_uv
    rm -rf "$cache/venv" "$cache/python"
    "$uv" venv --quiet --python "$(command -v python3)" "$cache/venv"
    tries "$uv" pip install --quiet --python "$cache/venv/bin/python" --requirement "$here/requirements.txt"
    echo "$wanted" >"$cache/python"
fi

wanted="$(sha256sum <"$here/node/package-lock.json") $(node --version)"
if [ ! -d "$here/node/node_modules/openai" ] || [ "$(cat "$cache/node" 2>/dev/null)" != "$wanted" ]; then
    rm -f "$cache/node"
    tries npm --prefix "$here/node" ci --silent --no-audit --no-fund
    echo "$wanted" >"$cache/node"
fi
