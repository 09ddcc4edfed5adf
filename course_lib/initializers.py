"""Initial weights: large enough to carry the signal on, small enough not to blow it up.

Each function draws an (n_in, n_out) weight from `rng`, a numpy Generator, in float64.
"""

import numpy as np

from .checks import one_of


def xavier_uniform(rng, n_in, n_out):
    """Variance 2/(n_in + n_out), for tanh and sigmoid (Glorot & Bengio 2010)."""
    limit = np.sqrt(6 / (n_in + n_out))  # U(-l, l) has variance l²/3
    return rng.uniform(-limit, limit, (n_in, n_out))


def he_normal(rng, n_in, n_out):
    """Variance 2/n_in, for ReLU, which loses half of the signal (He et al. 2015)."""
    return rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out))


def lecun_normal(rng, n_in, n_out):
    """Variance 1/n_in, for SELU (LeCun et al. 1998)."""
    return rng.normal(0, np.sqrt(1 / n_in), (n_in, n_out))


INITIALIZERS = {f.__name__: f for f in (xavier_uniform, he_normal, lecun_normal)}


def get_initializer(name):
    """The initializer called `name`; a function passes through. Raises ValueError if unknown."""
    return name if callable(name) else INITIALIZERS[one_of("initializer", name, INITIALIZERS)]


def recommended(activation):
    """The name of the initializer that suits an activation."""
    if activation in ("relu", "leaky_relu", "prelu", "elu", "gelu"):
        return "he_normal"
    return "lecun_normal" if activation == "selu" else "xavier_uniform"
