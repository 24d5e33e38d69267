#!/usr/bin/env bash
# `synapsnet compare` as one table of Markdown: a row for every model, the best first.
#
#     bench/compare.sh PROGRAM RECORDING... [OPTIONS of compare]
#     bench/compare.sh --from FILE.json                   (what `compare --json` printed before)
#
# ahead, behind: SynapsNet differs from the model by more than chance (95 % interval); =: it does not.
set -euo pipefail
if [ "${1:-}" = --from ]; then
    json=$(cat "$2")
else
    program=$1
    shift
    json=$("$program" compare "$@" --json --quiet)
fi
python3 -c '
import json, sys
result = json.load(sys.stdin)
metric = result["ranked_by"]
interval = "mse_diff_ci95" if metric == "mse" else "bits_per_spike_diff_ci95"
sign = 1 if metric == "mse" else -1
def verdict(row):
    if interval not in row: return ""
    low, high = row[interval] or (0, 0)
    low, high = (low, high) if sign > 0 else (-high, -low)
    return "ahead" if low > 0 else "behind" if high < 0 else "="
rows = [("**SynapsNet**", result["synapsnet"])] + list(result["rivals"].items())
rows.sort(key=lambda row: sign * row[1].get(metric, sign * float("inf")))
for r in result["recordings"]:
    print("%s: %d neurons, %d frames, %d of them test targets" % (r["name"], r["neurons"], r["frames"], r["test_frames"]))
print("\n| model | %s | less SynapsNet, 95 %% | SynapsNet is | chosen |\n|---|---|---|---|---|" % metric)
for name, row in rows:
    difference = "%.4f to %.4f" % tuple(row[interval]) if row.get(interval) else ""
    chosen = row["chosen"] if isinstance(row["chosen"], dict) else {}
    texts = ["%s %s" % (key, "%.4g" % value if isinstance(value, float) else value) for key, value in chosen.items()
             if value is not False]
    print("| %s | %.4f | %s | %s | %s |" % (name, row.get(metric, float("nan")), difference, verdict(row), ", ".join(texts)))
' <<<"$json"
