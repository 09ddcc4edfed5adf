"""Small data sets: shapes in the plane that a straight line cannot part, and a noisy curve.

Each function takes the number of records, the noise and an rng or a seed, and returns a `Data`.
"""

from dataclasses import dataclass

import numpy as np

from .checks import number, one_of, whole


@dataclass(frozen=True)
class Data:
    """Records `x` (n, n_in) with targets `y` (n, n_out), and the loss that suits them."""

    name: str
    x: np.ndarray
    y: np.ndarray
    loss: str = "bce"

    def __len__(self):
        return len(self.x)

    def astype(self, dtype):
        """The same records in another dtype."""
        return Data(self.name, self.x.astype(dtype), self.y.astype(dtype), self.loss)


def _rng(n, noise, seed):
    whole("n", n, 1)
    number("noise", noise, 0)
    return np.random.default_rng(seed)


def _two_classes(name, first, second, noise, rng):
    """Two clouds of points, blurred by `noise` and shuffled."""
    x = np.concatenate([first, second]) + rng.normal(0, noise, (len(first) + len(second), 2))
    y = np.repeat([[0.0], [1.0]], [len(first), len(second)], axis=0)
    order = rng.permutation(len(x))
    return Data(name, x[order], y[order])


def _ring(angle, radius):
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def moons(n=200, noise=0.22, seed=0):
    """Two half circles that reach into each other."""
    rng = _rng(n, noise, seed)
    upper, lower = (rng.uniform(0, np.pi, k) for k in (n - n // 2, n // 2))
    first = _ring(upper, 1.0) + [-0.5, -0.25]
    second = _ring(-lower, 1.0) + [0.5, 0.25]
    return _two_classes("moons", first, second, noise, rng)


def circles(n=200, noise=0.1, seed=0):
    """A disc inside a ring."""
    rng = _rng(n, noise, seed)
    inner, outer = (rng.uniform(0, 2 * np.pi, k) for k in (n - n // 2, n // 2))
    first = _ring(inner, 0.6 * np.sqrt(rng.uniform(0, 1, len(inner))))
    return _two_classes("circles", first, _ring(outer, 1.2), noise, rng)


def spirals(n=200, noise=0.05, seed=0):
    """Two arms of one and a quarter turns each; the hardest of the four."""
    rng = _rng(n, noise, seed)
    first, second = (np.sqrt(rng.uniform(0.02, 1, k)) for k in (n - n // 2, n // 2))
    arms = [_ring(2.5 * np.pi * t + turn, 1.5 * t) for t, turn in ((first, 0), (second, np.pi))]
    return _two_classes("spirals", *arms, noise, rng)


def xor(n=200, noise=0.1, seed=0):
    """Four corners; opposite ones belong together."""
    rng = _rng(n, noise, seed)
    x = rng.uniform(-1.2, 1.2, (n, 2))
    same = (x[:, 0] > 0) == (x[:, 1] > 0)
    return _two_classes("xor", x[same], x[~same], noise, rng)


def noisy_sine(n=200, noise=0.2, seed=0):
    """Regression: y = sin(2x) + noise for x between -2 and 2."""
    rng = _rng(n, noise, seed)
    x = rng.uniform(-2, 2, (n, 1))
    return Data("noisy_sine", x, np.sin(2 * x) + rng.normal(0, noise, x.shape), loss="mse")


DATASETS = {f.__name__: f for f in (moons, circles, spirals, xor, noisy_sine)}


def get_dataset(name, n=200, seed=0):
    """The data set called `name`; a Data passes through. Raises ValueError if unknown."""
    return name if isinstance(name, Data) else DATASETS[one_of("data set", name, DATASETS)](n, seed=seed)
