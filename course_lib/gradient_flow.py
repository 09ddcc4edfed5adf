"""Does the error arrive at the first layers? Numbers that tell vanishing from exploding gradients."""

import numpy as np

from .checks import generator, number, numeric, whole

UNMOVED = float(np.finfo(np.float32).eps) / 4  # an update smaller than this part of its weight is rounded away


def _sizes(what, values):
    values = numeric(what, values)
    if values.ndim < 1 or not values.shape[0] or (values < 0).any():
        raise ValueError(f"{what} must hold one size per layer, first layer first, none of them negative")
    return values


def backward_factor(deltas):
    """What one layer does to the size of ∂cost/∂z on its way back: (first / last)^(1 / (layers − 1)).

    `deltas` (layers,) or (layers, runs), first layer first; one layer alone gives 1. ValueError for a
    negative size. A size of 0 everywhere gives 0, a size that is no finite number gives inf.
    """
    deltas = _sizes("deltas", deltas)
    if len(deltas) == 1:
        return np.ones(deltas.shape[1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = (deltas[0] / deltas[-1]) ** (1 / (len(deltas) - 1))
    factor = np.where(deltas[0] == 0, 0.0, factor)
    return np.where(np.isfinite(deltas).all(axis=0) & np.isfinite(factor), factor, np.inf)


def flow(deltas, limit=1e3):
    """ "vanishing", "exploding" or "steady": is the error that reaches the first layer `limit` times smaller or larger?

    A ratio, so it does not matter how large the error was to begin with: late in training all gradients
    are small, and none has vanished. ValueError for a negative size or a limit that is not above 1.
    """
    number("limit", limit, 1, above=True)
    deltas = _sizes("deltas", deltas)
    if deltas.ndim > 1:
        raise ValueError(f"deltas must be those of one run, shape (layers,), not {deltas.shape}")
    ratio = float(backward_factor(deltas)) ** max(len(deltas) - 1, 1)
    return "exploding" if ratio > limit else "vanishing" if ratio < 1 / limit else "steady"


def path_slopes(network, params, x, rng, paths=10):
    """Slopes met on the way back along random paths, multiplied up: (hidden layers, paths), first layer first.

    A path takes one record and one unit of each hidden layer. ValueError if there is no hidden layer.
    """
    generator("rng", rng), whole("paths", paths, 1)
    if len(network.sizes) < 3:
        raise ValueError("a network without a hidden layer has no slopes to multiply")
    x = network.check(params, x)
    _, kept = network.forward(params, x)
    bends = [(f, z) for f, z in zip(network.layers, kept) if type(f).__name__ in ("Activate", "LearnedSlope")]
    record, slopes = rng.integers(0, len(x), paths), []
    for f, z in bends:
        z = z[record, rng.integers(0, z.shape[-1], paths)]
        slopes.append(f.pullback(params, z, np.ones_like(z)).ravel())
    return np.cumprod(slopes[::-1], axis=0)[::-1]
