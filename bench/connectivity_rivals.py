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


def poisson_glm(x, lags=2, steps=12):
    X, Y = lagged(x, lags)
    X = (X - X.mean(0)) / np.maximum(X.std(0), 1e-12)
    fit, offset = int(0.8 * len(X)), np.log(np.maximum(Y.mean(0), 1e-6))

    def solve(rows, strength):
        """Newton steps with the curvature at the mean rate, the same for all neurons but for a factor."""
        inverse = np.linalg.inv(X[rows].T @ X[rows] + strength * np.eye(X.shape[1]))
        B, c = np.zeros((X.shape[1], Y.shape[1])), offset.copy()
        for _ in range(steps):
            rate = np.exp(np.minimum(X[rows] @ B + c, 5))
            B += inverse @ (X[rows].T @ (Y[rows] - rate) - strength * B * Y.mean(0)) / np.maximum(Y.mean(0), 1e-6)
            c += np.log(np.maximum(Y[rows].mean(0), 1e-6) / rate.mean(0))
        return B, c

    def loss(B, c):
        eta = np.minimum(X[fit:] @ B + c, 5)
        return (np.exp(eta) - Y[fit:] * eta).sum()
    strengths = 10.0 ** np.arange(1, 5)
    best = min(strengths, key=lambda s: loss(*solve(slice(0, fit), s)))
    return summed(solve(slice(None), best)[0], lags)


def glm(x, counts):
    return poisson_glm(x) if counts else summed(ridge(*lagged(zscore(new(x)), 3))[0], 3)


RIVALS = {"correlation": correlation, "lag-1": lag_one, "ridge VAR": ridge_var, "VAR, new": var_of_new,
          "TE": transfer_entropy, "GTE": generalised_te, "GLM": glm}
SIGNED = {"correlation", "lag-1", "ridge VAR", "VAR, new", "GLM"}  # pearson_w makes sense
