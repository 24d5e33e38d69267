#!/usr/bin/env bash
# Whether every C file is as clang-format writes it.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files '*.c' '*.h' | xargs clang-format --dry-run -Werror
