"""Training: forward, loss, backward, update, again and again.

Give several learning rates or several runs in the `Settings` and all of them train at once, side by
side along a leading runs axis; each gives, to the bit, what it would have given alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from .checks import number, one_of, whole
from .losses import get_loss
from .network import MLP, Params, stack
from .optimizers import Optimizer, sgd


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that decides a training run; `lr` or `run` may be a tuple, which makes it a sweep.

    batch_size None takes all records; `run` numbers runs that differ in nothing but their random
    draws; `schedule(step)` multiplies the rate. Raises ValueError for values that make no sense.
    """

    hidden: tuple[int, ...] = (16, 16)
    activation: str = "tanh"
    initializer: str | None = None
    optimizer: Optimizer = field(default_factory=sgd)
    lr: float | tuple[float, ...] = 0.1
    schedule: Callable[[int], float] | None = None
    batch_size: int | None = 32
    steps: int = 420
    evaluate_every: int = 7
    seed: int = 0
    run: int | tuple[int, ...] = 0
    dtype: str = "float32"

    def __post_init__(self):
        for name, check in (("lr", lambda v: number("lr", v, 0, above=True)), ("run", lambda v: whole("run", v))):
            value = getattr(self, name)
            many = isinstance(value, list | tuple | range | np.ndarray)
            if many and not len(value):
                raise ValueError(f"{name} is empty; give at least one")
            object.__setattr__(self, name, tuple(check(v) for v in value) if many else check(value))
        if isinstance(self.lr, tuple) and isinstance(self.run, tuple) and len(self.lr) != len(self.run):
            raise ValueError(f"{len(self.lr)} learning rates for {len(self.run)} runs; give as many")
        if self.batch_size is not None:
            whole("batch_size", self.batch_size, 1)
        for name in ("steps", "evaluate_every"):
            whole(name, getattr(self, name), 1)
        whole("seed", self.seed)
        one_of("dtype", self.dtype, ("float32", "float64"))

    @property
    def runs(self):
        """How many runs train side by side; None for a single one."""
        sizes = [len(v) for v in (self.lr, self.run) if isinstance(v, tuple)]
        return sizes[0] if sizes else None

    def single(self, index):
        """The settings of one run of a sweep."""
        lr, run = (v[index] if isinstance(v, tuple) else v for v in (self.lr, self.run))
        return replace(self, lr=lr, run=run)


@dataclass(frozen=True)
class History:
    """What happened: cost on all training records at `step`, (k,) or (runs, k), and where it ended."""

    settings: Settings
    network: MLP
    params: Params
    step: np.ndarray
    cost: np.ndarray

    @property
    def diverged(self):
        """First evaluated step whose cost was no finite number; -1 for none."""
        bad = ~np.isfinite(self.cost)
        return np.where(bad.any(axis=-1), self.step[bad.argmax(axis=-1)], -1)


def batches(data, batch_size, rngs):
    """Batches of (x, y) without end, every record once per epoch; one shuffle per rng in `rngs`."""
    n = len(data)
    while True:
        order = np.stack([rng.permutation(n) for rng in rngs]) if len(rngs) > 1 else rngs[0].permutation(n)
        x, y = data.x[order], data.y[order]
        for start in range(0, n, batch_size):
            yield x[..., start : start + batch_size, :], y[..., start : start + batch_size, :]


def train(settings, data):
    """Train an MLP on `data` and return the History; raises ValueError if the batch exceeds the data."""
    s, data = settings, data.astype(settings.dtype)
    if s.batch_size is not None and s.batch_size > len(data):
        raise ValueError(f"batch_size must be at most {len(data)}, the number of records, not {s.batch_size}")
    network = MLP((data.x.shape[1], *s.hidden, data.y.shape[1]), s.activation, s.initializer)
    loss = get_loss(data.loss)

    rngs = [np.random.default_rng([s.seed, run]) for run in np.atleast_1d(s.run)]
    start = [network.init(rng, s.dtype) for rng in rngs]
    if s.runs is None:
        params, lr = start[0], s.lr
    else:
        params = stack(start * (s.runs // len(start)))
        lr = np.broadcast_to(np.asarray(s.lr, s.dtype).reshape(-1, 1), (s.runs, 1))
    grads = params.copy()
    state = s.optimizer.init(params.vector)

    def cost():
        return loss.cost(network.forward(params, data.x)[0], data.y)

    steps, costs = [0], [cost()]
    feed = batches(data, s.batch_size or len(data), rngs)
    with np.errstate(over="ignore", invalid="ignore"):
        for t, (x, y) in zip(range(1, s.steps + 1), feed, strict=False):
            z, inputs = network.forward(params, x)
            network.backward(params, inputs, loss.gradient(z, y), grads)
            rate = lr * s.schedule(t - 1) if s.schedule else lr
            params.vector[...], state = s.optimizer.update(params.vector, grads.vector, state, rate, t)
            if t % s.evaluate_every == 0 or t == s.steps:
                steps.append(t)
                costs.append(cost())
                if not np.isfinite(costs[-1]).any():
                    break
    return History(s, network, params, np.array(steps), np.stack(costs, axis=-1))


@dataclass(frozen=True)
class RateTest:
    """Cost after a short training at each of a row of rates; `lowest` the best, `suggestion` a little less."""

    rates: np.ndarray
    costs: np.ndarray
    start_cost: float
    lowest: float
    suggestion: float


def find_rate(settings, data, start=1e-6, factor=3.0, trials=16, steps=60):
    """Rate finder: train briefly at start, start·factor, start·factor², …, and stop where the cost rises.

    The suggestion is one factor below the rate with the lowest cost, for the longer training that follows.
    """
    number("start", start, 0, above=True)
    number("factor", factor, 1, above=True)
    rates = start * factor ** np.arange(whole("trials", trials, 2))
    history = train(replace(settings, lr=tuple(rates), steps=steps, evaluate_every=steps), data)
    costs = np.where(np.isfinite(history.cost[:, -1]), history.cost[:, -1], np.inf)
    lowest = rates[costs.argmin()]
    return RateTest(rates, costs, float(history.cost[0, 0]), float(lowest), float(lowest / factor))
