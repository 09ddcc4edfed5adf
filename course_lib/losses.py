"""Losses: one number per record that says how wrong the network was; the cost is their mean.

`z` is what the last layer puts out, (..., n, k), before any sigmoid or softmax; `y` the targets.
A loss has shape (..., n). Its gradient is that of the cost, ∂cost/∂z, in the shape of `z`.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .activations import identity, log_softmax, sigmoid, softmax
from .checks import finite, number, one_of, whole


def mse(z, y):
    """(z - y)², averaged over the k outputs."""
    return ((z - y) ** 2).mean(axis=-1)


def d_mse(z, y):
    return 2 * (z - y) / (z.shape[-2] * z.shape[-1])


def rmse(z, y):
    """√cost of the squared errors: a number in the unit of the target, where MSE has its square.

    Raises ValueError for what `mse` cannot be given, and for no records at all.
    """
    losses = get_loss("mse")(z, y)
    if not losses.shape[-1]:
        raise ValueError("z and y must hold one record at least")
    return np.sqrt(losses.mean(axis=-1))


def mae(z, y):
    """|z - y|, averaged over the k outputs."""
    return np.abs(z - y).mean(axis=-1)


def d_mae(z, y):
    """The sign of the error, however large; at 0, where no slope exists, 0."""
    return np.sign(z - y) / (z.shape[-2] * z.shape[-1])


def huber(z, y, delta=1.0):
    """½e² up to |e| = δ, beyond it the straight line δ(|e| - ½δ) (Huber 1964)."""
    e = np.abs(z - y)
    return np.where(e <= delta, e * e / 2, delta * (e - delta / 2)).mean(axis=-1)


def d_huber(z, y, delta=1.0):
    """The error, cut to [-δ, δ]."""
    return np.clip(z - y, -delta, delta) / (z.shape[-2] * z.shape[-1])


def bce(z, y):
    """-y·log σ(z) - (1-y)·log(1-σ(z)), rearranged to max(z,0) - y·z + log(1+e^-|z|): no overflow."""
    return (np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z)))).mean(axis=-1)


def d_bce(z, y):
    """σ(z) - y: the sigmoid's slope cancels."""
    return (sigmoid(z) - y) / (z.shape[-2] * z.shape[-1])


def bce_naive(p, y):
    """The formula as written, on probabilities `p`: inf or nan once p has rounded to 0 or 1.

    Raises ValueError if a `p` is outside [0, 1]: logits belong into `bce`.
    """
    if ((np.asarray(p) < 0) | (np.asarray(p) > 1)).any():
        raise ValueError("p must be probabilities between 0 and 1; logits belong into bce")
    with np.errstate(divide="ignore", invalid="ignore"):
        return -(y * np.log(p) + (1 - y) * np.log(1 - p)).mean(axis=-1)


def brier(z, y):
    """(σ(z) - y)²: the squared error of the probability, for two classes (Brier 1950)."""
    return mse(sigmoid(z), y)


def d_brier(z, y):
    """2(σ(z) - y)·σ'(z): here the sigmoid's slope stays, and where it saturates it swallows the error."""
    p = sigmoid(z)
    return d_mse(p, y) * p * (1 - p)


def cce(z, y):
    """-Σ y·log softmax(z), for one-hot targets `y` (n, k)."""
    return -(y * log_softmax(z)).sum(axis=-1)


def d_cce(z, y):
    """softmax(z) - y: as with BCE, the slope of the head cancels."""
    return (softmax(z) - y) / z.shape[-2]


def cce_naive(z, y):
    """-Σ y·log(e^z/Σe^z), one step after the other: inf or nan where e^z overflows or rounds to 0."""
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        e = np.exp(z)
        return -(y * np.log(e / e.sum(axis=-1, keepdims=True))).sum(axis=-1)


def scce(z, y):
    """The same loss for class numbers `y` (n, 1): it reads the one entry that one-hot keeps."""
    return -np.take_along_axis(log_softmax(z), _columns(z, y), axis=-1)[..., 0]


def d_scce(z, y):
    p, y = softmax(z), _columns(z, y)
    np.put_along_axis(p, y, np.take_along_axis(p, y, axis=-1) - 1, axis=-1)
    return p / z.shape[-2]


def _columns(z, y):
    """Class numbers as an index into `z`, the same for every run if `y` has no runs axis."""
    return np.broadcast_to(y, (*z.shape[:-1], 1))


def one_hot(y, classes):
    """Class numbers (n, 1) as rows with a single 1, (n, classes); ValueError if one is out of range."""
    return np.eye(whole("classes", classes, 1))[check_labels(y, classes)[..., 0]]


def check_labels(y, classes):
    """Return `y` (..., n, 1) if all are whole numbers from 0 to classes-1, else raise a ValueError."""
    y = finite("y", y)
    if y.dtype.kind not in "iu":
        raise ValueError(f"class numbers must be whole numbers, not {y.dtype}; one-hot rows belong into cce")
    if y.ndim < 2 or y.shape[-1] != 1:
        raise ValueError(f"class numbers must have shape (n, 1), not {y.shape}")
    if y.size and (y.min() < 0 or y.max() >= classes):
        raise ValueError(f"class numbers must be between 0 and {classes - 1}; found {y.min()} to {y.max()}")
    return y


@dataclass(frozen=True)
class Loss:
    """A loss per record, the gradient of its mean, and the head that turns `z` into the prediction."""

    name: str
    value: Callable
    gradient: Callable
    head: Callable = identity

    def __call__(self, z, y):
        """The loss per record, (..., n); raises ValueError for numbers that it cannot be given."""
        z = finite("z", z)
        if z.ndim < 2 or not z.shape[-1]:
            raise ValueError(f"z must have shape (n, k), a row of outputs for each record, not {z.shape}")
        y = self.check_targets(y, z.shape[-1])
        if y.shape[:-1] not in (z.shape[:-1], z.shape[-2:-1]):
            raise ValueError(f"y must have as many records as z, and no other runs, not {y.shape} for {z.shape}")
        if self.head is softmax and z.shape[-1] > 1 and z.size and (z >= 0).all() and np.allclose(z.sum(-1), 1):
            raise ValueError("z looks like probabilities (each row sums to 1); give the logits, before softmax")
        return self.value(z, y)

    def cost(self, z, y):
        """Mean loss over the records; one number per run."""
        return self.value(z, y).mean(axis=-1)

    def check_targets(self, y, k):
        """Return targets `y` if they suit `k` outputs, else raise a ValueError."""
        if self.name == "scce":
            return check_labels(y, k)
        y = finite("y", y)
        if y.ndim < 2 or y.shape[-1] != k:
            raise ValueError(f"y must have shape (n, {k}), as many columns as outputs, not {y.shape}")
        if self.name == "bce" and ((y < 0) | (y > 1)).any():
            raise ValueError(f"targets of bce must be between 0 and 1; found {y.min():g} to {y.max():g}")
        if self.name == "cce" and ((y < 0).any() or not np.allclose(y.sum(axis=-1), 1)):
            raise ValueError("targets of cce must be one-hot rows that sum to 1; class numbers belong into scce")
        return y


def huber_loss(delta=1.0):
    """Huber's loss with another δ, which is chosen before training: it is not learned."""
    delta = number("delta", delta, 0, above=True)
    return Loss("huber", lambda z, y: huber(z, y, delta), lambda z, y: d_huber(z, y, delta))


LOSSES = {
    loss.name: loss
    for loss in (
        Loss("mse", mse, d_mse),
        Loss("mae", mae, d_mae),
        Loss("huber", huber, d_huber),
        Loss("bce", bce, d_bce, head=sigmoid),
        Loss("cce", cce, d_cce, head=softmax),
        Loss("scce", scce, d_scce, head=softmax),
    )
}


BRIER = Loss("brier", brier, d_brier, head=sigmoid)  # to compare bce with; not among those to choose from


def get_loss(name):
    """The Loss called `name`; a Loss passes through. Raises ValueError if unknown."""
    return name if isinstance(name, Loss) else LOSSES[one_of("loss", name, LOSSES)]
