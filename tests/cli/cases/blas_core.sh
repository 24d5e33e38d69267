# OpenBLAS that takes the processor for one without AVX2 is put right before it is used; a value of the user stays.
# shellcheck shell=bash
run 0 env OPENBLAS_CORETYPE=Prescott synapsnet --version
out 'core type Prescott$'

# The other half needs a processor with AVX2, and a preloaded library, which the sanitizers do not allow.
grep -q '^flags.* avx2' /proc/cpuinfo && [ -n "${WRONG_CORE-}" ] || exit 0
run 0 env -u OPENBLAS_CORETYPE LD_PRELOAD="$WRONG_CORE" synapsnet --version
out 'core type (Haswell|SkylakeX)$'
run 0 env -u OPENBLAS_CORETYPE LD_PRELOAD="$WRONG_CORE" synapsnet simulate rates --neurons 5 --frames 50 -o 'a b.h5'
out 'written to a b.h5$'
run 0 env OPENBLAS_CORETYPE=Prescott LD_PRELOAD="$WRONG_CORE" synapsnet --version
out 'core type Prescott$'
run 0 env OPENBLAS_CORETYPE= LD_PRELOAD="$WRONG_CORE" synapsnet --version
