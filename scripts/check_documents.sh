#!/usr/bin/env bash
# Runs every command of the ```sh blocks of the given documents, in a copy of the tracked files with a home folder of
# its own, where the program has been installed, so that a document cannot promise what does not work:
# scripts/check_documents.sh README.md. `make test` itself is not run: it is what runs this.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/home" "$work/tree"
git ls-files -z | xargs -0 cp --parents -t "$work/tree"

echo '$ make install'
(cd "$work/tree" && make install PREFIX="$work/home/.local") >"$work/log" 2>&1 </dev/null || {
    tail -n 20 "$work/log"
    echo "make install failed" >&2
    exit 1
}
for document in "$@"; do
    commands=$(awk '/^```sh$/ {inside = 1; next} /^```$/ {inside = 0} inside' "$document")
    [ -n "$commands" ] || { echo "$document: no commands found" >&2; exit 1; }
    (
        cd "$work/tree"
        export HOME="$work/home" PATH="$work/home/.local/bin:$PATH"
        while IFS= read -r line; do
            [ "$line" != "make test" ] || continue
            printf '$ %s\n' "$line"
            if ! bash -euo pipefail -c "$line" </dev/null >"$work/log" 2>&1; then
                tail -n 20 "$work/log"
                echo "$document: this command failed: $line" >&2
                exit 1
            fi
        done <<<"$commands"
    )
done
