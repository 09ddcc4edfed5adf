"""Regularization: what keeps a network from learning its training records by heart."""

import numpy as np

from .checks import fraction, number, numeric, whole


def l2(theta, strength):
    """½λΣθ² along the last axis; its gradient makes every weight shrink by the same share."""
    number("strength", strength, 0)
    return strength / 2 * (theta * theta).sum(axis=-1)


def d_l2(theta, strength):
    return strength * theta


def l1(theta, strength):
    """λΣ|θ|; its gradient has the same size for small weights as for large ones, so small ones end at 0."""
    number("strength", strength, 0)
    return strength * np.abs(theta).sum(axis=-1)


def d_l1(theta, strength):
    return strength * np.sign(theta)


def dropout_mask(rng, shape, p):
    """0 with probability `p`, independently for each unit and record, else 1/(1-p), which keeps the mean.

    (Srivastava et al. 2014, in the inverted form: nothing is left to do at test time.)
    """
    fraction("p", p)
    return (rng.random(shape) >= p) / (1 - p)


class Dropout:
    """x·mask while training, x in evaluation."""

    def __init__(self, p):
        self.p = fraction("p", p)

    def init(self, rng):
        return {}

    def forward(self, params, x, training=None):
        if training is None:
            return x, None
        masks = [dropout_mask(rng, x.shape[-2:], self.p) for rng in training]
        mask = (np.stack(masks) if x.ndim > 2 else masks[0]).astype(x.dtype)
        return x * mask, mask

    def gradients(self, params, mask, dy, grads):
        pass

    def pullback(self, params, mask, dy):
        return dy * mask  # a dropped unit gets no gradient in this step


class EarlyStopping:
    """Stop when the validation cost has not fallen by more than `min_delta` for `patience` evaluations.

    Called with each new cost, (…) or one per run, it says which runs have just reached their best and
    which should stop. The best so far only moves when the fall is large enough (Prechelt 1998).
    """

    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta = whole("patience", patience, 1), number("min_delta", min_delta, 0)
        self.best, self.waited = np.inf, 0

    def __call__(self, cost):
        better = numeric("cost", cost) < self.best - self.min_delta
        self.best = np.where(better, cost, self.best)
        self.waited = np.where(better, 0, self.waited + 1)
        return better, self.waited >= self.patience


def stopping_point(costs, patience, min_delta=0.0):
    """Indices (last, best) into a row of validation costs: where training ends, and what it goes back to.

    Raises ValueError for no costs at all.
    """
    costs = numeric("costs", costs)
    if costs.ndim != 1 or not len(costs):
        raise ValueError(f"costs must be a row of one cost or more, not of shape {costs.shape}")
    stopping, best = EarlyStopping(patience, min_delta), 0
    for i, cost in enumerate(costs):
        better, stop = stopping(cost)
        best = i if better else best
        if stop:
            break
    return i, best
