"""Gradient clipping: a limit on how far one update can throw the network.

`g` is the gradient of all parameters, (size,) or (runs, size); each run is clipped by itself.
"""

import numpy as np


def clip_value(g, limit):
    """Every entry cut to [-limit, limit]: simple, but it turns the direction."""
    return np.clip(g, -limit, limit)


def clip_norm(g, limit):
    """The whole gradient shortened to length `limit` if it is longer: the direction stays (Pascanu et al. 2013)."""
    norm = np.sqrt((g * g).sum(axis=-1, keepdims=True))
    return g * np.minimum(limit / (norm + 1e-6), 1)  # the 1e-6 is PyTorch's


def angle(g, h):
    """Angle between two gradients in degrees, one per run."""
    cosine = (g * h).sum(axis=-1) / np.sqrt((g * g).sum(axis=-1) * (h * h).sum(axis=-1))
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))
