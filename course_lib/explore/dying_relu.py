"""Dying ReLU: units killed by their bias or by the learning rate, and what brings them back."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..datasets import get_dataset
from ..figures import BLUE, GREEN, GREY, ORANGE, PINK, records
from ..network import MLP
from ..training import Settings, Training
from .controls import Choice, Menu, Rate, Slide
from .layers import unit_lines
from .learning_rate import BATCH_SIZES, RECORDS
from .live import Explorer, Picture

UNITS, STEPS, HALF, EVERY, RUNS = 16, 240, 120, 6, 5
FAR = 1e12  # beyond, or no number: the unit has no line worth drawing
KINDS = ("relu", "leaky_relu", "prelu", "elu")
LOOKS = {  # colour, line style and marker: three cues
    "relu": (ORANGE, "-", "o"),
    "leaky_relu": (BLUE, "--", "s"),
    "prelu": (PINK, "-.", "D"),
    "elu": (GREEN, ":", "^"),
}
CHANGES = ("nothing", "rate ÷ 10", "bias + 2", "leaky_relu")
CHANGED = {
    "nothing": "no change",
    "rate ÷ 10": "the learning rate divided by 10",
    "bias + 2": "2 added to every bias",
    "leaky_relu": "leaky_relu from here on",
}


def state(training):
    """z of the hidden layer and, per unit, whether it is off and whether it is dead.

    Off: z <= 0 for every record. Dead: the slope is 0 for every record, so nothing reaches the unit's weights.
    """
    dense, bend = training.network.layers[:2]
    z, _ = dense.forward(training.params, training.parts[0].x)
    slope = bend.pullback(training.params, z, np.ones_like(z))
    return z, (z <= 0).all(axis=-2), (slope == 0).all(axis=-2)


def change(training, half_time):
    """What happens at half time; the rate is changed by the schedule."""
    if half_time == "bias + 2":
        training.params["b1"][...] += 2
    elif half_time == "leaky_relu":
        training.network = MLP(training.network.sizes, "leaky_relu")
        training.grads.vector[...] = 0  # PReLU's slope stays among the parameters, and nothing moves it now


def life(lr, activation, batch_size, bias, half_time, run):
    """A training with a change at half time, or several at once; shares of units off and dead every few steps."""
    settings = Settings(
        hidden=(UNITS,), lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, run=run,
        schedule=(lambda step: 0.1 if step >= HALF else 1.0) if half_time == "rate ÷ 10" else None,
    )  # fmt: skip
    training, seen = Training(settings, get_dataset("moons", RECORDS)), []
    training.params["b1"][...] = bias
    first = last = state(training)
    with np.errstate(all="ignore"):
        for t in range(STEPS + 1):
            if t > 0:
                training.step(t)
            if t % EVERY == 0 and not training.over:
                training.evaluate(t)
            if training.over:
                seen.append(np.full((*training.going.shape, 3), np.nan))  # nothing more to show of any run
                break
            if t % EVERY == 0:
                last, row = state(training), np.full((*training.going.shape, 3), np.nan)
                cost = training.living(training.costs[0])
                shares = [mark.mean(axis=-1) for mark in last[1:]]
                row[training.going] = np.stack([*shares, cost], axis=-1)
                seen.append(row)
            if t == HALF:
                change(training, half_time)
    off, dead, cost = np.moveaxis(seen, (-1, 0), (0, -1))
    return SimpleNamespace(
        params=training.params, first=first, last=last, off=off, dead=dead, cost=cost, lost=training.diverged,
        step=EVERY * np.arange(len(seen)),
    )  # fmt: skip


class One(Picture):
    """One network: which of its units are off or dead, and where their borders lie."""

    size = (860, 320)

    @staticmethod
    @lru_cache(maxsize=128)
    def compute(lr, activation, batch_size, bias, half_time):
        return life(lr, activation, batch_size, bias, half_time, 0)

    def build(self, figure):
        self.share, self.z, self.plane = figure.subplots(1, 3, width_ratios=(1, 1.1, 1))
        self.share.set(xlim=(0, STEPS), ylim=(-0.03, 1.3), xlabel="step (one update)", ylabel="share of the units")
        self.share.set_yticks((0, 0.25, 0.5, 0.75, 1), ("0%", "25%", "50%", "75%", "100%"))
        self.share.axvline(HALF, ymax=0.78, color=GREY, lw=1, ls=":")
        self.share.text(HALF + 4, 0.46, "half time", color=GREY, size=9, rotation=90, va="top")
        self.off = self.share.plot([], [], color=BLUE, ls="--", animated=True, label="off: z ≤ 0 for every record")[0]
        self.dead = self.share.plot([], [], color=ORANGE, animated=True, label="dead: slope 0 for every record")[0]
        self.share.legend(loc="upper left", handlelength=1.6, borderaxespad=0.2)
        self.z.set_yscale("symlog", linthresh=1)
        self.z.set(xlim=(0, UNITS + 1), ylim=(-300, 300), xlabel="hidden unit", ylabel="z, lowest to highest")
        self.z.set_xticks((1, 4, 8, 12, 16))
        self.z.axhline(0, color="black", lw=0.9)
        ends = dict(animated=True)
        self.before = self.z.vlines([], [], [], color=GREY, lw=1.3, label="at the start", **ends)
        self.alive = self.z.vlines([], [], [], color=BLUE, lw=5, label="now", **ends)
        self.gone = self.z.vlines([], [], [], color=ORANGE, lw=5, ls=(0, (0.6, 0.4)), label="now, dead", **ends)
        self.z.legend(loc="upper left", ncols=3, handlelength=1.2, columnspacing=1, borderaxespad=0.2)
        self.plane.set(xlim=(-2.6, 2.6), ylim=(-2.6, 2.6), xlabel="input x₁ (lines: z = 0)", ylabel="input x₂")
        self.plane.set(xticks=range(-2, 3), yticks=range(-2, 3))
        self.plane.grid(False)
        points = get_dataset("moons", RECORDS)
        records(self.plane, points.x, points.y, animated=False)
        self.lines = [self.plane.plot([], [], lw=1.3, animated=True)[0] for _ in range(UNITS)]
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.share, self.z, self.plane)]

    def show(self, result, settings):
        z, off, dead = result.last
        self.off.set_data(result.step, result.off)
        self.dead.set_data(result.step, result.dead)
        unit = np.arange(1, UNITS + 1)
        bars = np.stack([unit, z.min(axis=0), unit, z.max(axis=0)], axis=-1).reshape(-1, 2, 2).astype(float)
        start = np.stack([unit - 0.4, result.first[0].min(axis=0), unit - 0.4, result.first[0].max(axis=0)], axis=-1)
        self.before.set_segments(start.reshape(-1, 2, 2))
        self.alive.set_segments(bars[~dead])
        self.gone.set_segments(bars[dead])
        W, b = result.params["W1"], result.params["b1"][0]
        for j, line in enumerate(self.lines):
            drawn = max(abs(b[j]), np.abs(W[:, j]).max()) < FAR
            line.set_data(*(unit_lines(W[:, [j]], b[[j]]) if drawn else ([], [])))
            line.set(color=ORANGE if dead[j] else BLUE, ls="--" if dead[j] else "-")
        self.titles[0].set_text(f"Dead: {dead.sum()} of {UNITS} units, off: {off.sum()}")
        self.titles[1].set_text("All below 0: off" if off.any() else "Every unit gets above 0")
        self.titles[2].set_text("Diverged" if result.lost > 0 else f"Cost {result.cost[-1]:.2g}")

    def words(self, result, settings):
        _, off, dead = result.last
        said = (
            f"{settings.activation}, biases from {settings.bias:g}, learning rate {settings.lr:g}: at the start "
            f"{result.first[1].sum()} of {UNITS} units are off for every record, "
        )
        if result.lost > 0:
            return said + f"at step {result.lost} the training diverged."
        middle = round(UNITS * result.dead[HALF // EVERY])
        said += f"at half time {middle} are dead; then {CHANGED[settings.half_time]}; "
        return said + f"at the end {dead.sum()} are dead, {off.sum()} off. Cost {result.cost[-1]:.2g}."


def middle(shares):
    """The share at the end, in the middle of the runs that got there."""
    ends = shares[:, -1][np.isfinite(shares[:, -1])]
    return f"{np.median(ends):.0%}" if len(ends) else "diverged"


class Four(Picture):
    """Relu and three that leak, from the same starts and with the same batches."""

    size = (860, 270)
    later = True

    @staticmethod
    @lru_cache(maxsize=64)
    def compute(lr, batch_size, bias, half_time):
        return {kind: life(lr, kind, batch_size, bias, half_time, tuple(range(RUNS))) for kind in KINDS}

    def build(self, figure):
        self.share, self.cost = figure.subplots(1, 2, width_ratios=(1.35, 1))
        self.share.set(xlim=(0, STEPS), ylim=(-0.03, 1.25), xlabel="step (one update)", ylabel="off for every record")
        self.share.set_yticks((0, 0.25, 0.5, 0.75, 1), ("0%", "25%", "50%", "75%", "100%"))
        self.share.axvline(HALF, ymax=0.78, color=GREY, lw=1, ls=":")
        self.lines, self.thin, self.dots, self.notes = {}, {}, {}, {}
        self.cost.set(yscale="log", xlim=(-0.5, len(KINDS) - 0.5), ylim=(0.02, 100), ylabel=f"cost after {STEPS} steps")
        self.cost.set_xticks(range(len(KINDS)), KINDS)
        self.cost.axhline(np.log(2), color=GREY, lw=1, ls=":")
        self.cost.text(len(KINDS) - 0.52, np.log(2) * 1.1, "guessing", color=GREY, size=9, ha="right")
        for kind, (colour, style, marker) in LOOKS.items():
            thin = dict(color=colour, ls=style, lw=0.8, alpha=0.45, animated=True)
            self.thin[kind] = [self.share.plot([], [], **thin)[0] for _ in range(RUNS)]
            self.lines[kind] = self.share.plot([], [], color=colour, ls=style, lw=2.4, animated=True, label=kind)[0]
            self.notes[kind] = self.cost.text(0, 40, "", color=colour, size=9, ha="center", va="center", animated=True)
            self.dots[kind] = self.cost.plot([], [], marker, color=colour, mec="white", ms=7, animated=True)[0]
        self.share.legend(loc="upper left", ncols=4, handlelength=2.4, columnspacing=1.4, borderaxespad=0.2)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.share, self.cost)]

    def show(self, result, settings):
        for k, (kind, seen) in enumerate(result.items()):
            for line, off in zip(self.thin[kind], seen.off, strict=True):
                line.set_data(seen.step, off)
            self.lines[kind].set_data(seen.step, np.median(seen.off, axis=0))
            cost = np.clip(np.nan_to_num(seen.cost[:, -1], nan=1e3, posinf=1e3), 0.022, 88)
            lost = int((seen.lost > 0).sum())
            self.notes[kind].set(x=k, text=f"{lost} diverged" if lost else "")
            self.dots[kind].set_data(k + np.linspace(-0.2, 0.2, RUNS), cost)
        self.titles[0].set_text("Off at the end: " + ", ".join(middle(seen.off) for seen in result.values()))
        low = [np.median(np.nan_to_num(seen.cost[:, -1], nan=np.inf)) for seen in result.values()]
        self.titles[1].set_text(f"Lowest middle cost: {KINDS[int(np.argmin(low))]}, {min(low):.2g}")

    def words(self, result, settings):
        ends = ", ".join(f"{kind} {middle(seen.dead)}" for kind, seen in result.items())
        return f"Below, the four from the same {RUNS} starts (thick: the middle run). Units dead at the end: {ends}."


class DyingRelu(Explorer):
    """Dead units by bias and learning rate, what revives them, and the same starts with three leaky relatives."""

    name = "dying_relu"
    controls = {
        "lr": Rate("learning rate", 0.5, 1e-2, 30),
        "activation": Choice("activation", "relu", KINDS),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "bias": Slide("biases start at", -3.0, -6, 2, 0.5),
        "half_time": Menu("at half time", "nothing", CHANGES),
    }
    pictures = (One, Four)


dying_relu = DyingRelu
