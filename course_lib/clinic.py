"""Sick training runs, trained for real: a case, its life step by step, and what comes out of it.

A `Case` is all that decides a run: the training's settings, and what was done to records and network
before it. `life` trains it and watches; `outcome` trains it three times and only looks at the end.
The patients themselves are in patients.py.
"""

from dataclasses import dataclass, field, fields, replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from .activations import FLAT, HIDDEN, dead_units
from .checks import number, one_of, whole
from .datasets import DATASETS, Standardiser
from .losses import BRIER
from .metrics import confusion_matrix
from .optimizers import OPTIMIZERS
from .training import Settings, Training

RUNS = (0, 1, 2)
LOOKS = 30
FRESH = 600
PARTS = ("training", "validation", "fresh")
STARTS = ("zeros", "constant", "normal", "xavier_uniform", "he_normal")

CHOICES = {  # what can have been done to the records and in evaluation
    "duplicates": ("keep", "drop"),
    "shuffle": ("rows", "x alone"),
    "scaling": ("none", "standardise"),
    "evaluation": ("dropout on", "dropout off"),
}

CONTROLS = {  # the settings that can be changed, each with its check
    "lr": lambda v: number("lr", v, 0, 1000, above=True),
    "activation": lambda v: one_of("activation", v, HIDDEN),
    "initializer": lambda v: one_of("initializer", v, STARTS),
    "optimizer": lambda v: one_of("optimizer", v, OPTIMIZERS),
    "units_per_layer": lambda v: whole("units_per_layer", v, 1, 64),
    "batch_size": lambda v: whole("batch_size", v, 1, 128),
    "steps": lambda v: whole("steps", v, 1, 2000),
    "loss": lambda v: one_of("loss", v, ("bce", "brier", "mse")),
    "normalization": lambda v: v if v is None else one_of("normalization", v, ("batch", "layer")),
    "dropout": lambda v: number("dropout", v, 0, 0.95),
    "l1": lambda v: number("l1", v, 0, 10),
    "l2": lambda v: number("l2", v, 0, 10),
    "clip_norm": lambda v: v if v is None else number("clip_norm", v, 0, 1000, above=True),
    "patience": lambda v: v if v is None else whole("patience", v, 1, 100),
    "duplicates": lambda v: one_of("duplicates", v, CHOICES["duplicates"]),
    "shuffle": lambda v: one_of("shuffle", v, CHOICES["shuffle"]),
    "scaling": lambda v: one_of("scaling", v, CHOICES["scaling"]),
    "spread": lambda v: number("spread", v, 0, 100),
    "bias": lambda v: number("bias", v, -20, 20),
    "evaluation": lambda v: one_of("evaluation", v, CHOICES["evaluation"]),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One run: `training` as ever, the rest is what happened to records and network before it.

    The file holds each of `records` drawn ones `copies` times; a third of it becomes validation data.
    `unit` multiplies the second input (metres or millimetres). `spread` multiplies the initial weights;
    hidden biases start at `bias`, the output's at `output_bias`.
    """

    training: Settings = field(default_factory=Settings)
    data: str = "moons"
    records: int = 180
    noise: float = 0.2
    copies: int = 1
    duplicates: str = "keep"
    shuffle: str = "rows"
    unit: float = 1.0
    scaling: str = "none"
    spread: float = 1.0
    bias: float = 0.0
    output_bias: float = 0.0
    evaluation: str = "dropout off"

    def change(self, **changes):
        """The same case with some of the CONTROLS changed; ValueError for values that make no sense."""
        own, training = {}, {}
        for name, value in changes.items():
            value = CONTROLS[one_of("setting", name, CONTROLS)](value)
            if name == "units_per_layer":
                name, value = "hidden", (value,) * len(self.training.hidden)
            (own if name in OWN else training)[name] = BRIER if value == "brier" else value
        return replace(self, training=replace(self.training, **training), **own)

    def get(self, name):
        """The present value of one of the CONTROLS."""
        if name == "units_per_layer":
            return self.training.hidden[0]
        value = getattr(self if name in OWN else self.training, name)
        if name == "initializer" and value is None:
            return "xavier_uniform" if self.training.activation in ("tanh", "sigmoid") else "he_normal"
        return getattr(value, "name", value) or ("bce" if name == "loss" else value)


def chart(case):
    """What the owner tells about a run; what was done to records and network before it, nobody mentions."""
    s, get = case.training, case.get
    records = case.records * (case.copies if case.duplicates == "keep" else 1)
    training = records * 2 // 3
    sizes = "-".join(map(str, (2, *s.hidden, 1))) if len(s.hidden) < 5 else f"2-{s.hidden[0]} × {len(s.hidden)}-1"
    size = s.batch_size or "all"
    return (
        f"{case.data}, {training} training and {records - training} validation records; network {sizes}, "
        f"{get('activation')}, initializer {get('initializer')}, normalization {s.normalization or 'none'}, "
        f"dropout {s.dropout:g}; loss {get('loss')}, l1 {s.l1:g}, l2 {s.l2:g}; {get('optimizer')}, lr {s.lr:g}, "
        f"batch size {size}, {s.steps} steps."
    )


OWN = {f.name for f in fields(Case)}


@lru_cache(maxsize=64)
def prepared(data, records, noise, copies, duplicates, shuffle, unit, scaling):
    """Training, validation and fresh records; the fresh ones were collected later, and always with care."""
    rng = np.random.default_rng(27)
    file, fresh = DATASETS[data](records, noise, seed=1), DATASETS[data](FRESH, noise, seed=99)
    if shuffle == "x alone":
        file = replace(file, x=file.x[rng.permutation(records)])
    rows = np.tile(np.arange(records), copies if duplicates == "keep" else 1)
    file = file.take(rng.permutation(rows))
    cut = len(file) * 2 // 3
    parts = file.take(slice(cut)), file.take(slice(cut, None)), fresh
    parts = [replace(part, x=part.x * [1, unit]) for part in parts]
    return tuple(map(Standardiser(parts[0]), parts)) if scaling == "standardise" else tuple(parts)


class Bed(Training):
    """A training whose network starts as the case has it, and which can be examined at any time."""

    def __init__(self, case, **changes):
        self.case = case
        of_data = ("data", "records", "noise", "copies", "duplicates", "shuffle", "unit", "scaling")
        parts = prepared(*(getattr(case, name) for name in of_data))
        settings = replace(case.training, **changes)
        settings = replace(settings, batch_size=min(settings.batch_size or len(parts[0]), len(parts[0])))
        super().__init__(settings, *parts[:2])
        self.parts_seen = [part.astype(settings.dtype) for part in parts]
        last = len(self.network.sizes) - 1
        for i in range(1, last + 1):
            self.params[f"W{i}"] *= case.spread
            self.params[f"b{i}"] += case.bias if i < last else case.output_bias

    def rngs_of_evaluation(self, seed=7):
        """None, unless dropout stays on in evaluation."""
        count = self.settings.runs or 1
        return (
            [np.random.default_rng([seed, i]) for i in range(count)] if self.case.evaluation == "dropout on" else None
        )

    def ask(self, params, part, seed=7):
        """Cost and, for each record, guess and whether it is right."""
        z = self.network.forward(params, part.x, self.rngs_of_evaluation(seed))[0]
        guess = self.loss.head(z) > 0.5
        return self.loss.cost(z, part.y), guess, guess == (part.y > 0.5)

    def run(self, look=lambda t: None):
        """Train to the end; `look(t)` after every evaluation."""
        steps, every = self.settings.steps, self.settings.evaluate_every
        with np.errstate(all="ignore"):
            self.evaluate(0)
            look(0)
            for t in range(1, steps + 1):
                if self.over:
                    break
                self.step(t)
                if (t % every == 0 or t == steps) and not self.over:
                    self.evaluate(t)
                    look(t)
            return self.history(t)


@lru_cache(maxsize=256)
def outcome(case):
    """Cost and share of right guesses, (parts, runs) each, of three runs; a run that diverged has inf and 0.

    `same` is the share of validation records with the same guess when asked twice, `seen` the share of
    them that stand among the training records as well. `sure` is the share of fresh records with the right
    guess every time when asked ten times.
    """
    bed = Bed(case, run=RUNS, evaluate_every=max(case.training.steps // LOOKS, 1))
    history = bed.run()
    with np.errstate(all="ignore"):
        asked = [bed.ask(history.params, part) for part in bed.parts_seen]
        again = bed.ask(history.params, bed.parts_seen[1], seed=8)[1]
        always = np.all([bed.ask(history.params, bed.parts_seen[2], seed)[2] for seed in range(10)], axis=0)
    lost = (history.diverged >= 0) | ~np.isfinite([cost for cost, _, _ in asked]).all(axis=0)
    cost = np.where(lost, np.inf, [cost for cost, _, _ in asked])
    right = np.where(lost, 0.0, [right.mean(axis=(-2, -1)) for _, _, right in asked])
    same = (again == asked[1][1]).mean(axis=(-2, -1))
    sure = np.where(lost, 0.0, always.mean(axis=(-2, -1)))
    return SimpleNamespace(cost=cost, right=right, lost=lost, same=same, sure=sure, seen=seen(*bed.parts_seen[:2]))


def seen(training, validation):
    """Share of the validation records that are among the training records."""
    return float((validation.x[:, None] == training.x).all(axis=-1).any(axis=-1).mean())


def examine(bed, before):
    """What the doctor can measure between two steps; `before` are the parameters of the step before."""
    params, part = bed.params.copy(), bed.parts_seen[0]  # a copy: batch normalization changes its averages
    mode = None
    if bed.settings.normalization == "batch" or bed.settings.dropout:  # as in training: only there is a way back
        mode = [np.random.default_rng(7)]
    reports = bed.network.watch(params, part.x, part.y, bed.loss, mode)
    dense = [f"W{i}" for i in range(1, len(reports) + 1)]
    moved = [np.linalg.norm(params[name] - before[name]) for name in dense]
    dead, flat, x = [], [], part.x
    for layer in bed.network.layers[:-1]:
        z, (x, _) = x, layer.forward(params, x, mode)
        if type(layer).__name__ == "Activate":
            slope = layer.pullback(params, z, np.ones_like(z))
            dead.append(dead_units(slope))
            flat.append(np.abs(slope) < FLAT)
    return SimpleNamespace(
        gradient=[r.gradient_norm for r in reports],
        moved=[m / max(r.weight_norm, 1e-30) for m, r in zip(moved, reports)],
        signal=[r.a_std for r in reports],
        dead=np.mean(dead), flat=np.mean(flat),
        weights=np.concatenate([params[name].ravel() for name in dense]),
    )  # fmt: skip


@lru_cache(maxsize=64)
def life(case):
    """One run, watched: costs and right guesses (2, looks), what was examined at each look, the end."""
    bed = Bed(case, evaluate_every=max(case.training.steps // LOOKS, 1))
    seen, before = [], [bed.params.copy()]
    step = bed.step

    def careful_step(t):
        if t % bed.settings.evaluate_every == 0 or t == bed.settings.steps:
            before[0] = bed.params.copy()
        step(t)

    def look(t):
        if bed.over and bed.diverged >= 0:
            return
        asked = [bed.ask(bed.params, part, seed=t) for part in bed.parts_seen[:2]]
        costs, right = [float(a[0]) for a in asked], [float(a[2].mean()) for a in asked]
        try:
            found = examine(bed, before[0])
        except ValueError:  # numbers that are none any more: nothing to examine
            return
        seen.append((t, costs, right, found))

    bed.step = careful_step
    history = bed.run(look)
    with np.errstate(all="ignore"):
        asked = [bed.ask(history.params, part) for part in bed.parts_seen]
        again = bed.ask(history.params, bed.parts_seen[1], seed=8)[1]
    step, cost, right, found = zip(*seen)
    return SimpleNamespace(
        case=case, parts=bed.parts_seen, step=np.array(step), cost=np.array(cost).T, right=np.array(right).T,
        found=found, diverged=int(history.diverged), last=int(history.last), fresh=float(asked[2][2].mean()),
        matrix=confusion_matrix(bed.parts_seen[1].y, asked[1][1], 2), same=float((again == asked[1][1]).mean()),
        network=bed.network, params=history.params, head=bed.loss.head, dice=bed.rngs_of_evaluation,
    )  # fmt: skip
