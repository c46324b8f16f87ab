#!/usr/bin/env bash
# Is the daemon well? It serves, the key is right, and LiteLLM answers it: exit 0. Otherwise a sentence on standard error, and 1.
#   OPTILLM_API_KEY  the key that callers show; unset, it is looked up in ENSC_ENV_FILE (/etc/optillm-proxy/env)
#   ENSC_URL         where the daemon is (http://127.0.0.1:4020)
#   ENSC_WAIT        how many seconds it may take to become well (0)
set -euo pipefail

url=${ENSC_URL:-http://127.0.0.1:4020}
env_file=${ENSC_ENV_FILE:-/etc/optillm-proxy/env}
key=${OPTILLM_API_KEY:-}
if [ -z "$key" ] && [ -r "$env_file" ]; then
    key=$(sed -n 's/^OPTILLM_API_KEY=//p' "$env_file" | tail -n 1 | sed "s/^\"\(.*\)\"\$/\1/; s/^'\(.*\)'\$/\1/")
fi

# Sets `status` and `body`. The key goes in by standard input: a command line can be read by everybody on the host.
ask() {
    local answer
    answer=$(
        { [ -z "$key" ] || printf 'Authorization: Bearer %s\n' "$key"; } |
            curl --silent --noproxy '*' --max-time 5 --header @- --write-out '\n%{http_code}' "$url$1"
    ) || { status=none && return; }
    status=${answer##*$'\n'}
    body=${answer%$'\n'*}
}

# Sets `problem` to what is wrong first, or to nothing.
look() {
    problem=''
    ask /health
    case $status in
    200) ;;
    none) problem="nothing answers on $url; see 'systemctl status optillm-proxy.service'" && return ;;
    *) problem="$url/health answers $status; is it the daemon?" && return ;;
    esac
    case $body in *'"stale":true'*) stale=yes ;; *) stale=no ;; esac
    ask /v1/models
    case $status in
    200) handles=$(grep -o '"object":"model"' <<<"$body" | wc -l) ;;
    401) problem='the daemon does not take this key; is OPTILLM_API_KEY that of its environment file?' && return ;;
    *) problem="$url/v1/models answers $status" && return ;;
    esac
    [ "$handles" -gt 0 ] || { problem="$url/v1/models lists no handle" && return; }
    ask /health/ready
    [ "$status" = 200 ] || problem='the daemon serves, but LiteLLM does not answer it'
}

look
while [ -n "$problem" ] && [ "$SECONDS" -lt "${ENSC_WAIT:-0}" ]; do
    sleep 1
    look
done
if [ -n "$problem" ]; then
    echo "optillm-proxy: $problem" >&2
    exit 1
fi
if [ "$stale" = yes ]; then
    echo "optillm-proxy: its files have a mistake, and the last good ones are served; 'ensc check' shows it" >&2
fi
echo "optillm-proxy: well, handles: $((handles))"
