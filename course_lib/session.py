"""A training to play with: step by step, with settings that may change on the way.

A session is decided by the settings it started with, by what was changed at which step, be it a setting
or a single weight, and by how many steps were taken. That is its `state`; a session made from it is equal
to the last bit.
"""

from collections import deque
from dataclasses import asdict, dataclass, replace

import numpy as np

from .activations import FLAT, dead_units
from .checks import number, numeric, of_kind, one_of, whole
from .datasets import batches
from .metrics import accuracy, confusion_matrix
from .network import Activate, Dense, LearnedSlope
from .session_settings import LOOK, Setup, prepared, raw_parts, replaced, with_targets
from .to_torch import to_torch
from .training import Training

KEPT = 400  # looks that are kept; then every other one is dropped, and from there on


@dataclass(frozen=True)
class LayerLook:
    """One dense layer: its weights, the norms of its latest gradients, shares of dead units and of flat slopes."""

    name: str
    weights: np.ndarray
    gradient_norms: np.ndarray
    dead: float  # units that put out 0 for every training record
    saturated: float  # slopes below FLAT, of all units and records


@dataclass(frozen=True)
class Look:
    """What can be said of the network as it stands; accuracy and confusion are None for a regression."""

    step: int
    epoch: float
    cost: float
    validation_cost: float
    accuracy: float | None
    validation_accuracy: float | None
    confusion: np.ndarray | None
    layers: list


class Session:
    """A training in steps. Settings changed by `change` count from the next step.

    `steps`, `changes` ({step: {setting: value}}) and `edits` ({step: {(name, row, column): value}}) bring
    back what was done before. Raises ValueError for settings that make no sense, or not with each other.
    """

    def __init__(self, steps=0, changes=None, edits=None, **settings):
        self._begin(replaced(Setup(), settings))
        whole("steps", steps)
        changes, edits = of_kind("changes", changes or {}, dict), of_kind("edits", edits or {}, dict)
        for at in sorted(whole("a step in changes", at, 0, steps) for at in {*changes, *edits}):
            self._reach(at)
            if anew := self.change(**of_kind(f"the change at step {at}", changes.get(at, {}), dict)):
                raise ValueError(f"the change at step {at} cannot be carried out: it {anew}; begin with it instead")
            self._put(of_kind(f"the edit at step {at}", edits.get(at, {}), dict))
        self._reach(steps)

    def _reach(self, steps):
        if self.step(steps - self.steps) and self.over:
            raise ValueError(f"the training ended at step {self.steps} ({self.ending}), before step {steps}")

    def _begin(self, setup, training=None):
        self.start = self.setup = self._active = setup
        self.training, self._next = training or self._prepare(setup), None
        self.steps, self.epochs, self.changes, self.edits, self._since, self._spacing = 0, 0.0, {}, {}, 0, LOOK
        self.history, self._norms = [], deque(maxlen=100)
        self._look()

    def _prepare(self, setup, since=0):
        """A Training for these settings, at its start."""
        train, validation, _ = (with_targets(prepared(part, setup), setup.loss) for part in raw_parts(setup))
        return Training(setup.for_training(since), train, validation)

    # ---------------------------------------------------------------- change and step

    def change(self, **settings):
        """Change settings from the next step on; says in words if that means to start anew."""
        setup = replaced(self.setup, settings)
        if setup == self.setup:
            return ""
        training = self._prepare(setup)  # what does not go together is refused here
        why = self._why_anew(setup, training)
        if why or not self.steps:
            edits = {} if why else self.edits.get(0, {})
            self._begin(setup, training)
            self._put(edits)
            return f"started anew: {why}" if why else ""
        self.setup, self._next = setup, setup != self._active or None
        return ""

    def edit(self, name, row, column, value):
        """Set one weight by hand: `row` of W1, W2, … is the unit it comes from, `column` the one it goes to.

        A bias is in row 0 of b1, b2, … Raises ValueError for a place that does not exist.
        """
        params = self.training.params
        one_of("parameter", name, [name for name in params if name[0] in "Wb"])
        rows, columns = params[name].shape
        place = name, whole("row", row, 0, rows - 1), whole("column", column, 0, columns - 1)
        params[name][place[1:]] = number("value", value)
        self.edits.setdefault(self.steps, {})[place] = float(value)

    def _put(self, edits):
        for place, value in edits.items():
            if not isinstance(place, tuple) or len(place) != 3:
                raise ValueError(f'an edited place must be written as ("W1", row, column), not {place!r}')
            self.edit(*place, value)

    def _why_anew(self, setup, training):
        """Why these settings cannot be carried on with, in words; empty if they can."""
        drawn = ("data", "records", "noise", "train", "standardise", "features", "seed", "initializer")
        if other := [name for name in drawn if getattr(setup, name) != getattr(self.setup, name)]:
            return f"other {', '.join(other)}"
        new, old = training.params, self.training.params
        if new.shapes != old.shapes or new.running.keys() != old.running.keys():
            return "a network of another shape"
        return "it had diverged" if self.diverged else ""

    def _take_over(self):
        """Carry on with the settings as changed: the parameters stay, and all memory that still has a meaning."""
        old, was, now = self.training, self._active, self.setup

        def same(*names):
            return all(getattr(was, name) == getattr(now, name) for name in names)

        self.changes[self.steps] = {n: v for n, v in asdict(now).items() if v != getattr(was, n)}
        self._since = self._since if same("optimizer") else self.steps
        new = self._prepare(now, self._since)
        new.params, new.rngs, new.costs, new.records = old.params, old.rngs, old.costs, old.records
        new.state = old.state if same("optimizer") else new.optimizer.init(new.params.vector)
        size = new.settings.batch_size or len(new.parts[0])
        new.feed = old.feed if same("batch_size", "loss") else batches(new.parts[0], size, new.rngs)
        if same("patience", "loss") and not old.over:
            new.stopping, new.result, new.best = old.stopping, old.result, old.best
        if same("schedule", "schedule_steps", "loss"):
            new.fall = old.fall
        self.training, self._active, self._next = new, now, None

    def step(self, count=1):
        """Take up to `count` steps, fewer if the training ends; returns how many are missing."""
        with np.errstate(all="ignore"):  # divergence is said in words
            for left in range(whole("count", count), 0, -1):
                if self._next:
                    self._take_over()
                if self.training.over:
                    return left
                self.steps += 1
                self.epochs += 1 / self.steps_per_epoch
                self.training.step(self.steps)
                if self.steps % LOOK == 0 and not self.training.over:
                    self._look()
                if self.training.over:
                    self._end()
        return 0

    @property
    def steps_per_epoch(self):
        """How many batches show every record once."""
        n = len(self.training.parts[0])
        return -(-n // (self.training.settings.batch_size or n))

    def _look(self):
        training = self.training
        with np.errstate(all="ignore"):
            training.evaluate(self.steps)
        del training.records[:-1]  # those that are drawn are kept here
        if self.steps % self._spacing == 0:
            self.history.append((self.steps, *map(float, training.costs)))
        if len(self.history) > KEPT:
            self._spacing, self.history = 2 * self._spacing, self.history[::2]
        if self.steps:
            norms = [np.linalg.norm(training.grads[name]) for name in training.grads if name[0] == "W"]
            self._norms.append(norms)

    def _end(self):
        """The training is over: back to the best parameters, if it was stopped early."""
        if not self.diverged:
            self.training.params = self.training.result.copy()

    @property
    def diverged(self):
        """Whether the numbers have stopped being finite."""
        return bool(self.training.diverged >= 0)

    @property
    def over(self):
        """Whether another step would do nothing."""
        return self.training.over and not self._next

    @property
    def ending(self):
        """How the training ended, in words; empty while it goes on."""
        training = self.training
        if self.diverged:
            return f"diverged at step {int(training.diverged)}: {training.where[()]} was no finite number any more"
        if self.over:
            return f"stopped early at step {self.steps}, back to the best parameters, of step {int(training.best)}"
        return ""

    @property
    def state(self):
        """Settings at the start, changes, edits and steps: `Session(**session.state)` is the same again."""
        changes = {step: dict(changed) for step, changed in self.changes.items()}
        if self._next:
            active = asdict(self._active)
            changes[self.steps] = {n: v for n, v in asdict(self.setup).items() if v != active[n]}
        edits = {step: dict(edited) for step, edited in self.edits.items()}
        done = {"changes": changes, "edits": edits}
        return asdict(self.start) | {"steps": self.steps} | {name: what for name, what in done.items() if what}

    # --------------------------------------------------------------------------- look

    @property
    def parts(self):
        """Train, validation and sealed test set, as they came, in plain coordinates."""
        return raw_parts(self.setup)

    def inputs(self, x):
        """What the network is given for records `x`: features, standardised as in training."""
        raw = self.parts[0]
        x = numeric("x", x)
        if x.ndim != 2 or x.shape[1] != raw.x.shape[1]:
            raise ValueError(f"x must have shape (n, {raw.x.shape[1]}), not {x.shape}")
        return prepared(replace(raw, x=x, y=np.zeros((len(x), 1), raw.y.dtype)), self.setup).x

    def output(self, x):
        """What the last layer puts out for records `x` (n, columns), before any sigmoid or softmax."""
        return self.training.network.predict(self.training.params, self.inputs(x))

    def predict(self, x):
        """Values, or probabilities of the classes, for records `x` (n, columns)."""
        return self.training.loss.head(self.output(x))

    def classify(self, z):
        """Class numbers (n,) from the outputs `z` of the last layer."""
        return z.argmax(axis=1) if z.shape[1] > 1 else (self.training.loss.head(z)[:, 0] > 0.5).astype(int)

    def look(self):
        """The Look at the network as it stands."""
        training, raw = self.training, self.parts
        with np.errstate(all="ignore"):
            passes = [training.network.forward(training.params, part.x) for part in training.parts]
            (z, kept), (z_validation, _) = passes
            costs = [float(training.loss.cost(out, part.y)) for (out, _), part in zip(passes, training.parts)]
            layers = self._layers(kept)
        matrices = [None, None]
        if raw[0].loss != "mse":
            classes = raw[0].classes or 2
            shown = (raw[0].y, z), (raw[1].y, z_validation)
            matrices = [confusion_matrix(y.astype(int), self.classify(z), classes) for y, z in shown]
        right = [None if m is None else accuracy(m) for m in matrices]
        return Look(self.steps, self.epochs, *costs, *right, matrices[1], layers)

    def _layers(self, kept):
        network, params = self.training.network, self.training.params
        norms = np.reshape(self._norms, (len(self._norms), len(network.sizes) - 1))
        looks = []
        for layer, keep in zip(network.layers, kept):
            if isinstance(layer, Dense):
                i = len(looks)
                name = f"layer {i + 1}" if i < len(network.sizes) - 2 else "output"
                looks.append(LayerLook(name, params[layer.W].ravel(), norms[:, i], 0.0, 0.0))
            elif isinstance(layer, Activate | LearnedSlope):
                slopes = layer.pullback(params, keep, np.ones_like(keep))
                dead = dead_units(layer.forward(params, keep)[0]) & (slopes == 0).all(axis=0)
                shares = float(dead.mean()), float((np.abs(slopes) < FLAT).mean())
                looks[-1] = replace(looks[-1], dead=shares[0], saturated=shares[1])
        return looks

    def to_torch(self):
        """The present network as a torch module in float64: module(session.inputs(x)) is session.output(x)."""
        return to_torch(self.training.network, self.training.params)
