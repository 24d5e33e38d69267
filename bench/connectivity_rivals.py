"""Connectivity as other methods find it: each takes activity x [T][N] and gives scores [N][N], row = receiver, column = sender.

correlation   Pearson in the same frame
lag-1         Pearson of the receiver one frame after the sender
ridge VAR     x[t+1] on x[t], the ridge by the last fifth of the frames
VAR, new      the same of what is new: activity less its own regression on its last four frames, senders two frames back; summed
TE            transfer entropy of pairs, in bits: three bins by quantile of what is new (counts: 0, 1, more), one frame back
GTE           the same with the sender's same frame too (Stetter et al., PLoS Comput Biol 8, e1002653, 2012), for slow frames
GLM           Poisson regression of counts on all neurons' last two frames, log link, ridge by the last fifth; fluorescence
              has no counts: Gaussian regression of what is new on three frames of it; coefficients summed
"""
import numpy as np


def zscore(x):
    return (x - x.mean(0)) / np.maximum(x.std(0), 1e-12)


def correlation(x, counts):
    return np.corrcoef(x.T)


def lag_one(x, counts):
    z = zscore(x)
    return z[1:].T @ z[:-1] / (len(x) - 1)


def lagged(x, lags):
    return np.hstack([x[lags - 1 - k:len(x) - 1 - k] for k in range(lags)]), x[lags:]


def ridge(X, Y):
    """Coefficients [features][N] at the strength with the least error over the last fifth, refitted on all."""
    fit = int(0.8 * len(X))
    values, vectors = np.linalg.eigh(X[:fit].T @ X[:fit])
    rotated, held = vectors.T @ (X[:fit].T @ Y[:fit]), X[fit:] @ vectors
    strengths = 10.0 ** np.arange(0, 5, 0.5)
    error = [((Y[fit:] - held @ (rotated / (values[:, None] + s))) ** 2).sum() for s in strengths]
    best = strengths[int(np.argmin(error))]
    inverse = np.linalg.inv(X.T @ X + best * np.eye(X.shape[1]))
    return inverse @ (X.T @ Y), inverse


def summed(B, lags):
    return B.reshape(lags, -1, B.shape[1]).sum(0).T


def ridge_var(x, counts):
    return ridge(*lagged(zscore(x), 1))[0].T


def new(x, order=4):
    """What a neuron's last frames do not predict of it."""
    e = np.empty((len(x) - order, x.shape[1]))
    for i in range(x.shape[1]):
        past = np.column_stack([x[order - 1 - k:len(x) - 1 - k, i] for k in range(order)] + [np.ones(len(e))])
        e[:, i] = x[order:, i] - past @ np.linalg.lstsq(past, x[order:, i], rcond=None)[0]
    return e


def var_of_new(x, counts):
    return summed(ridge(*lagged(zscore(new(x)), 2))[0], 2)


def bins(x, counts):
    """States 0, 1, 2 of every entry."""
    if counts:
        return np.minimum(x, 2).astype(int)
    e = new(x)
    low, high = np.quantile(e, [0.5, 0.9], axis=0)
    return (e > low).astype(int) + (e > high)


def entropy(counts, axis):
    """Of joint counts over an axis pair, in bits, times the number of samples."""
    total = counts.sum(axis)
    with np.errstate(divide="ignore", invalid="ignore"):
        inner = np.where(counts > 0, counts * np.log2(counts), 0).sum(axis)
        return np.where(total > 0, total * np.log2(total), 0) - inner


def transfer_entropy(x, counts, same_frame=False):
    s = bins(x, counts)
    T, N = s.shape
    now, last = s[1:], s[:-1]
    own = now * 3 + last  # state of the receiver in both frames
    sender = last if not same_frame else last * 3 + now
    states = 9 if same_frame else 3
    one_hot = [(sender == k).astype(np.float32) for k in range(states)]
    joint = np.empty((3, 3, states, N, N))  # receiver now, receiver last, sender
    for a in range(9):
        mine = (own == a).astype(np.float32)
        for k in range(states):
            joint[a // 3, a % 3, k] = mine.T @ one_hot[k]
    without = entropy(joint.sum(2), 0).sum(0)
    return (without - entropy(joint, 0).sum((0, 1))) / (T - 1)


def generalised_te(x, counts):
    return transfer_entropy(x, counts, True)


def poisson_glm(x, lags=2, steps=100):
    X, Y = lagged(x, lags)
    X = (X - X.mean(0)) / np.maximum(X.std(0), 1e-12)
    fit = int(0.8 * len(X))

    def log_rate(X, Y, B):
        """With the best constant for each neuron."""
        eta = X @ B
        most = eta.max(0)
        return eta - most - np.log(np.exp(eta - most).mean(0)) + np.log(np.maximum(Y.mean(0), 1e-6))

    def loss(X, Y, B):
        eta = log_rate(X, Y, B)
        return (np.exp(eta) - Y * eta).sum(0), eta

    def solve(X, Y, strength):
        """Newton steps with the curvature at the mean rate, halved for a neuron as long as they do not help it."""
        inverse = np.linalg.inv(X.T @ X + strength * np.eye(X.shape[1]))
        mean = np.maximum(Y.mean(0), 1e-6)
        B, step = np.zeros((X.shape[1], Y.shape[1])), np.ones(Y.shape[1])
        least, eta = loss(X, Y, B)
        slope = X.T @ (Y - np.exp(eta))
        for _ in range(steps):
            trial = B + step * (inverse @ (slope - strength * B * mean)) / mean
            value, eta = loss(X, Y, trial)
            value += strength / 2 * mean * (trial ** 2).sum(0)
            better = value < least
            gained = np.where(better, least - value, 0).sum()
            B[:, better], least[better] = trial[:, better], value[better]
            slope[:, better] = X.T @ (Y[:, better] - np.exp(eta[:, better]))
            step = np.where(better, np.minimum(2 * step, 1), step / 2)
            if better.any() and gained < 1e-6 * np.abs(least.sum()):
                break
        return B

    strengths = 10.0 ** np.arange(1, 5)
    best = min(strengths, key=lambda s: loss(X[fit:], Y[fit:], solve(X[:fit], Y[:fit], s))[0].sum())
    return summed(solve(X, Y, best), lags)


def glm(x, counts):
    return poisson_glm(x) if counts else summed(ridge(*lagged(zscore(new(x)), 3))[0], 3)


RIVALS = {"correlation": correlation, "lag-1": lag_one, "ridge VAR": ridge_var, "VAR, new": var_of_new,
          "TE": transfer_entropy, "GTE": generalised_te, "GLM": glm}
SIGNED = {"correlation", "lag-1", "ridge VAR", "VAR, new", "GLM"}  # pearson_w makes sense
