# Help, version, manual pages and docs/options.md: all from one table, and current.
# shellcheck shell=bash
run 0 synapsnet help --commands
no_err
commands=$(cat out)
[ "$(wc -w <<<"$commands")" -ge 11 ] || fail "commands are missing"

run 0 synapsnet help
no_err
for command in $commands; do out "^  $command +[A-Z]"; done
cp out overview
run 0 synapsnet --help
cmp -s out overview || fail "--help differs from help"

for command in $commands; do
    run 0 synapsnet help "$command"
    cp out by_help
    run 0 synapsnet "$command" --help
    no_err
    cmp -s out by_help || fail "help $command differs from $command --help"
    out "^Usage: synapsnet $command "
    out '^Example:'
    out "^  synapsnet $command "
    [ "$(wc -L <out)" -le 80 ] || fail "a line is longer than 80 columns"
done
run 0 synapsnet fit --help
out '^  --hidden N +Hidden units H of the shared decoder; auto: 16,'
out '^  -o, --output FILE'
out '^  --loss auto\|gaussian\|poisson$'

# Help comes before anything else that is wrong with the line.
run 0 synapsnet fit --hidden abc --help
out '^Usage: synapsnet fit'

run 0 synapsnet --version
out '^synapsnet [0-9]+\.[0-9]+\.[0-9]+'
out '^kernels: '

# The manual: one page for the program and one for each command; `man` reads them without a warning.
check_page() {
    no_err
    out "^\\.TH $(tr '[:lower:]' '[:upper:]' <<<"$1") 1"
    cp out "$1.1"
    command -v man >/dev/null || return 0
    run 0 man --warnings -l "./$1.1"
    no_err
}
run 0 synapsnet help --man
cp out manual
for command in $commands; do grep -q "synapsnet.*$command(1)" manual || fail "the manual does not name $command"; done
check_page synapsnet
for command in $commands; do
    run 0 synapsnet help --man "$command"
    check_page "synapsnet-$command"
done
grep -q '\\-\\-hidden' synapsnet-fit.1 || fail "the page of fit lacks --hidden"
run 2 synapsnet help --man ft

run 0 synapsnet help --markdown
cmp -s out "$SOURCE/docs/options.md" || fail "docs/options.md is not current; run: make docs"
