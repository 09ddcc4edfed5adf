"""The settings of a session: data, network and training in one frozen record, and the records they lead to."""

from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np

from .activations import HIDDEN
from .checks import fraction, number, of_kind, one_of, whole
from .datasets import DATASETS, REAL, Standardiser, get_dataset, split
from .losses import LOSSES, one_hot
from .optimizers import OPTIMIZERS, Optimizer
from .schedules import Plateau, cosine, cosine_restarts, exponential, inverse_time, one_cycle, step_decay, warm_up
from .training import Settings

LOOK = 10  # steps between two looks at the costs

FEATURES = {
    "x1": lambda x, y: x,
    "x2": lambda x, y: y,
    "x1^2": lambda x, y: x * x,
    "x2^2": lambda x, y: y * y,
    "x1*x2": lambda x, y: x * y,
    "sin x1": lambda x, y: np.sin(np.pi * x),
    "sin x2": lambda x, y: np.sin(np.pi * y),
}

SCHEDULES = {
    "constant": lambda steps: None,
    "step": lambda steps: step_decay(max(1, steps // 4), 0.5),
    "exponential": lambda steps: exponential(3 / steps),
    "inverse_time": lambda steps: inverse_time(10 / steps),
    "cosine": lambda steps: cosine(steps, low=0.01),
    "cosine_restarts": lambda steps: cosine_restarts(max(1, steps // 4), longer=2),
    "warm_up": lambda steps: warm_up(max(1, steps // 10)),
    "one_cycle": lambda steps: one_cycle(max(steps, 8)),
    "plateau": lambda steps: None,  # that one follows the cost instead of the step
}


@dataclass(frozen=True, kw_only=True)
class Setup:
    """All settings of a session. Raises ValueError for values that make no sense.

    `noise` is the standard deviation of what is added to a toy set; to real records, in standard deviations
    of each column. `train` is the share to train on; of the rest one half validates, the other stays
    sealed. `features` is what a network sees of two toy inputs. `hidden` has the units of each hidden layer.
    `schedule` is stretched over `schedule_steps`. `beta1` is momentum's β and Adam's β₁, `beta2` Adam's β₂ and
    RMSprop's α. `patience` counts looks at the validation cost, one each 10 steps. None: what suits, or off.
    """

    data: str = "spirals"
    records: int = 400
    noise: float = 0.05
    train: float = 0.5
    standardise: bool = True
    features: tuple = ("x1", "x2")
    hidden: tuple = (6, 4)
    activation: str = "tanh"
    initializer: str | None = None
    normalization: str | None = None
    dropout: float = 0.0
    loss: str | None = None
    optimizer: str = "sgd"
    beta1: float = 0.9
    beta2: float = 0.999
    decay: float = 0.01
    lr: float = 0.1
    schedule: str = "constant"
    schedule_steps: int = 1000
    batch_size: int | None = 16
    clip_norm: float | None = None
    clip_value: float | None = None
    l1: float = 0.0
    l2: float = 0.0
    patience: int | None = None
    seed: int = 0

    def __post_init__(self):
        one_of("data", self.data, (*DATASETS, *REAL))
        whole("records", self.records, 20, 5000), whole("seed", self.seed)
        number("noise", self.noise, 0), number("train", self.train, 0.05, 0.95)
        fraction("beta1", self.beta1), fraction("beta2", self.beta2), number("decay", self.decay, 0)
        of_kind("standardise", self.standardise, bool)
        if not isinstance(self.features, list | tuple) or not self.features:
            raise ValueError(f"features must be a row of one or more of {', '.join(FEATURES)}, not {self.features!r}")
        chosen = [one_of("features", name, FEATURES) for name in self.features]
        object.__setattr__(self, "features", tuple(name for name in FEATURES if name in chosen))
        one_of("activation", self.activation, HIDDEN)
        one_of("optimizer", self.optimizer, OPTIMIZERS), one_of("schedule", self.schedule, SCHEDULES)
        whole("schedule_steps", self.schedule_steps, 1)
        if self.loss is not None:
            one_of("loss", self.loss, LOSSES)
        object.__setattr__(self, "hidden", self.for_training().hidden)

    def for_training(self, since=0):
        """The Settings of the training; its optimizer counts steps from `since`, when its memory was empty."""
        names = {f.name for f in fields(Settings)} & {f.name for f in fields(self)} - {"optimizer", "schedule"}
        size = self.batch_size  # larger than the training set is all of it
        size = None if size is None else min(whole("batch_size", size, 1), len(raw_parts(self)[0]))
        plateau = Plateau(0.5, max(1, self.schedule_steps // (5 * LOOK))) if self.schedule == "plateau" else None
        kept = {name: getattr(self, name) for name in names} | {"batch_size": size, "dtype": "float64"}
        schedule = SCHEDULES[self.schedule](self.schedule_steps)
        return Settings(**kept, optimizer=self.with_constants(since), schedule=schedule, plateau=plateau)

    def with_constants(self, since):
        """The optimizer with its constants, as one that starts at step `since`."""
        both = {"beta1": self.beta1, "beta2": self.beta2}
        constants = {
            "momentum": {"beta": self.beta1}, "nesterov": {"beta": self.beta1}, "rmsprop": {"alpha": self.beta2},
            "adam": both, "adamw": both | {"decay": self.decay},
        }  # fmt: skip
        plain = OPTIMIZERS[self.optimizer](**constants.get(self.optimizer, {}))

        def update(theta, g, state, lr, t):
            return plain.update(theta, g, state, lr, t - since)

        return Optimizer(plain.name, plain.init, update)


def replaced(setup, settings):
    """The settings with some replaced; raises ValueError for names that do not exist."""
    for name in settings:
        one_of("setting", name, [f.name for f in fields(Setup)])
    return replace(setup, **settings)


def raw_parts(setup):
    """Train, validation and sealed test set as they come, in plain coordinates."""
    return drawn(setup.data, setup.records, setup.noise, setup.train, setup.seed)


@lru_cache(maxsize=32)
def drawn(name, records, noise, train, seed):
    """The three parts of a data set, drawn and split by a seed."""
    if name in REAL:
        data = get_dataset(name)
        blur = noise * data.x.std(axis=0) * np.random.default_rng([seed, 1]).normal(size=data.x.shape)
        data = replace(data, x=data.x + blur)
    else:
        data = DATASETS[name](records, noise, seed)
    n = 2 * round(train * len(data) / 2)  # even, so that no batch of 2, 4, 8, … is left with a lone record
    return split(data, n / len(data), (1 - n / len(data)) / 2, seed)


def prepared(data, setup):
    """Records as the network gets them: features, standardised by the training set."""
    data = with_features(data, setup)
    return Standardiser(with_features(raw_parts(setup)[0], setup))(data) if setup.standardise else data


def with_features(data, setup):
    """Toy records of two inputs as the chosen features; others as they are."""
    if data.name in REAL or data.x.shape[1] != 2:
        return data
    return replace(data, x=np.column_stack([FEATURES[name](*data.x.T) for name in setup.features]))


def with_targets(data, loss):
    """Targets in the form that the loss asks for; ValueError if it suits no such data."""
    loss = loss or data.loss
    if data.loss == "mse" and loss in ("bce", "cce", "scce"):
        raise ValueError(f"loss {loss} is for classes; {data.name} asks for numbers: take mse, mae or huber")
    y, classes = data.y, data.classes or 2
    if loss == "scce":
        return replace(data, y=y.astype(int), loss=loss, classes=classes)
    if data.loss == "scce" or loss == "cce":
        y = one_hot(y.astype(int), classes)
    return replace(data, y=y, loss=loss)
