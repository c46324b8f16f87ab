#!/usr/bin/env bash
# Restarts the daemon, and then asks whether it is well; fails if it is not within ENSC_WAIT seconds (30).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
if ! systemctl restart optillm-proxy.service; then
    echo "optillm-proxy: it did not start; see 'journalctl -u optillm-proxy.service -n 50'" >&2
    exit 1
fi
ENSC_WAIT=${ENSC_WAIT:-30} exec "$here/healthcheck.sh"
