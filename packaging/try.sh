#!/usr/bin/env bash
# Tries a package in a fresh Debian that is nothing but a folder: install, serve, change, upgrade, downgrade, remove, purge.
# usage, as root: packaging/try.sh target/debian/ensc_….deb
# Needs debootstrap, lintian and Debian's archive. No systemd runs there: the daemon is started with what the unit says, in a
# network of its own, where its ports are free.
set -euo pipefail

package=$1
work=$(mktemp -d)
root=$work/root
started=()
finish() {
    kill -KILL "${started[@]}" 2>/dev/null || true
    wait 2>/dev/null
    rm -rf "$work"
}
trap finish EXIT

must() { # what is said of it, then the command
    local what=$1
    shift
    if "$@" >"$work/said" 2>&1; then
        echo "ok: $what"
    else
        echo "FAILED: $what: $*" >&2
        cat "$work/said" >&2
        exit 1
    fi
}
within() { chroot "$root" "$@"; }
gone() { ! [ -e "$root/$1" ]; }
has() { grep -q "$1" "$root/$2"; }
lacks() { ! has "$@"; }
alone() { nsenter --net="/proc/$network/ns/net" "$@"; }
serving() { alone chroot "$root" env ENSC_WAIT=60 /usr/share/ensc/ops/healthcheck.sh; }
ends_well() { kill -TERM "$1" && wait "$1"; }
no_complaint() { lintian --allow-root --fail-on error,warning --suppress-tags "$1" "$package"; }
not_enabled() { [ "$(within systemctl is-enabled "$1")" = disabled ]; }

echo "making a Debian in $root"
debootstrap --variant=minbase --include=systemd,procps,curl bookworm "$root" >"$work/log" || { tail "$work/log" && exit 1; }
config=etc/optillm-proxy

# There is no address to write to, and no upload to Debian.
must 'lintian has nothing against it' no_complaint \
    bogus-mail-host,bogus-mail-host-in-debian-changelog,root-in-contact,initial-upload-closes-no-bugs

cp "$package" "$root/one.deb"
must 'it installs' within dpkg -i /one.deb
must 'the program runs' within ensc --version
must 'its ensembles are right' within ensc check /$config/ensembles
must 'their tests pass' within ensc test /$config/ensembles
must 'systemd has nothing against the unit' within systemd-analyze verify /lib/systemd/system/optillm-proxy.service
for unit in service socket; do must "the $unit is there, and not enabled" not_enabled "optillm-proxy.$unit"; done
must 'there is no environment file' gone $config/env
must 'an example of one is there' [ -s "$root/usr/share/ensc/env.example" ]
must 'the health check is there' [ -x "$root/usr/share/ensc/ops/healthcheck.sh" ]
for page in ensc ensc-serve; do must "the page $page(1) is there" [ -s "$root/usr/share/man/man1/$page.1.gz" ]; done
must 'bash finds completions' within bash -n /usr/share/bash-completion/completions/ensc

printf '%s\n' OPENAI_API_KEY=theirs OPTILLM_API_KEY=mine >"$root/$config/env"

unshare --net sleep infinity &
network=$!
started+=("$network")
while [ /proc/self/ns/net -ef "/proc/$network/ns/net" ]; do :; done
alone ip link set lo up
# not through a function: what is started must have the id that is killed in the end
nsenter --net="/proc/$network/ns/net" chroot "$root" ensc sim --port 4000 >"$work/sim" 2>&1 &
started+=($!)
start=$(sed -n 's/^ExecStart=//p' "$root/lib/systemd/system/optillm-proxy.service")
(
    set -a
    # shellcheck disable=SC1090,SC1091 # written above
    . "$root/$config/env"
    # shellcheck disable=SC2086 # words, as systemd splits them
    exec nsenter --net="/proc/$network/ns/net" chroot "$root" $start
) >"$work/daemon" 2>&1 &
daemon=$!
started+=("$daemon")
must 'the daemon starts as the unit says, and is well' serving
grep '^optillm-proxy: well' "$work/said"
must 'an ensemble answers' alone chroot "$root" curl -fsS http://127.0.0.1:4020/v1/chat/completions \
    -H 'Authorization: Bearer mine' -H 'Content-Type: application/json' \
    -d '{"model":"opt-architect-high-xl","messages":[{"role":"user","content":"Design a rate limiter."}]}'
cp "$work/said" "$work/answer"
must '… by calls to the upstream' grep '"calls":4' "$work/answer"
must 'SIGTERM ends it, with exit 0' ends_well "$daemon"

echo '// mine' >>"$root/$config/ensembles/architect.ens"

dpkg-deb -R "$root/one.deb" "$work/two"
sed -i 's/^Version: .*/&+two/' "$work/two/DEBIAN/control"
for name in architect chat; do echo '// theirs' >>"$work/two/$config/ensembles/$name.ens"; done
dpkg-deb --root-owner-group -b "$work/two" "$root/two.deb" >/dev/null
must 'a newer one installs' within dpkg -i --force-confdef --force-confold /two.deb
must 'what was changed here is kept' has '// mine' $config/ensembles/architect.ens
must '… and not overwritten' lacks '// theirs' $config/ensembles/architect.ens
must 'what was not changed is new' has '// theirs' $config/ensembles/chat.ens
must 'the environment file is kept' has mine $config/env

must 'the older one installs again' within dpkg -i --force-confdef --force-confold /one.deb
must 'what was changed here is kept' has '// mine' $config/ensembles/architect.ens
must 'what was not changed is old' lacks '// theirs' $config/ensembles/chat.ens
must 'what is there is right' within ensc check /$config/ensembles

must 'it can be removed' within dpkg -r ensc
must 'the program is gone' gone usr/bin/ensc
must 'what was changed here is still kept' has '// mine' $config/ensembles/architect.ens
must 'it can be purged' within dpkg -P ensc
must 'the ensembles are gone' gone $config/ensembles/architect.ens
must 'the environment file is the operator'"'"'s, and stays' has mine $config/env
echo 'all ok'
