# Completion for bash: commands, the options of a command, the choices of an option, files everywhere else.
# shellcheck shell=bash
run 0 synapsnet help --completion
no_err
cp out completion.bash
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
