"""Straight lines with the lowest cost there is: what a loss asks for, without any training in between.

`x` (n,) are the inputs, `y` (..., n) one or many sets of targets over them; a line is (slope,
intercept), each (...). Records lie along the last axis here, so the mean that a loss takes is the cost.
"""

import numpy as np

from .checks import finite, number, one_of
from .losses import huber, mae

ROUNDS = 100  # Huber's line mostly needs fewer than ten


def fit_line(x, y, loss="mse", delta=1.0):
    """Slope and intercept with the lowest mse, mae or huber cost; raises ValueError unless two x differ."""
    x, y = finite("x", x).astype(float), finite("y", y).astype(float)
    if x.ndim != 1 or y.ndim < 1 or y.shape[-1] != len(x):
        raise ValueError(f"x must be (n,) and y (..., n), not {x.shape} and {y.shape}")
    if not len(x) or np.ptp(x) == 0:
        raise ValueError("a line needs records at two different x")
    fit = FITS[one_of("loss", loss, FITS)]
    centre, width = x.mean(), x.std()
    X = np.stack([(x - centre) / width, np.ones_like(x)], axis=1)  # both columns of size 1: well conditioned
    theta = fit(X, y, number("delta", delta, 0, above=True)) if loss == "huber" else fit(X, y)
    slope = theta[..., 0] / width
    return slope, theta[..., 1] - slope * centre


def least_squares(X, y):
    """The slope of the cost is linear in θ, so one equation gives the place where it is 0 (Legendre 1805)."""
    return y @ np.linalg.pinv(X).T


def least_distance(X, y):
    """A line of least absolute distance can always be laid through two of the records: try every pair."""
    one, two = np.triu_indices(len(X), 1)
    apart = X[one, 0] != X[two, 0]
    one, two = one[apart], two[apart]
    slope = (y[..., two] - y[..., one]) / (X[two, 0] - X[one, 0])
    pairs = np.stack([slope, y[..., one] - slope * X[one, 0]], axis=-1)
    best = mae(pairs @ X.T, y[..., None, :]).argmin(axis=-1)
    return np.take_along_axis(pairs, best[..., None, None], axis=-2)[..., 0, :]


def least_huber(X, y, delta):
    """Least squares, again and again, with the slope of each record cut to δ; the better of two steps.

    Newton's step counts only records within δ and is exact once it knows which those are; the other
    weighs every record by how much of its error is left, and never makes the cost worse.
    """
    theta = least_squares(X, y)
    cost = huber(theta @ X.T, y, delta)
    for _ in range(ROUNDS):
        e = theta @ X.T - y
        left = np.clip(e, -delta, delta)
        steps = []
        for weight in ((np.abs(e) <= delta) + 1e-9, delta / np.maximum(np.abs(e), delta)):
            curvature = (X.T * weight[..., None, :]) @ X
            steps.append(theta - np.linalg.solve(curvature, (left @ X)[..., None])[..., 0])
        tried = np.stack(steps)
        costs = huber(tried @ X.T, y, delta)
        better = costs.argmin(axis=0)
        theta = np.take_along_axis(tried, better[None, ..., None], axis=0)[0]
        last, cost = cost, costs.min(axis=0)
        if np.all(last - cost <= 1e-14 * last):
            break
    return theta


FITS = {"mse": least_squares, "mae": least_distance, "huber": least_huber}
