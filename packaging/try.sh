#!/usr/bin/env bash
# Tries a package in a fresh Debian that is nothing but a folder: install, change, upgrade, remove, purge.
# usage, as root: packaging/try.sh target/debian/ensc_….deb
# Needs debootstrap and Debian's archive. Nothing is started: that takes a running systemd.
set -euo pipefail

package=$1
work=$(mktemp -d)
root=$work/root
trap 'rm -rf "$work"' EXIT

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
not_enabled() { [ "$(within systemctl is-enabled "$1")" = disabled ]; }

echo "making a Debian in $root"
debootstrap --variant=minbase --include=systemd,procps bookworm "$root" >"$work/log" || { tail "$work/log" && exit 1; }
config=etc/optillm-proxy

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

echo 'OPTILLM_API_KEY=mine' >"$root/$config/env"
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

must 'it can be removed' within dpkg -r ensc
must 'the program is gone' gone usr/bin/ensc
must 'what was changed here is still kept' has '// mine' $config/ensembles/architect.ens
must 'it can be purged' within dpkg -P ensc
must 'the ensembles are gone' gone $config/ensembles/architect.ens
must 'the environment file is the operator'"'"'s, and stays' has mine $config/env
echo 'all ok'
