"""Gradient clipping: a limit on how far one update can throw the network.

`g` is the gradient of all parameters, (size,) or (runs, size); each run is clipped by itself.
"""

import numpy as np

from .checks import number, numeric


def clip_value(g, limit):
    """Every entry cut to [-limit, limit]: simple, but it turns the direction."""
    number("limit", limit, 0, above=True)
    return np.clip(g, -limit, limit)


def clip_norm(g, limit):
    """The whole gradient shortened to length `limit` if it is longer: the direction stays (Pascanu et al. 2013)."""
    number("limit", limit, 0, above=True)
    norm = np.sqrt((g * g).sum(axis=-1, keepdims=True))
    return g * np.minimum(limit / (norm + 1e-6), 1)  # the 1e-6 is PyTorch's


def angle(g, h):
    """Angle between two gradients in degrees, one per run; ValueError if one of them has no direction."""
    g, h = numeric("g", g), numeric("h", h)
    if g.shape != h.shape or not g.ndim:
        raise ValueError(f"g and h must be gradients of the same shape, not {g.shape} and {h.shape}")
    lengths = np.sqrt((g * g).sum(axis=-1) * (h * h).sum(axis=-1))
    if (lengths == 0).any():
        raise ValueError("g and h must not be 0, which has no direction")
    cosine = (g * h).sum(axis=-1) / lengths
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
