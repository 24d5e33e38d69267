#!/usr/bin/env bash
# Runs the commands of the given documents, in a copy of the tracked files with a home folder of its own, where the program
# has been installed, so that a document cannot promise what does not work: scripts/check_documents.sh README.md
#
#   ```sh       the block is run, and must succeed
#   ```console  every line after "$ " is run, and must print what stands below it, to the letter; most show an error
#   indented    a `synapsnet` command with files of the reader is run beside a recording.h5, a new.h5 and a model.h5, and may
#               fail only because another file is not there
#
# `make test` itself is not run: it is what runs this.
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
export HOME="$work/home" PATH="$work/home/.local/bin:$PATH"

# Runs a script; what it prints is in the log.
in_tree() { (cd "$work/tree" && bash -euo pipefail -c "$1") </dev/null >"$work/log" 2>&1; }

run_block() {
    [ "$1" != $'make test\n' ] || return 0
    printf '%s' "$1" | sed 's/^/$ /'
    in_tree "$1" && return
    tail -n 20 "$work/log"
    echo "$document: these commands failed" >&2
    exit 1
}

# compare COMMAND OUTPUT: nothing to do without a command.
compare() {
    [ -n "$1" ] || return 0
    printf '$ %s\n' "$1"
    in_tree "$1" || true
    diff <(printf '%s' "$2") "$work/log" && return
    echo "$document: this command does not print what the document says (<) but something else (>)" >&2
    exit 1
}

run_shown() {
    printf '$ %s\n' "$1"
    if [ ! -d "$work/shown" ]; then
        mkdir "$work/shown"
        (cd "$work/shown" && for k in 1 2; do synapsnet simulate rates --neurons 13 --frames 600 --seed $k -o $k.h5 --quiet; done &&
            mv 1.h5 recording.h5 && mv 2.h5 new.h5 &&
            synapsnet fit recording.h5 -o model.h5 --quiet)
    fi
    (cd "$work/shown" && bash -c "$1") </dev/null >"$work/log" 2>&1 && return
    grep -q 'no such file or folder$' "$work/log" && return
    tail -n 20 "$work/log"
    echo "$document: this command fails over more than a file that is not there" >&2
    exit 1
}

check() {
    local document=$1 kind="" text="" command="" line blocks=0
    while IFS= read -r line; do
        case "$kind:$line" in
        ':```sh' | ':```console') kind=${line#'```'} text="" command="" blocks=$((blocks + 1)) ;;
        'sh:```') run_block "$text" && kind="" ;;
        'console:```') compare "$command" "$text" && kind="" ;;
        'console:$ '*)
            compare "$command" "$text"
            command=${line#'$ '} text=""
            ;;
        ':    synapsnet '*'[OPTIONS]'*) ;;
        ':    synapsnet '*) run_shown "${line#    }" && blocks=$((blocks + 1)) ;;
        sh:* | console:*) text+=$line$'\n' ;;
        esac
    done <"$document"
    [ "$blocks" -gt 0 ] || { echo "$document: no commands found" >&2; exit 1; }
}

for document in "$@"; do
    check "$document"
done
