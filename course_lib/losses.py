"""Losses: one number per record that says how wrong the network was; the cost is their mean.

`z` is what the last layer puts out, (..., n, k), before any sigmoid or softmax; `y` the targets.
A loss has shape (..., n). Its gradient is that of the cost, ∂cost/∂z, in the shape of `z`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .activations import sigmoid
from .checks import one_of


def mse(z, y):
    """(z - y)², averaged over the k outputs."""
    return ((z - y) ** 2).mean(axis=-1)


def d_mse(z, y):
    return 2 * (z - y) / (z.shape[-2] * z.shape[-1])


def bce(z, y):
    """-y·log σ(z) - (1-y)·log(1-σ(z)), rearranged to max(z,0) - y·z + log(1+e^-|z|): no overflow."""
    return (np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))).mean(axis=-1)


def d_bce(z, y):
    """σ(z) - y: the sigmoid's slope cancels."""
    return (sigmoid(z) - y) / (z.shape[-2] * z.shape[-1])


@dataclass(frozen=True)
class Loss:
    """A loss per record and the gradient of its mean with respect to the network's output."""

    name: str
    value: Callable
    gradient: Callable

    def cost(self, z, y):
        """Mean loss over the records; one number per run."""
        return self.value(z, y).mean(axis=-1)


LOSSES = {loss.name: loss for loss in (Loss("mse", mse, d_mse), Loss("bce", bce, d_bce))}


def get_loss(name):
    """The Loss called `name`; a Loss passes through. Raises ValueError if unknown."""
    return name if isinstance(name, Loss) else LOSSES[one_of("loss", name, LOSSES)]
