# Help, version, manual page and docs/options.md: all from one table, and current.
# shellcheck shell=bash
commands="simulate convert info fit compare evaluate forecast connectivity"

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

run 0 synapsnet help --man
out '^\.TH SYNAPSNET 1'
out '\\-\\-hidden'
if command -v man >/dev/null; then
    cp out synapsnet.1
    run 0 man --warnings -l ./synapsnet.1
    no_err
fi

run 0 synapsnet help --markdown
cmp -s out "$SOURCE/docs/options.md" || fail "docs/options.md is not current; run: make docs"
