# Completion for bash, zsh and fish: commands, the options of a command, the choices of an option, files everywhere else.
# Each is asked in its own shell; one that is not installed is not tested, and the output says so.
# shellcheck shell=bash

for shell in bash zsh fish; do
    run 0 synapsnet help --completion $shell
    no_err
    cp out completion.$shell
done
run 2 synapsnet help --completion csh
one_error "found 'csh'; expected bash, zsh or fish"
touch rec.h5

# shellcheck source=/dev/null
. ./completion.bash

# complete_words WORDS... : what is offered for the last one
complete_words() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _synapsnet
    printf '%s\n' "${COMPREPLY[@]}"
}
offered() { complete_words "${@:2}" | grep -qx -- "$1" || fail "'${*:2}': $1 is not offered"; }
not_offered() { ! complete_words "${@:2}" | grep -qx -- "$1" || fail "'${*:2}': $1 is offered"; }

offered forecast synapsnet fo
not_offered fit synapsnet fo
offered simulate synapsnet help ""
offered --hidden synapsnet fit x.h5 --h
not_offered --hidden synapsnet forecast x.h5 --h
offered poisson synapsnet fit x.h5 --loss ""
not_offered gaussian synapsnet fit x.h5 --loss p
[ -z "$(complete_words synapsnet fit rec)" ] || fail "something but files is offered for a recording"
offered rates synapsnet simulate ""

if command -v zsh >/dev/null; then
    mkdir functions
    cp completion.zsh functions/_synapsnet
    run 0 zsh -f "$SOURCE/tests/cli/ask.zsh" functions \
        fo 'help simu' 'fit x.h5 --hid' 'forecast x.h5 --hid' 'fit x.h5 --loss poi' 'simulate cell' 'fit re'
    cat >expected <<'EOF'
forecast
help simulate
fit x.h5 --hidden
forecast x.h5 --hid
fit x.h5 --loss poisson
simulate celltypes
fit rec.h5
EOF
    cmp -s typed expected || fail "zsh completes to: $(cat typed)"
else
    echo "zsh is not installed: its completion was not tested"
fi

if command -v fish >/dev/null; then
    export HOME=$PWD
    fish_offers() { fish --no-config -c "source completion.fish; complete -C 'synapsnet $1'" | cut -f 1; }
    fish_offered() { fish_offers "$2" | grep -qx -- "$1" || fail "fish: '$2': $1 is not offered"; }
    fish_not_offered() { ! fish_offers "$2" | grep -qx -- "$1" || fail "fish: '$2': $1 is offered"; }
    fish_offered forecast "fo"
    fish_not_offered fit "fo"
    fish_offered simulate "help "
    fish_offered --hidden "fit x.h5 --h"
    fish_not_offered --hidden "forecast x.h5 --h"
    fish_offered poisson "fit x.h5 --loss "
    fish_not_offered gaussian "fit x.h5 --loss p"
    fish_offered rates "simulate "
    fish_offered rec.h5 "fit r"
    fish_not_offered rec.h5 "fit x.h5 --hidden "
else
    echo "fish is not installed: its completion was not tested"
fi
