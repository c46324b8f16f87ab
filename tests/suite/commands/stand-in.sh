#!/usr/bin/env bash
# Stands in for what a page calls: by its own name (`sandbox.rs` links it to each of them) it does, or checks against the tree,
# what the program of that name would. It touches nothing outside of the sandbox. Exit 90: this program would not take that.
# From the sandbox: ENSC is our program, TREE the repository, ROOT what stands for `/`, RUN a folder for daemons, REAL the PATH.
# shellcheck disable=SC2153 # the sandbox sets ROOT
set -euo pipefail
name=${0##*/}
bin=$PATH
PATH=$REAL

refuse() {
    echo "$name: would not take: $*" >&2
    exit 90
}

# start PORT ARGS…: a daemon for a port of the pages; where it really listens goes into RUN/PORT.port.
start() {
    local page=$1 line="" args=()
    shift
    while [ $# -gt 0 ]; do
        case $1 in
        --port) shift ;;
        *) args+=("$1") ;;
        esac
        shift
    done
    rm -f "$RUN/$page.out"
    mkfifo "$RUN/$page.out"
    "$ENSC" serve "${args[@]}" --port 0 >"$RUN/$page.out" 2>"$RUN/$page.log" </dev/null &
    echo $! >>"$RUN/pids"
    echo $! >"$RUN/$page.pid"
    read -r line <"$RUN/$page.out" || true
    case $line in
    "listening on http://"*) echo "${line##*:}" >"$RUN/$page.port" ;;
    *)
        cat "$RUN/$page.log" >&2
        exit 1
        ;;
    esac
}

# The daemon that a page takes for granted asks for the key; LiteLLM, which has the handles as models, is one that does not.
up() {
    [ ! -e "$RUN/$1.port" ] || return 0
    case $1 in
    4020) start 4020 --upstream sim --ensembles "$TREE/ensembles" ;;
    4000) (unset OPTILLM_API_KEY && start 4000 --upstream sim --ensembles "$TREE/ensembles") ;;
    esac
}

unit() {
    case $1 in
    *.service | *.socket) [ -e "$TREE/systemd/$1" ] || refuse "no unit $1 in systemd/" ;;
    *) [ -e "$TREE/systemd/$1.service" ] || refuse "no unit $1.service in systemd/" ;;
    esac
}

case $name in
ensc)
    if [ "${1-}" = serve ]; then
        shift
        # Whoever starts it on the page has set no key.
        unset OPTILLM_API_KEY
        start 4020 "$@"
        exit
    fi
    [ "${1-}" != sim ] || refuse "sim, which never ends: nothing here starts it"
    status=0
    "$ENSC" "$@" || status=$?
    case "$*" in
    # No LiteLLM is here, and nothing is installed: that is what these must find.
    doctor* | "check --live"* | "check "*" --live") [ "$status" = 1 ] || refuse "ended with $status, not 1"; exit 0 ;;
    esac
    exit "$status"
    ;;
cargo)
    verb=${1-}
    shift
    case $verb in
    run)
        [ "${1-} ${2-}" = "--locked --" ] || refuse "$verb without --locked, or without --"
        shift 2
        PATH=$bin exec "$bin/ensc" "$@"
        ;;
    install)
        locked=false path="" root=$HOME/.cargo
        while [ $# -gt 0 ]; do
            case $1 in
            --locked) locked=true ;;
            --path) path=$2 && shift ;;
            --root) root=$2 && shift ;;
            *) refuse "install $1" ;;
            esac
            shift
        done
        [ $locked = true ] || refuse "install without --locked"
        grep -qx 'name = "ensc"' "$path/Cargo.toml" || refuse "install --path $path"
        mkdir -p "$root/bin"
        ln -sf "$bin/ensc" "$root/bin/ensc"
        ;;
    bench)
        [ "${1-} ${2-}" = "--locked --bench" ] || refuse "bench without --locked --bench NAME"
        source=$TREE/tests/bench/$3.rs
        grep -q "^name = \"$3\"" "$TREE/Cargo.toml" && [ -e "$source" ] || refuse "bench $3"
        [ "${4---}" = -- ] || refuse "bench $4"
        for flag in "${@:5}"; do
            grep -qF "\"$flag\"" "$source" || refuse "bench $3 -- $flag"
        done
        ;;
    test) [ $# = 0 ] || [ "$*" = --locked ] || refuse "test $*" ;;
    *) refuse "$verb" ;;
    esac
    ;;
curl)
    args=()
    for arg in "$@"; do
        for port in 4020 4000; do
            case $arg in
            "http://127.0.0.1:$port"*)
                up $port
                arg="http://127.0.0.1:$(cat "$RUN/$port.port")${arg#"http://127.0.0.1:$port"}"
                break
                ;;
            esac
        done
        args+=("$arg")
    done
    exec curl "${args[@]}"
    ;;
systemctl)
    case "${1-}" in
    daemon-reload) [ $# = 1 ] || refuse "$@" ;;
    enable)
        [ "${2-}" != --now ] || shift
        unit "${2-}"
        ;;
    start | stop | restart | reload | status | unmask) unit "${2-}" ;;
    *) refuse "$@" ;;
    esac
    ;;
journalctl)
    [ "${1-}" = -u ] || refuse "$@"
    unit "${2-}"
    [ $# = 2 ] || [ "${3-} ${4-}" = "-n 50" ] || refuse "$@"
    ;;
systemd-analyze) [ "$*" = security ] || [ "$*" = verify ] || refuse "$@" ;;
launchctl)
    [ "${1-} ${2-} $#" = "bootstrap system 3" ] || refuse "$@"
    grep -q optillm-proxy "$3" || refuse "no property list in $3"
    ;;
apt)
    [ "${1-} $#" = "install 2" ] && [ -e "$2" ] || refuse "$@"
    # What the package brings, as Cargo.toml says.
    grep -qF '"systemd/env.example", "usr/share/ensc/"' "$TREE/Cargo.toml"
    mkdir -p "$ROOT/usr/share/ensc"
    cp "$TREE/systemd/env.example" "$ROOT/usr/share/ensc/"
    ;;
sudo) PATH=$bin exec "$@" ;;
taskset)
    [ "${1-} ${2-}" = "-c 0" ] || refuse "$@"
    shift 2
    PATH=$bin exec "$@"
    ;;
pgrep)
    [ "$*" = "-x ensc" ] || refuse "$@"
    up 4020
    cat "$RUN/4020.pid"
    ;;
ss) [ "$*" = -ltnp ] || refuse "$@" ;;
litellm) [ "$*" = --version ] || refuse "$@" ;;
mlxctl | ovctl)
    # In a sentence, its name.
    [ "$*" != ensemble ] || exit 0
    [ "${1-} $#" = "ensemble 2" ] || refuse "$@"
    "$ENSC" explain "$2" --ensembles "$TREE/ensembles" >/dev/null
    ;;
jq)
    [ "$*" = "-r .data[].id" ] || refuse "$@"
    exec python3 -c 'import json, sys; [print(each["id"]) for each in json.load(sys.stdin)["data"]]'
    ;;
rg) exec grep -e "$1" ;;
# The platform's own, in its repository.
python3) [ "$*" = scripts/validate_handles.py ] || refuse "$@" ;;
# Of the tree: what these do is no page's matter, but there they are.
all.sh) [ -x "$TREE/tests/all.sh" ] || [ -e "$TREE/tests/all.sh" ] ;;
deb.sh)
    mkdir -p target/debian
    touch target/debian/ensc_0.1.0-1_amd64.deb
    ;;
static.sh)
    program=target/x86_64-unknown-linux-musl/release/ensc
    mkdir -p "${program%/*}"
    touch "$program"
    ;;
build.sh) [ -e "$TREE/docs/book/build.sh" ] ;;
*) refuse "it does not stand in for this" ;;
esac
