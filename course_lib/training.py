"""Training: forward, loss, backward, update, again and again.

Give several learning rates or several runs in the `Settings` and all of them train at once, side by
side along a leading runs axis; each gives, to the bit, what it would have given alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import isfinite

import numpy as np

from .checks import number, numeric, of_kind, one_of, whole
from .clipping import clip_norm, clip_value
from .datasets import Data, batches
from .losses import Loss, get_loss
from .network import MLP, Params, layer_sizes, stack
from .optimizers import Optimizer, get_optimizer, sgd
from .regularization import EarlyStopping, d_l1, d_l2
from .schedules import Plateau, check_schedule


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that decides a training run; `lr` or `run` may be a tuple, which makes it a sweep.

    batch_size None takes all records; `run` numbers runs that differ in nothing but their random
    draws; `schedule(step)` multiplies the rate; loss None takes the one that suits the data. The
    penalties act on weights, not on biases; `patience` counts evaluations, and the parameters at the
    end are then the best on the validation data. Raises ValueError for values that make no sense.
    """

    hidden: tuple[int, ...] = (16, 16)
    activation: str | tuple[str, ...] = "tanh"
    initializer: str | Callable | None = None
    optimizer: Optimizer | str = field(default_factory=sgd)
    lr: float | tuple[float, ...] = 0.1
    schedule: Callable[[int], float] | None = None
    batch_size: int | None = 32
    steps: int = 420
    evaluate_every: int = 7
    seed: int = 0
    run: int | tuple[int, ...] = 0
    dtype: str = "float32"
    loss: Loss | str | None = None
    normalization: str | None = None
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    clip_value: float | None = None
    clip_norm: float | None = None
    plateau: Plateau | None = None
    patience: int | None = None
    min_delta: float = 0.0

    def __post_init__(self):
        for name, check in (("lr", lambda v: number("lr", v, 0, above=True)), ("run", lambda v: whole("run", v))):
            value = getattr(self, name)
            many = isinstance(value, list | tuple | range) or np.ndim(value) > 0
            if many and not len(value):
                raise ValueError(f"{name} needs at least one value for a sweep")
            object.__setattr__(self, name, tuple(check(v) for v in value) if many else check(value))
        if isinstance(self.lr, tuple) and isinstance(self.run, tuple) and len(self.lr) != len(self.run):
            raise ValueError(f"{len(self.lr)} learning rates for {len(self.run)} runs; give as many")
        object.__setattr__(self, "hidden", layer_sizes("hidden", self.hidden))
        for name in ("steps", "evaluate_every"):
            whole(name, getattr(self, name), 1)
        for name in ("batch_size", "patience"):
            if getattr(self, name) is not None:
                whole(name, getattr(self, name), 1)
        for name in ("clip_value", "clip_norm"):
            if getattr(self, name) is not None:
                number(name, getattr(self, name), 0, above=True)
        for name in ("l1", "l2", "min_delta"):
            number(name, getattr(self, name), 0)
        if self.schedule is not None:
            check_schedule("schedule", self.schedule)
        if self.plateau is not None:
            of_kind("plateau", self.plateau, Plateau)
        whole("seed", self.seed)
        one_of("dtype", self.dtype, ("float32", "float64"))
        get_optimizer(self.optimizer)

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
    """What happened, and where it ended; in a sweep every array has a leading axis of runs.

    `cost` (k,) is that of all training records at each `step`, `validation_cost` the same on the
    validation data, if there were any. A run that has stopped keeps its last cost. `last` is the step
    it stopped at, `best` the one its parameters are from, `diverged` the step at which its numbers
    stopped being finite (-1: never), and `where` says in which part of the network.
    """

    settings: Settings
    network: MLP
    params: Params
    step: np.ndarray
    cost: np.ndarray
    validation_cost: np.ndarray | None
    last: np.ndarray
    best: np.ndarray
    diverged: np.ndarray
    where: np.ndarray
    loss: Loss
    interrupted: bool = False

    def predict(self, x, run=...):
        """What one run's network predicts for records `x`: values, or probabilities of the classes.

        Raises ValueError for records of another shape, NaN, and a run that does not exist.
        """
        x = numeric("x", x).astype(self.settings.dtype)
        return self.loss.head(self.network.predict(self.params.run(self._known(run)), x))

    def words(self, run=...):
        """How one run ended, as a sentence; ValueError unless there is such a run."""
        if np.ndim(self.last[self._known(run)]):
            raise ValueError(f"run must say which of the {self.settings.runs} runs, as in words(0)")
        last, best, diverged = (int(a[run]) for a in (self.last, self.best, self.diverged))
        if diverged >= 0:
            return f"diverged at step {diverged}: {self.where[run]} was no finite number any more"
        end = "interrupted" if self.interrupted else "stopped early" if last < self.settings.steps else "trained"
        back = f", back to the best parameters, of step {best}" if best < last else ""
        return f"{end} {'until' if end == 'trained' else 'at'} step {last}{back}"

    def _known(self, run):
        runs = self.settings.runs
        if run is ... or (runs and isinstance(run, list | slice | np.ndarray)):
            return run
        if runs is None:
            raise ValueError(f"run must be left out: this is the history of a single run, it has no run {run!r}")
        return whole("run", run, 0, runs - 1)


class Training:
    """One training in progress; `train` steps through it.

    `going` marks the runs that are: `params`, `grads`, `state`, `lr` and `rngs` have only theirs,
    `result` and the records those of all.
    """

    def __init__(self, settings, data, validation=None):
        s = self.settings = of_kind("settings", settings, Settings)
        of_kind("data", data, Data)
        if validation is not None:
            of_kind("validation", validation, Data)
        self.loss = get_loss(s.loss or data.loss)
        self.parts = [part.astype(s.dtype) for part in (data, validation) if part is not None]
        sizes = (data.x.shape[1], *s.hidden, data.n_out)
        self.network = MLP(sizes, s.activation, s.initializer, s.normalization, s.dropout)
        self._check()
        self.optimizer = get_optimizer(s.optimizer)

        self.rngs = [np.random.default_rng([s.seed, run]) for run in np.atleast_1d(s.run)]
        start = [self.network.init(rng, s.dtype) for rng in self.rngs]
        self.feed = batches(self.parts[0], s.batch_size or len(data), self.rngs)
        if s.runs is None:
            self.params, self.lr, shape = start[0], np.dtype(s.dtype).type(s.lr), ()
        else:
            self.params, shape = stack(start * (s.runs // len(start))), (s.runs,)
            self.lr = np.broadcast_to(np.array(s.lr, s.dtype), shape)[:, None]
        self.grads, self.result = self.params.copy(), self.params.copy()
        self.state = self.optimizer.init(self.params.vector)
        self.weights = self.params.only("W") if s.l1 or s.l2 else None
        self.stopping = EarlyStopping(s.patience, s.min_delta) if s.patience else None

        self.going = np.ones(shape, bool)
        self.costs = np.full((len(self.parts), *shape), np.nan, s.dtype)
        self.last, self.best, self.diverged = (np.full(shape, first) for first in (0, 0, -1))
        self.where = np.full(shape, "", object)
        self.fall = s.plateau and s.plateau.start(self.costs[0])
        self.records, self.over = [], False

    def _check(self):
        s, n = self.settings, len(self.parts[0])
        size = s.batch_size or n
        if not all(len(part) for part in self.parts):
            raise ValueError("there are no records to train on, or none to validate with")
        if size > n:
            raise ValueError(f"batch_size must be at most {n}, the number of records, not {size}")
        if s.normalization == "batch" and 1 in (size, n % size):
            raise ValueError(
                f"batch normalization needs two records or more in a batch; {n} in {size}s leave one alone"
            )
        if s.patience and len(self.parts) < 2:
            raise ValueError("early stopping watches validation data; give train(..., validation=...)")
        for part in self.parts:
            if part.x.shape[1] != self.network.sizes[0]:
                raise ValueError(f"x must have {self.network.sizes[0]} columns, as in training, not {part.x.shape[1]}")
            self.loss.check_targets(part.y, self.network.sizes[-1])

    def step(self, t):
        """Forward, loss, backward, update: the t-th, from 1, of every run that is still going."""
        params, grads = self.params, self.grads
        x, y = next(self.feed)
        if x.ndim > 2 and len(x) > len(params.vector):
            x, y = x[self.going], y[self.going]
        z, kept = self.network.forward(params, x, self.rngs)
        self.network.backward(params, kept, self.loss.gradient(z, y), grads)
        g = self.shaped(grads.vector)
        params.vector[...], self.state = self.optimizer.update(params.vector, g, self.state, self.rate(t), t)
        flat = params.vector.ravel()
        if not isfinite(flat @ flat):  # one number tells whether to look closer
            lost = ~np.isfinite(params.vector).all(axis=-1)
            where = [self.network.blame(kept, z, grads, run) for run in np.flatnonzero(lost)] if lost.ndim else ""
            self.lose(t, self.among(lost), where or self.network.blame(kept, z, grads))

    def rate(self, t):
        """The learning rate of step t, one per run."""
        lr = self.lr
        if self.settings.schedule:
            lr = lr * float(self.settings.schedule(t - 1))
        if self.fall:
            lr = lr * self.living(self.fall[2]).reshape(lr.shape)
        return lr

    def shaped(self, g):
        """The gradient with penalties added, then clipped."""
        s = self.settings
        if s.l1:
            g = g + d_l1(self.params.vector, s.l1) * self.weights
        if s.l2:
            g = g + d_l2(self.params.vector, s.l2) * self.weights
        if s.clip_value:
            g = clip_value(g, s.clip_value)
        return clip_norm(g, s.clip_norm) if s.clip_norm else g

    def evaluate(self, t):
        """Record the costs of every run; retire those that have diverged or waited too long."""
        for i, part in enumerate(self.parts):
            z = self.network.forward(self.params, part.x)[0]
            self.costs[i, self.going] = self.loss.cost(z, part.y)
        self.last[self.going] = t
        self.records.append((t, self.costs.copy()))
        watched = self.costs[-1]  # the validation data, if there are any
        if self.fall:
            self.fall = self.settings.plateau.next(self.fall, watched)
        lost = self.going & ~np.isfinite(self.costs[0])
        if lost.any():
            self.lose(t, lost, "the cost")
        if self.stopping:
            better, stop = self.stopping(watched)
            self.keep(self.going & better, t)
            self.retire(self.going & stop, t)

    def lose(self, t, lost, where):
        """Note when and where runs diverged, and retire them."""
        self.diverged[lost] = self.last[lost] = t
        self.where[lost] = where
        self.costs[:, lost] = np.nan
        self.retire(lost, t)
        if self.over and not (self.records and self.records[-1][0] == t):
            self.records.append((t, self.costs.copy()))

    def retire(self, ended, t):
        """Freeze runs: the others go on without them."""
        if not ended.any():
            return
        if not self.stopping:
            self.keep(ended, t)
        stay = ~self.living(ended)
        self.going = self.going & ~ended
        self.over = not self.going.any()
        if not self.over:
            self.params, self.grads = self.params.run(stay), self.grads.run(stay)
            self.state, self.lr = tuple(part[stay] for part in self.state), self.lr[stay]
            if len(self.rngs) > 1:
                self.rngs = [rng for rng, stays in zip(self.rngs, stay) if stays]

    def keep(self, chosen, t):
        """Take the present parameters of the chosen runs over into the result."""
        self.result.put(chosen, self.params.run(self.living(chosen)))
        self.best[chosen] = t

    def living(self, values):
        """Values of all runs, cut down to those still going."""
        return values[self.going] if values.ndim else values

    def among(self, values):
        """A mark for each run still going, among those of all."""
        marks = np.zeros_like(self.going)
        marks[self.going] = values
        return marks

    def history(self, t, interrupted=False):
        """All that was recorded until step t."""
        self.last[self.going] = t
        if not self.stopping:
            self.keep(self.going, t)
        costs = np.stack([costs for _, costs in self.records], axis=-1)
        steps, validation = np.array([step for step, _ in self.records]), costs[1] if len(costs) > 1 else None
        ends = self.last, self.best, self.diverged, self.where, self.loss, interrupted
        return History(self.settings, self.network, self.result, steps, costs[0], validation, *ends)


def train(settings, data, validation=None, progress=False):
    """Train an MLP on `data` and return the History.

    The costs of `validation` data, if given, are recorded beside it; `progress` shows a bar. Ctrl-C (or
    the stop button) ends the training and keeps what there is. Raises ValueError for settings that do
    not suit the data.
    """
    training, interrupted, t = Training(settings, data, validation), False, 0
    steps = range(1, settings.steps + 1)
    if progress:
        from tqdm.auto import tqdm

        steps = tqdm(steps, unit="step", leave=False)
    with np.errstate(all="ignore"):  # divergence is said in words
        training.evaluate(0)
        try:
            for t in steps:
                if training.over:
                    break
                training.step(t)
                if (t % settings.evaluate_every == 0 or t == settings.steps) and not training.over:
                    training.evaluate(t)
        except KeyboardInterrupt:
            interrupted = True
    return training.history(t, interrupted)


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
    of_kind("settings", settings, Settings), number("start", start, 0, above=True)
    number("factor", factor, 1, above=True)
    rates = start * factor ** np.arange(whole("trials", trials, 2))
    history = train(replace(settings, lr=tuple(rates), steps=steps, evaluate_every=steps), data)
    costs = np.where(np.isfinite(history.cost[:, -1]), history.cost[:, -1], np.inf)
    lowest = rates[costs.argmin()]
    return RateTest(rates, costs, float(history.cost[0, 0]), float(lowest), float(lowest / factor))
