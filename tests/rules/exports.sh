#!/usr/bin/env bash
# Whether the shared library shows what the header declares and nothing else: exports.sh LIBRARY HEADER
set -euo pipefail

shown=$(nm -D --defined-only "$1" | awk '$2 ~ /[TDBR]/ {print $3}' | sort)
declared=$(grep -oE '^SYN_API [^(]*\bsyn_[a-z0-9_]+\(' "$2" | grep -oE 'syn_[a-z0-9_]+\($' | tr -d '(' | sort)
if ! difference=$(diff <(echo "$declared") <(echo "$shown")); then
    echo "declared in the header (<) and shown by the library (>) differ:"
    grep '^[<>]' <<<"$difference"
    exit 1
fi
