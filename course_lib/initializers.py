"""Initial weights: large enough to carry the signal on, small enough not to blow it up.

Each function draws an (n_in, n_out) weight from `rng`, a numpy Generator, in float64. Through a layer
the variance of the signal grows by n_in·Var(W) forward, by n_out·Var(W) on the way back.
"""

from functools import wraps

import numpy as np

from .activations import get_activation
from .checks import generator, number, one_of, whole


def initializer(draw):
    """`draw` with its arguments checked first: ValueError unless `rng` is a Generator and both sizes at least 1."""

    @wraps(draw)
    def checked(rng, n_in, n_out):
        return draw(generator("rng", rng), whole("n_in", n_in, 1), whole("n_out", n_out, 1))

    return checked


def constant(value):
    """An initializer that gives every weight `value`: all units of a layer then stay the same for ever."""
    value = number("value", value)
    return initializer(lambda rng, n_in, n_out: np.full((n_in, n_out), value))


@initializer
def zeros(rng, n_in, n_out):
    """All zero: fine for biases; as weights they let nothing through."""
    return np.zeros((n_in, n_out))


def scaled_normal(std):
    """An initializer that draws from N(0, std²) whatever the size of the layer."""
    std = number("std", std, 0, above=True)
    return initializer(lambda rng, n_in, n_out: rng.normal(0, std, (n_in, n_out)))


def scaled_uniform(limit):
    """An initializer that draws from U(-limit, limit), variance limit²/3."""
    limit = number("limit", limit, 0, above=True)
    return initializer(lambda rng, n_in, n_out: rng.uniform(-limit, limit, (n_in, n_out)))


@initializer
def xavier_normal(rng, n_in, n_out):
    """Variance 2/(n_in + n_out), between 1/n_in and 1/n_out, for tanh and sigmoid (Glorot & Bengio 2010)."""
    return rng.normal(0, np.sqrt(2 / (n_in + n_out)), (n_in, n_out))


@initializer
def xavier_uniform(rng, n_in, n_out):
    """The same variance, drawn from an interval: U(-l, l) has variance l²/3."""
    limit = np.sqrt(6 / (n_in + n_out))
    return rng.uniform(-limit, limit, (n_in, n_out))


@initializer
def he_normal(rng, n_in, n_out):
    """Variance 2/n_in, for ReLU, which loses half of the signal (He et al. 2015)."""
    return rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))


@initializer
def he_uniform(rng, n_in, n_out):
    """The same variance, drawn from an interval."""
    limit = np.sqrt(6 / n_in)
    return rng.uniform(-limit, limit, (n_in, n_out))


@initializer
def lecun_normal(rng, n_in, n_out):
    """Variance 1/n_in, for SELU (LeCun et al. 1998)."""
    return rng.normal(0, np.sqrt(1 / n_in), (n_in, n_out))


INITIALIZERS = {
    "zeros": zeros,
    "constant": constant(0.5),
    "normal": scaled_normal(1.0),
    "uniform": scaled_uniform(1.0),
} | {f.__name__: f for f in (xavier_normal, xavier_uniform, he_normal, he_uniform, lecun_normal)}


def get_initializer(name):
    """The initializer called `name`; a function passes through. Raises ValueError if unknown."""
    return name if callable(name) else INITIALIZERS[one_of("initializer", name, INITIALIZERS)]


def recommended(activation):
    """The name of the initializer that suits an activation; ValueError if there is none of that name."""
    activation = get_activation(activation).name
    if activation in ("relu", "leaky_relu", "prelu", "elu", "gelu"):
        return "he_normal"
    return "lecun_normal" if activation == "selu" else "xavier_uniform"
