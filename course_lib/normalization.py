"""Normalization: each layer is given numbers of mean 0 and variance 1, whatever the layer before does.

Batch normalization takes mean and variance of each unit over the records of the batch (axis -2), layer
normalization those of each record over its units (axis -1); the formulas are the same.
"""

import numpy as np

from .checks import whole

EPS = 1e-5


def average(x, axis):
    """The mean along `axis`, which is kept; on small arrays a third of the time of `np.mean`."""
    return np.add.reduce(x, axis=axis, keepdims=True) / x.shape[axis]


def normalize(x, axis, eps=EPS):
    """x̂ = (x - mean)/√(variance + ε) along `axis`, and the √ it was divided by."""
    centred = x - average(x, axis)
    spread = np.sqrt(average(centred * centred, axis) + eps)
    return centred / spread, spread


def normalize_pullback(x_hat, spread, upstream, axis):
    """∂L/∂x: what moves all values together or stretches them has no effect, so it is taken out."""
    along, stretch = average(upstream, axis), average(upstream * x_hat, axis)
    return (upstream - along - x_hat * stretch) / spread


class LayerNorm:
    """y = γ·x̂ + β, with x̂ normalized over the units of each record (Ba et al. 2016)."""

    axis = -1

    def __init__(self, index, n):
        self.gamma, self.beta, self.n = f"gamma{index}", f"beta{index}", whole("n", n, 1)

    def init(self, rng):
        return {self.gamma: np.ones((1, self.n)), self.beta: np.zeros((1, self.n))}

    def forward(self, params, x, training=None):
        x_hat, spread = normalize(x, self.axis)
        return params[self.gamma] * x_hat + params[self.beta], (x_hat, spread)

    def gradients(self, params, kept, dy, grads):
        (dy * kept[0]).sum(axis=-2, keepdims=True, out=grads[self.gamma])
        dy.sum(axis=-2, keepdims=True, out=grads[self.beta])

    def pullback(self, params, kept, dy):
        return normalize_pullback(*kept, dy * params[self.gamma], self.axis)


class BatchNorm(LayerNorm):
    """The same over the records of the batch; in evaluation with running averages (Ioffe & Szegedy 2015)."""

    axis = -2
    momentum = 0.1  # share of the newest batch in the running averages, as in PyTorch

    def __init__(self, index, n):
        super().__init__(index, n)
        self.mean, self.variance = f"mean{index}", f"variance{index}"

    def running(self):
        """Running averages before the first batch; kept beside the parameters, without a gradient."""
        return {self.mean: np.zeros((1, self.n)), self.variance: np.ones((1, self.n))}

    def forward(self, params, x, training=None):
        if training is None:
            x_hat = (x - params.running[self.mean]) / np.sqrt(params.running[self.variance] + EPS)
            return params[self.gamma] * x_hat + params[self.beta], None
        n = x.shape[-2]
        if n < 2:
            raise ValueError("batch normalization needs two records or more in training mode: one has no deviation")
        y, kept = super().forward(params, x)
        unbiased = (kept[1] * kept[1] - EPS) * (n / (n - 1))  # the batch's variance again, out of its spread
        for name, value in ((self.mean, average(x, -2)), (self.variance, unbiased)):
            params.running[name] += self.momentum * (value - params.running[name])
        return y, kept
