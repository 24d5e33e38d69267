#!/usr/bin/env bash
# Peak memory of `synapsnet fit` on a large recording, beside the limit of 2.5 times the recording plus 64 N^2 bytes:
# of noise, whose edges are tested on activity, and of rare events through a slow decay, whose edges are tested on events.
#
#     bench/memory.sh [PROGRAM] [NEURONS] [FRAMES] [noise|events]     (default build/release/synapsnet 1000 100000, both)
#
# Not part of `make bench`: one epoch at this size takes minutes, and the recording 400 MB of disk.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-build/release/synapsnet} N=${2:-1000} T=${3:-100000}
folder=$(mktemp -d "${TMPDIR:-/tmp}/synapsnet_memory.XXXXXX")
trap 'rm -rf "$folder"' EXIT
code=0

for kind in ${4:-noise events}; do
    # time-major float32 .npy of independent AR(1) noise or events, which any reader of arrays maps without a copy
    python3 - "$folder/large.npy" "$N" "$T" "$kind" <<'PYTHON'
import array, random, struct, sys
path, N, T, kind = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }" % (T, N)
header += " " * (-(10 + len(header) + 1) % 64) + "\n"
random.seed(1)
noise = [random.gauss(0, 1) for _ in range(1 << 20)]
if kind == "events":
    noise = [max(new - 1.5, 0) for new in noise]
with open(path, "wb") as file:
    file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
    x = [0.0] * N
    for t in range(T):
        at = random.randrange(len(noise) - N)
        x = [0.8 * old + new for old, new in zip(x, noise[at : at + N])]
        array.array("f", x).tofile(file)
PYTHON

    python3 - "$program" "$folder" "$N" "$T" "$kind" <<'PYTHON' || code=1
import resource, subprocess, sys, time
program, folder, N, T, kind = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
start = time.time()
command = [program, "fit", f"{folder}/large.npy", "--rate", "10", "--epochs", "1", "--quiet", "--threads", "2"]
code = subprocess.run(command + ["-o", f"{folder}/model.h5"]).returncode
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
edges = subprocess.run([program, "connectivity", f"{folder}/model.h5", "--json", "-o", f"{folder}/edges.csv"], stdout=subprocess.PIPE).stdout
tested = "events" if b'"of":"events"' in edges.replace(b" ", b"") else "activity"
recording = 4 * N * T
limit = 2.5 * recording + 64 * N * N
print(f"{kind}, edges tested on {tested}: N={N} T={T}: recording {recording / 1e6:.0f} MB, peak {peak / 1e6:.0f} MB in {time.time() - start:.0f} s;")
print(f"{peak / recording:.2f} times the recording; limit {limit / 1e6:.0f} MB: {'kept' if peak < limit else 'EXCEEDED'}")
sys.exit(code or tested != ("events" if kind == "events" else "activity") or peak >= limit)
PYTHON
done
exit $code
