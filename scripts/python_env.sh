#!/usr/bin/env bash
# Prints the Python of an environment that has the packages of a requirements file, which it makes where it is missing or
# out of date: scripts/python_env.sh FOLDER REQUIREMENTS
set -euo pipefail

folder=$1 requirements=$2
python=${PYTHON:-python3}
stamp="$folder/requirements.txt"
if ! cmp -s "$requirements" "$stamp"; then
    rm -rf "$folder"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    if ! "$python" -m venv "$folder" >"$log" 2>&1; then
        tail -n 3 "$log" >&2
        echo "$python cannot make an environment in $folder: install python3-venv" >&2
        exit 1
    fi
    if ! "$folder/bin/pip" install --quiet --disable-pip-version-check --retries 3 -r "$requirements" >"$log" 2>&1; then
        tail -n 3 "$log" >&2
        rm -rf "$folder"
        echo "pip could not install the packages of $requirements: is the package index reachable?" >&2
        exit 1
    fi
    cp "$requirements" "$stamp"
fi
echo "$folder/bin/python"
