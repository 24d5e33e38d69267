#!/usr/bin/env bash
# Speed of one training step beside the fastest PyTorch, on two threads, and beside the peak of matrix products.
#
#     bench/run.sh [BUILD]        (default build/release; `make bench` builds it first)
#
# BENCH_VENV: a Python environment to use or make (default build/bench-venv).
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
venv=${BENCH_VENV:-build/bench-venv}
threads=2
hidden=(16 32 64)

cmake --build "$build" --target bench_step >/dev/null
program=$build/bench/bench_step

# Only the processor's model says which of OpenBLAS's kernels are its fastest, and not always rightly: all are tried.
cores=(Haswell Zen)
grep -qw avx512f /proc/cpuinfo && cores+=(SkylakeX)

# A large block goes back to the system at once unless told otherwise, and PyTorch would pay for fresh pages every step.
pytorch() {
    OMP_NUM_THREADS=$threads MKL_NUM_THREADS=$threads MALLOC_MMAP_THRESHOLD_=4294967296 \
        MALLOC_TRIM_THRESHOLD_=8589934592 MALLOC_TOP_PAD_=268435456 \
        "$venv/bin/python" -W ignore bench/pytorch_step.py "$program" --threads "$threads" "$@"
}

install_pytorch() {
    [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || return 1
    "$venv/bin/python" -c 'import torch' 2>/dev/null && return 0
    echo "Installing PyTorch into $venv"
    "$venv/bin/python" -m pip install -q --only-binary :all: -r bench/requirements.txt
}

grep -m 1 'model name' /proc/cpuinfo || true
have_pytorch=yes
install_pytorch || have_pytorch=no

echo
echo "Peak of single-precision matrix products, 1024 x 1024 x 1024, $threads threads, GFLOP/s:"
peak=0
note() {
    printf '  %-32s %7.1f\n' "$1" "$2"
    peak=$(awk -v a="$peak" -v b="$2" 'BEGIN { print (a + 0 > b + 0 ? a : b) }')
}
mapfile -t own < <("$program" gemm "$threads" 1)
note "synapsnet" "${own[0]}"
note "OpenBLAS, as detected" "${own[1]}"
for core in "${cores[@]}"; do
    mapfile -t own < <(OPENBLAS_CORETYPE=$core "$program" gemm "$threads" 1)
    note "OpenBLAS, $core" "${own[1]}"
done
[ $have_pytorch = yes ] && note "PyTorch" "$(pytorch --gflops)"

echo
echo "One training step, N=250, window 64, batch 32, d=8, dense W, Gaussian loss, $threads threads:"
printf '%4s %20s %10s %14s\n' H "ns per neuron-step" GFLOP/s "share of peak"
for H in "${hidden[@]}"; do
    ns=$("$program" step 250 "$H" "$threads" 3)
    # recurrent products 18 H^2 flops a neuron-step; W x, its adjoint for dW: 2 N each
    awk -v H="$H" -v ns="$ns" -v peak="$peak" 'BEGIN {
        rate = (18 * H * H + 4 * 250) / ns
        printf "%4d %20.1f %10.1f %13.0f%%\n", H, ns, rate, 100 * rate / peak }'
done

echo
if [ $have_pytorch = yes ]; then
    pytorch --hidden "${hidden[@]}"
else
    echo "PyTorch could not be installed (see above), so there is nothing to compare with: needs python3 with venv and"
    echo "pip, and either a network or a package index with the versions of bench/requirements.txt."
fi
