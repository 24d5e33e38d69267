#!/usr/bin/env bash
# Whether every message that docs/troubleshooting.md quotes in a ```text block is still one of the program's: messages.sh SOURCE
# (Those in ```console blocks are compared with what is printed, by scripts/check_documents.sh.)
set -euo pipefail
cd "$1"

messages=$(awk '/^```text$/ {inside = 1; next} /^```$/ {inside = 0} inside' docs/troubleshooting.md)
[ -n "$messages" ] || { echo "no message found"; exit 1; }
# Texts that the sources break over several lines are one text to the compiler.
texts=$(cat src/*/*.c cli/*.c | tr -d '\n' | sed -E 's/" *"//g')
while IFS= read -r message; do
    grep -qF -- "$message" <<<"$texts" || { echo "docs/troubleshooting.md quotes what no source says: $message"; exit 1; }
done <<<"$messages"
