#!/usr/bin/env bash
# Makes the Debian package and shows that it installs, works and goes away again: scripts/deb.sh FOLDER [--bare]
#
# It is installed into an empty root, for which the packages of this machine count as installed. With --bare (as root) that
# root is a minimal Debian 12 made by debootstrap, where apt brings what the package depends on; it takes some minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh deb
out=$(mkdir -p "${1:-dist}" && cd "${1:-dist}" && pwd)
work=$(mktemp -d)
root=$work/root
trap 'rm -rf "$work"' EXIT

# Runs a command and shows what it says only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 && return
    tail -n 40 "$work/log" >&2
    echo "failed: $*" >&2
    exit 1
}

quietly cmake --preset deb
quietly cmake --build --preset deb
(cd build/deb && quietly cpack -B "$work/made")
package=$(ls "$work"/made/*.deb)
quietly lintian --fail-on error,warning --allow-root "$package"

# Two kinds of root, with one set of words: prepare, install, remove, and `here COMMAND...` in its /tmp.
if [ "${2:-}" = --bare ]; then
    here() { chroot "$root" env -C /tmp "$@"; }
    prepare() {
        debootstrap --variant=minbase bookworm "$root"
        cp "$package" "$root/tmp/package.deb"
        here apt-get install -y --no-install-recommends ./package.deb # and what it depends on, which then stays
        remove
    }
    install() { here dpkg --install package.deb; }
    remove() { here dpkg --purge synapsnet; }
else
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(fakeroot)
    here() { (cd "$root/tmp" && PATH="$root/usr/bin:$PATH" LD_LIBRARY_PATH=$(echo "$root"/usr/lib/*-linux-gnu) "$@"); }
    prepare() {
        mkdir -p "$root/tmp" "$root"/var/lib/dpkg/{info,updates,triggers} "$work/bin"
        cp /var/lib/dpkg/status "$root/var/lib/dpkg"
        ln -s /bin/true "$work/bin/ldconfig" # this machine's cache has nothing to do with that root
    }
    in_root() { PATH="$work/bin:$PATH" "${as_root[@]}" dpkg --root="$root" --force-script-chrootless "$@"; }
    install() { in_root --install "$package"; }
    remove() { in_root --purge synapsnet; }
fi

# All files of the root but the notes of the package manager and what the commands below write.
files() {
    (cd "$root" && find . \( -path ./var/lib -o -path ./var/cache -o -path ./var/log -o -path ./tmp \) -prune -o -print | sort)
}

quietly prepare
files >"$work/before"
quietly install
files >"$work/installed"
here synapsnet --version
quietly here synapsnet simulate rates --neurons 8 --frames 900 -o sim.h5
quietly here synapsnet fit sim.h5 --epochs 2 --connectivity dense -o model.h5
quietly here synapsnet connectivity model.h5 -o connectivity.csv
[ -s "$root/tmp/connectivity.csv" ]
quietly remove
files >"$work/after"
echo "$(comm -13 "$work/before" "$work/installed" | wc -l) files and folders came with the package"
if ! diff "$work/before" "$work/after"; then
    echo "the package leaves files behind (>) or takes others along (<)" >&2
    exit 1
fi

rm -f "$out"/synapsnet_*.deb
cp "$package" "$out"
ls -1sh "$out"/synapsnet_*.deb
