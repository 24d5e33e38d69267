#!/usr/bin/env bash
# Installs into an empty folder, builds the example against it with pkg-config, runs it: example.sh BUILD SOURCE CC
set -euo pipefail
build=$1 source=$2 cc=$3
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

cmake --install "$build" --prefix "$prefix" >"$prefix/log" || { cat "$prefix/log"; exit 1; }
cd "$prefix"
library=$(dirname "$(find . -name libsynapsnet.so)")
for file in bin/synapsnet include/synapsnet/synapsnet.h share/man/man1/synapsnet.1 share/man/man1/synapsnet-fit.1 \
    share/bash-completion/completions/synapsnet share/zsh/site-functions/_synapsnet \
    share/fish/vendor_completions.d/synapsnet.fish "$library/pkgconfig/synapsnet.pc"; do
    [ -s "$file" ] || { echo "not installed: $file"; exit 1; }
done
[ "$(find include -type f | wc -l)" -eq 1 ] || { echo "more than the public header is installed"; exit 1; }

export PKG_CONFIG_PATH=$prefix/$library/pkgconfig LD_LIBRARY_PATH=$prefix/$library
# shellcheck disable=SC2046,SC2086
"$cc" -std=c17 -Wall -Wextra -Wpedantic -Werror ${CFLAGS-} "$source/examples/fit_and_forecast.c" -o example \
    $(pkg-config --cflags --libs synapsnet)

# The header serves C++ as well, where there is a compiler for it.
for cxx in c++ clang++; do
    command -v "$cxx" >/dev/null || continue
    # shellcheck disable=SC2046
    "$cxx" -Wall -Wextra -Werror -fsyntax-only -x c++ $(pkg-config --cflags synapsnet) include/synapsnet/synapsnet.h
    break
done

# The program finds its library without LD_LIBRARY_PATH.
env -u LD_LIBRARY_PATH bin/synapsnet simulate rates --neurons 8 --frames 900 -o sim.h5 --quiet
./example sim.h5 forecast.h5 >out
cat out
grep -q 'mse' out
[ -s forecast.h5 ]
