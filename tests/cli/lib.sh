#!/usr/bin/env bash
# Runs one case: tests/cli/lib.sh cases/NAME.sh, in an empty folder, with these words to write a case with.
#
#   run EXIT COMMAND...      runs it; its exit status must be EXIT; its output is in the files out and err
#   out PATTERN, err PATTERN one of its lines must match (extended regular expression)
#   no_out, no_err           it must have printed nothing there
#   one_error PATTERN        standard error must be one line that starts with "synapsnet:" and matches; no output
#   json [PATH...]           out must be exactly one JSON object; prints the value at each PATH, which must exist
#   number_between LOW X HIGH
#   fail TEXT                ends the case
set -euo pipefail

export PATH="$(dirname "$SYNAPSNET"):$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
case_file=$(realpath "$1")
cd "$work"
last=""

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    [ -z "$last" ] || printf -- '--- command: %s\n--- standard output:\n%s\n--- standard error:\n%s\n' "$last" \
        "$(head -c 4000 out)" "$(head -c 4000 err)" >&2
    exit 1
}
run() {
    local expected=$1 status=0
    shift
    last="$*"
    "$@" >out 2>err </dev/null || status=$?
    [ "$status" -eq "$expected" ] || fail "exit status $status, expected $expected"
}
out() { grep -Eq -- "$1" out || fail "no line of standard output matches: $1"; }
err() { grep -Eq -- "$1" err || fail "no line of standard error matches: $1"; }
no_out() { [ ! -s out ] || fail "standard output should be empty"; }
no_err() { [ ! -s err ] || fail "standard error should be empty"; }
one_error() {
    no_out
    [ "$(wc -l <err)" -eq 1 ] || fail "standard error should be one line"
    err '^synapsnet: '
    err "$1"
}
json() { "$JSON_CHECK" out "$@" || fail "standard output is not one JSON object with: $*"; }
number_between() {
    awk -v low="$1" -v x="$2" -v high="$3" 'BEGIN {exit !(x + 0 == x && low <= x && x <= high)}' ||
        fail "$2 is not between $1 and $3"
}

# shellcheck source=/dev/null
. "$case_file"
