"""Writes golden_metrics.h: small inputs and their metrics, by plain NumPy and SciPy from the formulas of docs/model.md.

    python3 tests/analysis/make_golden.py > tests/analysis/golden_metrics.h
"""

import numpy as np
from scipy.special import gammaln
from scipy.stats import pearsonr, spearmanr

rng = np.random.default_rng(1)
T, N = 24, 6
SEGMENT_STARTS = (0, 10)


def forecast_inputs():
    x = np.cumsum(rng.normal(size=(T, N)), axis=0)
    x[:, 4] = 0.75  # a truth that does not vary
    prediction = x + rng.normal(size=(T, N))
    prediction[:, 5] = 0.25  # a prediction that does not vary
    previous = np.vstack([x[:1], x[:-1]])
    previous[list(SEGMENT_STARTS)] = np.nan
    observed = (rng.random((T, N)) < 0.85).astype(np.uint8)
    observed[7] = 0  # a dropped frame
    previous[1:][observed[:-1] == 0] = np.nan
    as_float = lambda a: a.astype(np.float32)
    return as_float(x), as_float(prediction), as_float(previous), observed


def correlation(truth, prediction):
    """None where the truth does not vary, 0 where only the prediction does not."""
    if np.ptp(truth) == 0:
        return None
    return 0.0 if np.ptp(prediction) == 0 else pearsonr(truth, prediction)[0]


def mean_present(values):
    return np.mean([v for v in values if v is not None])


def forecast_metrics(x, prediction, previous, observed):
    x, prediction, previous = (a.astype(float) for a in (x, prediction, previous))
    seen = observed == 1
    paired = seen & ~np.isnan(previous)
    error = prediction - x
    neurons, frames = range(N), [t for t in range(T) if seen[t].any()]
    sst = [((x[seen[:, i], i] - x[seen[:, i], i].mean()) ** 2).sum() for i in neurons]
    copy_last = np.mean((x - previous)[paired] ** 2)
    population = np.array([x[t, seen[t]].sum() for t in frames])
    predicted_population = np.array([prediction[t, seen[t]].sum() for t in frames])
    return {
        "mse": np.mean(error[seen] ** 2),
        "mae": np.mean(np.abs(error[seen])),
        "mse_copy_last": copy_last,
        "mse_mean": np.mean(x[seen] ** 2),
        "skill": 1 - np.mean(error[paired] ** 2) / copy_last,
        "r2": np.mean([1 - (error[seen[:, i], i] ** 2).sum() / sst[i] for i in neurons if sst[i] > 0]),
        "neuron_r": mean_present([correlation(x[seen[:, i], i], prediction[seen[:, i], i]) for i in neurons]),
        "delta_r": mean_present(
            [
                correlation((x - previous)[paired[:, i], i], (prediction - previous)[paired[:, i], i])
                for i in neurons
            ]
        ),
        "population_r": correlation(population, predicted_population),
        "spatial_r": mean_present([correlation(x[t, seen[t]], prediction[t, seen[t]]) for t in frames]),
    }


def poisson_nll(counts, rate):
    return rate - counts * np.log(rate) + gammaln(counts + 1)


def count_metrics(counts, rate, train_rate, observed):
    seen = observed == 1
    counts, rate = counts.astype(float), np.maximum(rate.astype(float), 1e-9)
    gain = np.where(seen, poisson_nll(counts, train_rate[None, :]) - poisson_nll(counts, rate), 0)
    spikes = np.where(seen, counts, 0)
    per_neuron = [gain[:, i].sum() / spikes[:, i].sum() for i in range(N) if spikes[:, i].sum() > 0]
    return {
        "bits_per_spike": gain.sum() / spikes.sum() / np.log(2),
        "bits_per_spike_neuron_mean": np.mean(per_neuron) / np.log(2),
    }


def edge_metrics(C, truth):
    off = ~np.eye(len(truth), dtype=bool)
    estimate, weight = C.astype(float)[off], truth[off]
    score, edge = np.abs(estimate), weight != 0
    wins = (score[edge][:, None] > score[~edge]).mean() + 0.5 * (score[edge][:, None] == score[~edge]).mean()
    thresholds = np.unique(score)[::-1]
    precision = np.array([edge[score >= s].mean() for s in thresholds])
    recall = np.array([(score[edge] >= s).mean() for s in thresholds])
    return {
        "auroc": wins,
        "auprc": (np.diff(recall, prepend=0) * precision).sum(),
        "auprc_chance": edge.mean(),
        "pearson_w": pearsonr(weight, estimate)[0],
        "spearman_w": spearmanr(weight, estimate)[0],
    }


def edge_inputs(n):
    truth = np.where(rng.random((n, n)) < 0.3, rng.normal(size=(n, n)), 0)
    C = np.round(0.5 * truth + 0.3 * rng.normal(size=(n, n)), 1)  # rounded: ties
    return C.astype(np.float32), truth


def c_array(kind, name, values, number="{:.9g}"):
    texts = [("NAN" if np.isnan(v) else number.format(v)) for v in np.ravel(values)]
    if kind == "float":
        texts = [t if t == "NAN" else (t if "." in t or "e" in t else t + ".0") + "f" for t in texts]
    lines = [", ".join(texts[k : k + 8]) for k in range(0, len(texts), 8)]
    return f"static const {kind} {name}[] = {{\n    " + ",\n    ".join(lines) + ",\n};\n"


def c_struct(kind, name, values):
    members = "".join(f"    .{key} = {value:.17g},\n" for key, value in values.items())
    return f"static const {kind} {name} = {{\n{members}}};\n"


def main():
    x, prediction, previous, observed = forecast_inputs()
    rate = rng.gamma(1.0, 0.8, size=(T, N)).astype(np.float32)
    counts = rng.poisson(rate).astype(np.float32)
    rate[3, 2] = 0  # floored
    counts[:, 1] = 0  # a neuron without spikes
    train_rate = rng.gamma(4.0, 0.2, size=N)
    C, truth = edge_inputs(12)
    metrics = forecast_metrics(x, prediction, previous, observed)
    metrics.update(count_metrics(counts, rate, train_rate, observed))
    print("/* Written by make_golden.py. */")
    print("/* clang-format off */")
    print(f"enum {{ GOLDEN_T = {T}, GOLDEN_N = {N}, GOLDEN_EDGE_N = {len(truth)} }};")
    print(c_array("float", "golden_x", x))
    print(c_array("float", "golden_prediction", prediction))
    print(c_array("float", "golden_previous", previous))
    print(c_array("uint8_t", "golden_observed", observed))
    print(c_array("float", "golden_counts", counts))
    print(c_array("float", "golden_rate", rate))
    print(c_array("double", "golden_train_rate", train_rate, "{:.17g}"))
    print(c_struct("syn_metric_values", "golden_metrics", metrics))
    print(c_array("float", "golden_C", C))
    print(c_array("double", "golden_truth", truth, "{:.17g}"))
    print(c_struct("syn_edge_metrics", "golden_edge_metrics", edge_metrics(C, truth)))
    print("/* clang-format on */")


main()
