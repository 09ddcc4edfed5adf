"""A deep network whose gradients now and then explode: the history of their lengths, with clipping and without."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN
from ..clipping import clip_norm
from ..datasets import noisy_sine
from ..figures import BLUE, GREY, ORANGE, SKY
from ..optimizers import Optimizer
from ..training import Settings, Training, train
from .controls import Choice, Count, Rate
from .live import Explorer, Picture

WIDTH, RECORDS, STEPS, EVERY, RUNS = 16, 128, 150, 5, 5
DEPTHS = (1, 2, 4, 6, 8)
BATCH_SIZES = (4, 8, 16, 32, 64, RECORDS)
DATA = noisy_sine(RECORDS)
LEAST, MOST = 1e-2, 1e5  # of the axis of lengths


def clipped_when_finite(limits):
    """Plain gradient descent in which every run of a sweep has its own limit; infinity stands for none."""

    def init(theta):
        return (np.array(limits)[:, None],)

    def update(theta, g, state, lr, t):
        limit = min(limits)
        return theta - lr * np.where(np.isfinite(state[0]), clip_norm(g, limit), g), state

    return Optimizer("clipped sgd", init, update)


def pairs(lr, activation, depth, batch_size, limit, seeds):
    """Settings that train each seed twice side by side, first without clipping and then with it."""
    limits = [np.inf] * len(seeds) + [limit] * len(seeds)
    return Settings(
        hidden=(WIDTH,) * depth, activation=activation, optimizer=clipped_when_finite(limits), lr=lr,
        batch_size=batch_size, steps=STEPS, evaluate_every=STEPS, run=(*seeds, *seeds),
    )  # fmt: skip


class Lengths(Picture):
    size = (860, 340)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(lr, activation, batch_size, depth, limit, seed):
        training = Training(pairs(lr, activation, depth, batch_size, limit, (seed,)), DATA)
        lengths = np.full((STEPS, 2), np.nan)
        with np.errstate(all="ignore"):
            training.evaluate(0)
            for t in range(1, STEPS + 1):
                training.step(t)
                if training.over:
                    break
                g = training.grads.vector
                lengths[t - 1, training.going] = np.sqrt((g * g).sum(axis=-1))
                if t % EVERY == 0:
                    training.evaluate(t)
        history = training.history(t)
        plain, clipped = (column[np.isfinite(column)] for column in lengths.T)
        return SimpleNamespace(
            lengths=(plain, clipped), step=history.step, cost=history.cost, lost=history.diverged,
            share=float((clipped > limit).mean()) if len(clipped) else 1.0,
        )  # fmt: skip

    def build(self, figure):
        self.lengths, self.bars, self.costs = figure.subplots(1, 3, width_ratios=(1.35, 0.55, 1.1))
        self.lengths.set(yscale="log", xlim=(0, STEPS), ylim=(LEAST, MOST), xlabel="step (one update)")
        self.lengths.set_ylabel("length of the gradient, before clipping")
        self.costs.set(yscale="log", xlim=(0, STEPS), ylim=(2e-2, 1e3), xlabel="step (one update)")
        self.costs.set_ylabel("cost (mean squared error)")
        looks = ((ORANGE, "--", "not clipped"), (BLUE, "-", "clipped"))
        self.lines = [
            [axes.plot([], [], color=c, ls=dash, lw=1.4, animated=True, label=label)[0] for c, dash, label in looks]
            for axes in (self.lengths, self.costs)
        ]
        self.ends = [
            axes.plot([], [], "X", color=ORANGE, mec="white", ms=11, animated=True, ls="none", label="diverged")[0]
            for axes in (self.lengths, self.costs)
        ]
        self.limit = self.lengths.axhline(1, color="black", lw=1.3, ls="-.", animated=True, label="limit")
        self.lengths.legend(loc="upper right", ncols=2, borderaxespad=0, columnspacing=1)
        self.costs.axhline(0.04, color=GREY, lw=1, ls=":")
        self.costs.text(STEPS, 0.038, "noise of the records ", color=GREY, size=9, ha="right", va="top")
        self.edges = np.geomspace(LEAST, MOST, 43)
        self.bars.set(yscale="log", ylim=(LEAST, MOST), xlim=(0, 0.4), xlabel="share of the steps")
        self.bars.tick_params(labelleft=False)
        self.hill = self.bars.stairs(
            np.zeros(42), self.edges, orientation="horizontal", fill=True, fc=SKY, ec="none", animated=True
        )
        self.cut = self.bars.axhline(1, color="black", lw=1.3, ls="-.", animated=True)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.lengths, self.bars, self.costs)]

    def show(self, result, settings):
        for k in range(2):
            lengths = np.clip(result.lengths[k], LEAST, 1e6)
            self.lines[0][k].set_data(np.arange(1, len(lengths) + 1), lengths)
            there = np.isfinite(result.cost[k])
            self.lines[1][k].set_data(result.step[there], np.clip(result.cost[k, there], 1e-2, 1e4))
        lost = result.lost[0]
        for marker, height in zip(self.ends, (MOST / 8, 200), strict=True):
            marker.set_data([lost] if lost >= 0 else [], [height] if lost >= 0 else [])
        for line in (self.limit, self.cut):
            line.set_ydata([settings.limit] * 2)
        lengths = np.clip(result.lengths[1], LEAST, MOST * 0.999)
        self.hill.set_data(np.minimum(np.histogram(lengths, self.edges)[0] / max(len(lengths), 1), 0.4))
        self.titles[0].set_text(f"Not clipped: diverged at step {lost}" if lost >= 0 else "Not clipped: survived")
        self.titles[1].set_text(f"{result.share:.0%} clipped")
        plain, clipped = (f"{c:.2g}" if np.isfinite(c) else "lost" for c in result.cost[:, -1])
        self.titles[2].set_text(f"Cost: clipped {clipped}, else {plain}")

    def words(self, result, settings):
        many = "s" if settings.depth > 1 else ""
        said = f"{settings.depth} hidden layer{many} of {WIDTH} {settings.activation} units, seed {settings.seed}. "
        plain, clipped = result.cost[:, -1]
        said += (
            f"Not clipped: cost {plain:.2g}. "
            if result.lost[0] < 0
            else (f"Not clipped: diverged at step {result.lost[0]}. ")
        )
        if result.lost[1] >= 0:
            return said + f"Clipped at {settings.limit:g}: diverged too, at step {result.lost[1]}."
        lengths = result.lengths[1]
        return said + (
            f"Clipped at {settings.limit:g}: cost {clipped:.2g}; half of its gradients are longer than "
            f"{np.median(lengths):.2g}, a tenth longer than {np.quantile(lengths, 0.9):.2g}."
        )


class Seeds(Picture):
    """Five seeds each, so that nobody is fooled by one."""

    size = (860, 170)
    later = True

    @staticmethod
    @lru_cache(maxsize=128)
    def compute(lr, activation, batch_size, depth, limit):
        settings = pairs(lr, activation, depth, batch_size, limit, tuple(range(RUNS)))
        cost = train(settings, DATA).cost[:, -1]
        return SimpleNamespace(costs={"clipped": cost[RUNS:], "not clipped": cost[:RUNS]})

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(xscale="log", xlim=(2e-2, 100), ylim=(-0.6, 1.6), xlabel=f"cost after {STEPS} updates")
        self.axes.set_yticks([1, 0], ["clipped", "not clipped"])
        self.axes.axvline(0.04, color=GREY, lw=1, ls=":")
        looks = ((BLUE, "o"), (ORANGE, "^"))
        self.dots = [
            self.axes.plot([], [], m, color=c, mec="white", ms=10, ls="none", animated=True)[0] for c, m in looks
        ]
        self.lost = [self.axes.text(95, y, "", ha="right", va="center", size=10, animated=True) for y in (1, 0)]
        self.title = self.axes.set_title(" ", animated=True)

    def show(self, result, settings):
        said = []
        for row, (name, cost) in enumerate(result.costs.items()):
            kept = cost[np.isfinite(cost)]
            self.dots[row].set_data(np.clip(kept, 2.1e-2, 90), np.full(len(kept), 1 - row))
            lost = RUNS - len(kept)
            self.lost[row].set_text(f"{lost} of {RUNS} diverged" if lost else "")
            said.append(f"{len(kept)} {name}")
        self.title.set_text(f"Seeds that survive, of {RUNS}: {', '.join(said)}")

    def words(self, result, settings):
        said = []
        for name, cost in result.costs.items():
            kept = cost[np.isfinite(cost)]
            end = f"costs {kept.min():.2g} to {kept.max():.2g}" if len(kept) else "no cost"
            said.append(f"{name} {len(kept)} survive ({end})")
        return f"Of {RUNS} seeds: {'; '.join(said)}."


class ClippedNetwork(Explorer):
    """The lengths of a deep network's gradients, and what a limit makes of the training."""

    name = "clipped_network"
    controls = {
        "lr": Rate("learning rate", 0.1, 1e-3, 3),
        "activation": Choice("activation", "relu", HIDDEN),
        "batch_size": Choice("batch size", 16, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "depth": Choice("hidden layers", 6, DEPTHS),
        "limit": Rate("limit", 1.0, 0.01, 1000),
        "seed": Count("seed", 1, 0, RUNS - 1),
    }
    pictures = (Lengths, Seeds)


clipped_network = ClippedNetwork
