"""The rate finder: short trials at growing rates, a suggestion, and the training that follows from it."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN
from ..datasets import get_dataset
from ..figures import BLUE, GREEN, GREY, ORANGE
from ..training import Settings, find_rate, train
from .controls import Choice, Menu
from .learning_rate import BATCH_SIZES, RECORDS
from .live import Explorer, Picture

TRIAL_STEPS = 60
STEPS = 400


@lru_cache(maxsize=128)
def search(start, factor, activation, batch_size, data):
    """The RateTest of a network and data; the trials go up to a rate of 30."""
    settings = Settings(activation=activation, batch_size=batch_size)
    trials = 1 + int(np.ceil(np.log(30 / start) / np.log(factor)))
    return find_rate(settings, get_dataset(data, RECORDS), start, factor, trials, TRIAL_STEPS)


def suggested(test, less):
    """A little less than the rate with the lowest cost, as one would type it."""
    return float(f"{test.lowest / less:.3g}")


class Trials(Picture):
    size = (860, 280)

    @staticmethod
    def compute(start, factor, less, activation, batch_size, data):
        test = search(start, factor, activation, batch_size, data)
        return SimpleNamespace(test=test, chosen=suggested(test, less), stop=int(np.argmin(test.costs)) + 2)

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(xscale="log", yscale="log", xlim=(5e-8, 60), ylim=(0.02, 30))
        self.axes.set(xlabel="learning rate of the trial", ylabel=f"cost after {TRIAL_STEPS} steps")
        self.tried = self.axes.plot([], [], "o-", color=BLUE, lw=1.3, animated=True, label="tried")[0]
        self.left = self.axes.plot([], [], "x", color=GREY, animated=True, label="not tried any more")[0]
        self.lowest = self.axes.plot([], [], "*", color="black", ms=12, animated=True, label="lowest")[0]
        self.mark = self.axes.axvline(1, color=GREEN, ls="--", animated=True, label="a little less: take this")
        figure.legend(loc="outside right upper")
        self.title = self.axes.set_title(" ", animated=True)

    def show(self, result, settings):
        test = result.test
        costs = np.clip(np.nan_to_num(test.costs, posinf=1e3), 0, 28)
        self.tried.set_data(test.rates[: result.stop], costs[: result.stop])
        self.left.set_data(test.rates[result.stop :], costs[result.stop :])
        self.lowest.set_data([test.lowest], [test.costs.min()])
        self.mark.set_xdata([result.chosen] * 2)
        self.title.set_text(f"Trials: lowest at {test.lowest:.2g}, take {result.chosen:g}")

    def words(self, result, settings):
        return (
            f"{result.stop} trials from {settings.start:g}, each {settings.factor} times "
            f"the one before: the cost is lowest at {result.test.lowest:.2g} and rises after."
        )


class LongRun(Picture):
    size = (860, 250)
    later = True

    @staticmethod
    def compute(start, factor, less, activation, batch_size, data):
        chosen = suggested(search(start, factor, activation, batch_size, data), less)
        return LongRun.train(chosen, activation, batch_size, data)

    @staticmethod
    @lru_cache(maxsize=128)
    def train(chosen, activation, batch_size, data):
        rates = (chosen / 10, chosen, chosen * 10)
        settings = Settings(lr=rates, activation=activation, batch_size=batch_size, steps=STEPS)
        history = train(settings, get_dataset(data, RECORDS))
        return SimpleNamespace(chosen=chosen, step=history.step, cost=history.cost)

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(yscale="log", xlim=(0, STEPS), ylim=(1e-3, 30), xlabel="step (one update)")
        self.axes.set_ylabel("cost: mean loss of all records")
        kinds = ((GREY, ":", "a tenth of it"), (GREEN, "-", "the suggested rate"), (ORANGE, "-.", "ten times it"))
        self.lines = [self.axes.plot([], [], color=c, ls=s, label=t, animated=True)[0] for c, s, t in kinds]
        figure.legend(loc="outside right upper")
        self.title = self.axes.set_title(" ", animated=True)

    def show(self, result, settings):
        for line, cost in zip(self.lines, result.cost, strict=True):
            line.set_data(result.step, np.clip(np.nan_to_num(cost, nan=1e3, posinf=1e3), 1e-4, 1e3))
        self.title.set_text(f"Training at {result.chosen:g} ends at cost {result.cost[1, -1]:.3g}")

    def words(self, result, settings):
        tenth, chosen, tenfold = (f"{c:.2g}" if np.isfinite(c) else "no number" for c in result.cost[:, -1])
        return (
            f"At {result.chosen:g} the long training ends "
            f"at {chosen}; a tenth of that rate gives {tenth}, ten times it {tenfold}."
        )


class RateFinder(Explorer):
    """Find a usable rate in a few short trials, then train with it."""

    name = "rate_finder"
    controls = {
        "start": Choice("first rate", 1e-6, (1e-7, 1e-6, 1e-5, 1e-4), ["1e-7", "1e-6", "1e-5", "1e-4"]),
        "factor": Choice("multiply by", 3, (2, 3, 10)),
        "less": Choice("divide the best by", 3, (1, 2, 3, 10)),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "data": Menu("data set", "moons", ("moons", "circles", "spirals", "xor")),
    }
    pictures = (Trials, LongRun)


rate_finder = RateFinder
