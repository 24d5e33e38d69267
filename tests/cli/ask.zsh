# What completion for zsh makes of lines: zsh -f ask.zsh FUNCTIONS LINE... types `synapsnet LINE` into an interactive shell,
# with a tab at its end, and writes what was then called into the file `typed`. FUNCTIONS: the folder with _synapsnet.
zmodload zsh/zpty
zpty asked zsh -f -i
zpty -w asked "PS1= fpath=($1 \$fpath); autoload -Uz compinit && compinit -D -u"
zpty -w asked 'synapsnet() { print -r -- $* >>typed }; : >typed'
for line in "${@:2}"; do
    zpty -w -n asked "synapsnet $line"$'\t\n'
done
zpty -w asked ': >done'
for ((k = 0; k < 200; k++)); do
    [[ -e done ]] && exit 0
    zpty -r -t asked ignored
    sleep 0.1
done
print -u 2 "no answer in 20 s"
exit 1
