"""Early stopping on a real run: when patience runs out, and what it goes back to."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN
from ..figures import BLUE, GREY, ORANGE
from ..regularization import stopping_point
from ..training import Settings, train
from .controls import Choice, Count, Rate
from .live import Explorer, Picture
from .penalties import BATCH_SIZES, EVERY, LEARNING, STEPS, TRAIN, UNITS, UNSEEN

STEP = np.arange(0, STEPS + 1, EVERY)


@lru_cache(maxsize=256)
def curves(lr, activation, batch_size):
    """Costs over the whole run on training and validation records; nan after it diverged."""
    settings = Settings(
        hidden=(UNITS,), activation=activation, lr=lr, batch_size=batch_size, steps=STEPS, evaluate_every=EVERY
    )
    history = train(settings, LEARNING, UNSEEN)
    return [np.r_[c, np.full(len(STEP) - len(c), np.nan)] for c in (history.cost, history.validation_cost)]


class Curves(Picture):
    size = (860, 330)

    @staticmethod
    def compute(patience, min_delta, lr, activation, batch_size):
        cost, validation = curves(lr, activation, batch_size)
        last, best = stopping_point(np.nan_to_num(validation, nan=np.inf), patience, min_delta)
        stopped = last < len(STEP) - 1
        return SimpleNamespace(cost=cost, validation=validation, last=last, best=best, stopped=stopped)

    def build(self, figure):
        axes = self.axes = figure.add_subplot()
        axes.set(yscale="log", xlim=(0, STEPS), ylim=(0.04, 3), xlabel="step (one update)", ylabel="cost: mean loss")
        axes.set_yticks([0.1, 1], ["0.1", "1"])
        styles = ((BLUE, "-", f"{TRAIN} training records"), (ORANGE, "--", f"{len(UNSEEN)} validation records"))
        self.lines = [axes.plot([], [], color=c, ls=s, lw=2.4, animated=True, label=label)[0] for c, s, label in styles]
        self.rest = [axes.plot([], [], color=c, ls=s, lw=1.4, alpha=0.35, animated=True)[0] for c, s, _ in styles]
        self.wait = axes.axvspan(0, 1, facecolor=GREY, alpha=0.15, lw=0, animated=True)
        self.stop = axes.axvline(0, color="black", lw=1.6, animated=True)
        self.best = axes.plot([], [], "v", color=ORANGE, mec="white", ms=11, animated=True, label="kept: the best")[0]
        self.says = axes.text(0, 2.6, "", size=9, va="top", animated=True)
        axes.legend(loc="lower left")
        self.title = axes.set_title(" ", animated=True)

    def show(self, result, settings):
        end = result.last + 1
        for line, rest, cost in zip(self.lines, self.rest, (result.cost, result.validation), strict=True):
            cost = np.clip(cost, 1e-4, 1e3)
            line.set_data(STEP[:end], cost[:end])
            rest.set_data(STEP[result.last :], cost[result.last :])
        best, last = STEP[result.best], STEP[result.last]
        self.wait.set(x=best, width=last - best)
        self.stop.set_xdata([last, last])
        self.best.set_data([best], [np.nan_to_num(result.validation[result.best], nan=3.0)])
        self.says.set(text=" waiting ", x=best, visible=bool(last - best > 45))
        ends = f"Stopped at step {last}" if result.stopped else f"Ran to step {last}"
        self.title.set_text(
            f"{ends}, kept step {best}: validation {number(result.validation[result.best])}"
            f" instead of {number(result.validation[-1])} at the end"
        )

    def words(self, result, settings):
        lowest = int(np.nan_to_num(result.validation, nan=np.inf).argmin())
        best, last = STEP[result.best], STEP[result.last]
        missed = "the lowest of the whole run" if result.best == lowest else (
            f"the whole run had {number(result.validation[lowest])} at step {STEP[lowest]}"
        )
        ends = f"stopped at step {last}" if result.stopped else f"never stopped before the end, step {last}"
        return (
            f"Patience {settings.patience} looks (one each {EVERY} steps), min_delta {settings.min_delta:g}: {ends}. "
            f"It keeps those of step {best}, validation cost {number(result.validation[result.best])}: {missed}."
        )


def number(cost):
    """A cost with three decimals: patience is often about the third."""
    return f"{cost:.3f}" if np.isfinite(cost) else "off the scale"


class EarlyStop(Explorer):
    """Where patience and min_delta stop one run, and which parameters are kept."""

    name = "early_stopping"
    controls = {
        "patience": Count("patience", 5, 1, 30),
        "min_delta": Rate("min_delta", 1e-4, 1e-4, 0.1),
        "lr": Rate("learning rate", 3.0, 1e-2, 10),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 10, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {TRAIN}"]),
    }
    pictures = (Curves,)


early_stopping = EarlyStop
