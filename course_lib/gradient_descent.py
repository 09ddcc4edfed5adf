"""Gradient descent on a straight line: two numbers to learn, so that every step of it can be drawn.

θ = (slope, offset); the prediction for a record is slope·x + offset, the cost the mean squared error.
"""

from itertools import islice

import numpy as np

from .checks import finite, number, of_kind, seeded, whole
from .datasets import Data, batches


def noisy_line(n=64, noise=0.5, seed=0):
    """Records about y = 1.5x + 0.5; as x is not centred, slope and offset pull at each other."""
    rng = seeded("seed", seed)
    x = rng.uniform(-0.5, 1.5, (whole("n", n, 1), 1))
    return Data("noisy line", x, 1.5 * x + 0.5 + rng.normal(0, number("noise", noise, 0), x.shape), loss="mse")


def line_cost(theta, data):
    """Mean squared error over all records of the lines `theta` (..., 2), as (...)."""
    slope, offset = np.moveaxis(np.asarray(theta, float), -1, 0)[..., None]
    return np.mean((slope * data.x[:, 0] + offset - data.y[:, 0]) ** 2, axis=-1)


def line_gradient(theta, x, y):
    """∂cost/∂(slope, offset), the mean over the records of a batch, `x` and `y` (batch, 1)."""
    error = theta[0] * x[:, 0] + theta[1] - y[:, 0]
    return 2 / len(x) * np.array([error @ x[:, 0], error.sum()])


def descend_line(data, batch_size, lr, steps, start, rng):
    """The path (steps + 1, 2) of gradient descent from `start`; each step looks at the next `batch_size` records.

    All records make it batch, one makes it stochastic, anything between mini-batch gradient descent.
    Raises ValueError for records that are no (n, 1), and for settings that make no sense.
    """
    if of_kind("data", data, Data).x.shape[1] != 1 or data.y.shape[1] != 1:
        raise ValueError(f"a line needs x and y of shape (n, 1), not {data.x.shape} and {data.y.shape}")
    theta = finite("start", start).astype(float)
    if theta.shape != (2,):
        raise ValueError(f"start must be (slope, offset), not of shape {theta.shape}")
    number("lr", lr, 0, above=True)
    path = [theta]
    with np.errstate(all="ignore"):  # divergence may be looked at
        for x, y in islice(batches(data, batch_size, [rng]), whole("steps", steps, 1)):
            theta = theta - lr * line_gradient(theta, x, y)
            path.append(theta)
    return np.array(path)
