"""Choosing the best of many models on the test set: how much its score flatters, against a separate validation set."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import ACTIVATIONS
from ..datasets import Data, moons
from ..figures import BLUE, GREY, ORANGE
from ..training import Settings
from .controls import Choice, Menu, Rate
from .live import Explorer, Picture
from .own_records import train_each

MODELS, POOL, RECORDS, STEPS = 32, 9600, 30, 60
TRIES, TEST_RECORDS, BATCH_SIZES = (1, 2, 4, 8, 16, 32), (25, 50, 100, 200), (1, 5, 10, 30)
GAPS = np.linspace(-0.35, 0.35, 29)
SMOOTH = tuple(name for name in ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu") if name in ACTIVATIONS)


def drawn(data, n, seed):
    """Blurred moons, or the same points with a coin's labels: there is nothing to learn in those."""
    points = moons(n, 0.35, seed)
    if data == "coins":
        coins = np.random.default_rng([seed, 1]).integers(0, 2, (n, 1)).astype(float)
        points = Data("coins", points.x, coins)
    return points


@lru_cache(maxsize=64)
def right(lr, activation, batch_size, data):
    """(MODELS, POOL): whether each model is right on each of the fresh records."""
    settings = Settings(
        hidden=(8,), lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, evaluate_every=STEPS,
        run=tuple(range(MODELS)),
    )  # fmt: skip
    history = train_each(settings, [drawn(data, RECORDS, 100 + model) for model in range(MODELS)])
    pool = drawn(data, POOL, 1)
    with np.errstate(all="ignore"):
        guess = history.predict(pool.x) > 0.5
    return guess[..., 0] == (pool.y[:, 0] > 0.5)


@lru_cache(maxsize=128)
def choices(lr, activation, batch_size, data, test_records):
    """For each pair of a test and a validation set and each number of tries: what is reported, and what is true."""
    marks = right(lr, activation, batch_size, data)
    sets = marks.reshape(MODELS, -1, 2, test_records).mean(axis=-1)  # (models, pairs, test or validation)
    test, validation = sets[:, :, 0], sets[:, :, 1]
    truth = marks.mean(axis=1)
    pairs = np.arange(test.shape[1])
    made = SimpleNamespace(peek=[], peek_true=[], honest=[], honest_true=[], truth=truth)
    for tries in TRIES:
        peeked, chosen = test[:tries].argmax(axis=0), validation[:tries].argmax(axis=0)
        made.peek.append(test[peeked, pairs])
        made.peek_true.append(truth[peeked])
        made.honest.append(test[chosen, pairs])
        made.honest_true.append(truth[chosen])
    typical = np.argsort(made.peek[-1] - made.peek_true[-1])[len(pairs) // 2]
    made.test = test[:, typical]
    return made


class Flattery(Picture):
    size = (860, 340)

    @staticmethod
    def compute(lr, activation, batch_size, data, test_records, tries):
        made = choices(lr, activation, batch_size, data, test_records)
        at = TRIES.index(tries)
        gaps = [np.asarray(a[at]) - b[at] for a, b in ((made.peek, made.peek_true), (made.honest, made.honest_true))]
        return SimpleNamespace(made=made, gaps=gaps, best=int(made.test[:tries].argmax()), pairs=len(gaps[0]))

    def build(self, figure):
        self.one, self.many, self.gap = figure.subplots(1, 3, width_ratios=(1.1, 1.1, 1))
        self.one.set(xlim=(0, MODELS + 1), ylim=(0.1, 1.0), xlabel="model, 30 own records each")
        self.one.set_ylabel("accuracy")
        small = dict(color=GREY, ls="", animated=True)
        self.truth = self.one.plot([], [], marker="_", ms=7, mew=1.6, label=f"on {POOL} fresh records", **small)[0]
        self.truth.set_color("black")
        self.unseen = self.one.plot([], [], marker="o", ms=3, alpha=0.35, **small)[0]
        self.seen = self.one.plot([], [], marker="o", ms=5, label="on the test set", **small)[0]
        self.fall = self.one.plot([], [], color=ORANGE, lw=1.2, animated=True)[0]
        self.star = self.one.plot([], [], "*", color=ORANGE, ms=14, mec="white", animated=True, label="chosen by it")[0]
        self.one.legend(loc="lower left", handletextpad=0.3, labelspacing=0.3)

        self.many.set(xscale="log", xlim=(0.9, 36), ylim=(0.1, 1.0), xlabel="models tried")
        self.many.set_xticks(TRIES, TRIES)
        self.many.minorticks_off()
        self.many.set_ylabel("mean accuracy (bar: 10–90 %)")
        self.lines, self.errors = [], []
        styles = ((ORANGE, "^", "--", "chosen on the test set", 0.97), (BLUE, "o", "-", "chosen on validation", 1.03))
        for colour, marker, style, label, shift in styles:
            kind = dict(color=colour, animated=True)
            self.lines.append(
                self.many.plot([], [], marker=marker, ls=style, ms=6, mec="white", label=label, **kind)[0]
            )
            x = np.array(TRIES) * shift
            self.errors.append(self.many.vlines(x, 0, 0, lw=1.3, alpha=0.6, **kind))
        self.true = self.many.plot([], [], color="black", ls=":", animated=True, label="truth of the first")[0]
        self.now = self.many.axvline(1, color=GREY, lw=0.8, animated=True)
        self.many.legend(loc="lower left", handlelength=2.2, labelspacing=0.3)

        self.gap.set(xlim=(-0.35, 0.35), ylim=(-0.5, 0.5), xlabel="reported − true accuracy")
        self.gap.set_yticks((-0.4, -0.2, 0, 0.2, 0.4), ("40 %", "20 %", "0", "20 %", "40 %"))
        self.gap.set_ylabel("share of the repeats")
        empty = np.zeros(len(GAPS) - 1)
        self.bars = [
            self.gap.stairs(empty, GAPS, fill=True, fc=colour, ec="black", lw=0.5, hatch=hatch, animated=True)
            for colour, hatch in ((ORANGE, "///"), (BLUE, None))
        ]
        self.gap.axvline(0, color="black", lw=0.8)
        self.gap.axhline(0, color="black", lw=0.8)
        self.gap.text(-0.34, 0.47, "peeking", color=ORANGE, weight="bold", va="top")
        self.gap.text(-0.34, -0.47, "honest", color=BLUE, weight="bold", va="bottom")
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.one, self.many, self.gap)]

    def show(self, result, settings):
        made, tries, best = result.made, settings.tries, result.best
        number = np.arange(1, MODELS + 1)
        self.truth.set_data(number[:tries], made.truth[:tries])
        self.seen.set_data(number[:tries], made.test[:tries])
        self.unseen.set_data(number[tries:], made.test[tries:])
        self.star.set_data([best + 1], [made.test[best]])
        self.fall.set_data([best + 1, best + 1], [made.test[best], made.truth[best]])
        for line, errors, reported, shift in zip(
            self.lines, self.errors, (made.peek, made.honest), (0.97, 1.03), strict=True
        ):
            x = np.array(TRIES) * shift
            line.set_data(x, [r.mean() for r in reported])
            errors.set_segments([[(a, np.quantile(r, 0.1)), (a, np.quantile(r, 0.9))] for a, r in zip(x, reported)])
        self.true.set_data(TRIES, [r.mean() for r in made.peek_true])
        self.now.set_xdata([tries, tries])
        for bars, gaps, sign in zip(self.bars, result.gaps, (1, -1), strict=True):
            counts = np.histogram(np.clip(gaps, GAPS[0], GAPS[-1]), GAPS)[0]
            bars.set_data(sign * counts / len(gaps))
        of = "The only one" if tries == 1 else f"Best of {tries}"
        self.titles[0].set_text(f"{of}: scores {made.test[best]:.0%}, is {made.truth[best]:.0%}")
        self.titles[1].set_text(f"Rises with tries ({result.pairs} test sets)")
        self.titles[2].set_text(f"Flattered by {100 * result.gaps[0].mean():.1f} points".replace("-", "−"))

    def words(self, result, settings):
        peek, honest = (100 * g for g in result.gaps)
        models = "1 model" if settings.tries == 1 else f"{settings.tries} models"
        return (
            f"{models}, test sets of {settings.test_records} records, {result.pairs} repeats. "
            f"Choosing and reporting on the test set promises {peek.mean():+.1f} points too much on average (10–90 %: "
            f"{np.quantile(peek, 0.1):+.1f} to {np.quantile(peek, 0.9):+.1f}); choosing on validation data "
            f"{honest.mean():+.1f} ({np.quantile(honest, 0.1):+.1f} to {np.quantile(honest, 0.9):+.1f})."
        ).replace("-", "−")


class OpenTestSet(Explorer):
    """The test set used for choosing: its score flatters, the more the more models were tried on it."""

    name = "open_test_set"
    controls = {
        "lr": Rate("learning rate", 0.3, 1e-2, 10),
        "activation": Choice("activation", "tanh", SMOOTH),
        "batch_size": Choice("batch size", 10, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "tries": Choice("models tried", 32, TRIES),
        "test_records": Choice("records in the test set", 50, TEST_RECORDS),
        "data": Menu("data", "coins", ("coins", "moons")),
    }
    pictures = (Flattery,)


open_test_set = OpenTestSet
