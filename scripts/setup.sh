#!/usr/bin/env bash
# Makes sure that what a step needs is installed: scripts/setup.sh build|test|format|tidy|bench|wheel|deb|docs
#
# On Debian and Ubuntu it installs what is missing where it may (root, or sudo without a password); otherwise it prints
# the one line to run and stops. On other systems it does nothing: CMake says what it does not find.
set -euo pipefail

build=(gcc libc6-dev make cmake ninja-build pkg-config libhdf5-dev libmatio-dev zlib1g-dev libopenblas-dev libzip-dev
       libjansson-dev libcairo2-dev libinih-dev libxxhash-dev librandom123-dev libcmocka-dev)
case "${1:-}" in
build) wanted=("${build[@]}") ;;
test) wanted=("${build[@]}" clang clang-format libomp-dev libclang-rt-14-dev python3 python3-venv chromium zsh fish) ;;
format) wanted=(clang-format) ;;
tidy) wanted=("${build[@]}" clang-tidy) ;;
bench) wanted=("${build[@]}") ;;
wheel) wanted=("${build[@]}" python3 python3-venv) ;;
deb) wanted=("${build[@]}" dpkg-dev fakeroot file gzip lintian) ;;
docs) wanted=("${build[@]}" python3 python3-venv doxygen) ;;
*)
    echo "usage: scripts/setup.sh build|test|format|tidy|bench|wheel|deb|docs" >&2
    exit 2
    ;;
esac

command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || exit 0

missing=()
for package in "${wanted[@]}"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" -eq 0 ]; then
    as_root=()
elif sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
else
    echo "Packages are missing. Please run this, then the same command again:" >&2
    echo "sudo apt-get install -y ${missing[*]}" >&2
    exit 1
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install_missing() { "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}" >"$log" 2>&1; }
# A fresh system may have no package lists yet, or old ones.
if ! install_missing; then
    "${as_root[@]}" apt-get update -qq >"$log" 2>&1 || true
    if ! install_missing; then
        tail -n 5 "$log" >&2
        echo "apt-get could not install: ${missing[*]}" >&2
        exit 1
    fi
fi
