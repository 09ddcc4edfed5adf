"""Data sets: shapes in the plane that a straight line cannot part, a noisy curve, and real ones.

A toy set takes the number of records, the noise and an rng or a seed. Then: split, standardise, batches.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .checks import finite, float_dtype, generator, number, of_kind, one_of, seeded, whole
from .losses import get_loss


@dataclass(frozen=True)
class Data:
    """Records `x` (n, n_in) with targets `y` (n, n_out), and the loss that suits them.

    With class numbers as targets (loss "scce"), `y` is (n, 1) and `classes` says how many there are.
    Raises ValueError for shapes that do not fit and for NaN.
    """

    name: str
    x: np.ndarray
    y: np.ndarray
    loss: str = "bce"
    classes: int | None = None

    def __post_init__(self):
        x, y = finite("x", self.x), finite("y", self.y)
        if x.ndim != 2 or y.ndim != 2 or len(x) != len(y):
            raise ValueError(f"x and y must be (n, n_in) and (n, n_out) with the same n, not {x.shape} and {y.shape}")
        get_loss(self.loss)
        if self.loss == "scce":
            whole("classes", self.classes, 2)
        object.__setattr__(self, "x", x)
        object.__setattr__(self, "y", y)

    def __len__(self):
        return len(self.x)

    @property
    def n_out(self):
        """How many outputs a network for it has."""
        return self.classes if self.loss == "scce" else self.y.shape[1]

    def astype(self, dtype):
        """The same records in another dtype; class numbers stay whole numbers."""
        float_dtype(dtype)
        y = self.y if self.loss == "scce" else self.y.astype(dtype)
        return replace(self, x=self.x.astype(dtype), y=y)

    def take(self, rows):
        """Some of the records."""
        return replace(self, x=self.x[rows], y=self.y[rows])


def _rng(n, noise, seed):
    whole("n", n, 1)
    number("noise", noise, 0)
    return seeded("seed", seed)


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


def clouds(n=200, noise=0.3, seed=0):
    """Two round clouds: the only one of these sets that a straight line can part."""
    rng = _rng(n, noise, seed)
    centres = [np.full((k, 2), side) for k, side in ((n - n // 2, -0.8), (n // 2, 0.8))]
    return _two_classes("clouds", *centres, noise, rng)


def three_arms(n=200, noise=0.05, seed=0):
    """Three classes, each an arm of a spiral."""
    rng = _rng(n, noise, seed)
    arm = np.arange(n)[:, None] % 3
    t = np.sqrt(rng.uniform(0.02, 1, n))
    x = _ring(1.5 * np.pi * t + 2 * np.pi / 3 * arm[:, 0], 1.5 * t) + rng.normal(0, noise, (n, 2))
    order = rng.permutation(n)
    return Data("three_arms", x[order], arm[order], loss="scce", classes=3)


def plane(n=200, noise=0.1, seed=0):
    """Regression over the plane: y = ½(x₁ + x₂) + noise, which no bend can make better."""
    rng = _rng(n, noise, seed)
    x = rng.uniform(-1.7, 1.7, (n, 2))
    return Data("plane", x, x.mean(axis=1, keepdims=True) + rng.normal(0, noise, (n, 1)), loss="mse")


def hills(n=200, noise=0.1, seed=0):
    """Regression over the plane: y = sin(2x₁)·cos(1.5x₂) + noise, hills and hollows."""
    rng = _rng(n, noise, seed)
    x = rng.uniform(-1.7, 1.7, (n, 2))
    y = np.sin(2 * x[:, :1]) * np.cos(1.5 * x[:, 1:])
    return Data("hills", x, y + rng.normal(0, noise, y.shape), loss="mse")


DATASETS = {f.__name__: f for f in (moons, circles, spirals, xor, clouds, three_arms, noisy_sine, plane, hills)}
FILES = Path(__file__).parent / "data"
REAL = {"digits": "scce", "iris": "scce", "wine": "scce", "breast_cancer": "bce", "diabetes": "mse"}


def real(name):
    """A real data set, the same numbers as scikit-learn's; loading that would take 70 MB and a second.

    Raises ValueError for an unknown name.
    """
    one_of("real data set", name, REAL)
    if name == "diabetes":  # standardised, then divided by √n, as scikit-learn hands it out
        x, y = (np.loadtxt(FILES / f"diabetes_{part}.csv.gz") for part in ("data_raw", "target"))
        return Data(name, (x - x.mean(axis=0)) / x.std(axis=0) / np.sqrt(len(x)), y[:, None], REAL[name])
    file, head = {"digits": ("digits.csv.gz", 0), "wine": ("wine_data.csv", 1)}.get(name, (f"{name}.csv", 1))
    table = np.loadtxt(FILES / file, delimiter=",", skiprows=head)
    x, y = table[:, :-1], table[:, -1:]
    if REAL[name] == "bce":
        return Data(name, x, y)
    return Data(name, x, y.astype(int), REAL[name], len(np.unique(y)))


def get_dataset(name, n=200, seed=0):
    """The data set called `name`; a Data passes through. Raises ValueError if unknown."""
    if isinstance(name, Data):
        return name
    name = one_of("data set", name, (*DATASETS, *REAL))
    return real(name) if name in REAL else DATASETS[name](n, seed=seed)


def split(data, train=0.7, validation=0.15, seed=0):
    """Three Data: to train on, to make choices on, and the test set, the rest, for one last look.

    Shares are rounded to whole records; raises ValueError if a part would be empty.
    """
    of_kind("data", data, Data)
    number("train", train, 0, 1)
    number("validation", validation, 0, 1)
    ends = np.round(np.cumsum([train, validation]) * len(data)).astype(int)
    if not 0 < ends[0] < ends[1] < len(data):
        raise ValueError(f"shares {train:g} and {validation:g} of {len(data)} records leave a part empty")
    order = seeded("seed", seed).permutation(len(data))
    return tuple(data.take(rows) for rows in np.split(order, ends))


class Standardiser:
    """x → (x - mean)/std of each column, both measured on the training part and used for every part.

    A column that never changes is only centred. Raises ValueError for another number of columns.
    """

    def __init__(self, data):
        self.mean = data.x.mean(axis=0)
        std = data.x.std(axis=0)
        self.std = np.where(std > 1e-12 * np.abs(self.mean), std, 1)

    def __call__(self, data):
        if data.x.shape[1] != len(self.mean):
            raise ValueError(f"x must have {len(self.mean)} columns, as in training, not {data.x.shape[1]}")
        return replace(data, x=(data.x - self.mean) / self.std)


def batches(data, batch_size, rngs):
    """Batches of (x, y) without end, every record once per epoch; one shuffle per rng in `rngs`."""
    n = len(of_kind("data", data, Data))
    if not n:
        raise ValueError("data must have one record or more")
    whole("batch_size", batch_size, 1, n)
    if not isinstance(rngs, list | tuple) or not rngs:
        raise ValueError(f"rngs must be a list of one numpy Generator or more, not {rngs!r}")
    for rng in rngs:
        generator("rng", rng)
    while True:
        order = np.stack([rng.permutation(n) for rng in rngs]) if len(rngs) > 1 else rngs[0].permutation(n)
        x, y = data.x[order], data.y[order]
        for start in range(0, n, batch_size):
            yield x[..., start : start + batch_size, :], y[..., start : start + batch_size, :]
