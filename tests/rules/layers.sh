#!/usr/bin/env bash
# Whether every #include obeys ARCHITECTURE.md: a folder of src/ uses itself and folders that come before it in the data
# flow; the program, the benchmarks' users' side and the examples use the public header alone.
set -euo pipefail
cd "$1"

# A folder and those it may use, beside itself.
declare -A may_use=(
    [base]=""
    [recording]="base"
    [simulation]="base recording"
    [dataset]="base recording"
    [kernels]="base"
    [model]="base recording dataset kernels"
    [training]="base recording dataset kernels model"
    [rivals]="base recording dataset kernels model"
    [analysis]="base recording dataset kernels model training rivals"
    [report]="base recording dataset kernels model analysis"
)
broken=0
complain() {
    echo "$1"
    broken=1
}

for folder in src/*/; do
    folder=$(basename "$folder")
    [ -n "${may_use[$folder]+known}" ] || complain "src/$folder: not in ARCHITECTURE.md's list of folders"
    while IFS=: read -r file used; do
        [ "$used" = synapsnet ] || [ "$used" = "$folder" ] && continue
        [[ " ${may_use[$folder]-} " == *" $used "* ]] || complain "$file: src/$folder must not include from src/$used"
    done < <(grep -rHoE '^ *# *include "[a-z_]+/' "src/$folder" --include='*.[ch]' | sed -E 's/: *# *include "/:/; s,/$,,')
done

while IFS= read -r line; do
    complain "$line: only the public header and cli/'s own headers may be used here"
done < <(grep -rHE '^ *# *include "' cli --include='*.[ch]' | grep -vE '"(synapsnet/synapsnet|[a-z_]+)\.h"' || true)
while IFS= read -r line; do
    complain "$line: an example uses the installed public header"
done < <(grep -rHE '^ *# *include ("|<synapsnet/)' examples --include='*.c' | grep -vE '<synapsnet/synapsnet\.h>' || true)

exit "$broken"
