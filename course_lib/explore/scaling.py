"""A 2-2-1 network on two raw records and on the same records standardised."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN
from ..datasets import Data, Standardiser
from ..figures import BLUE, GREY, ORANGE
from ..training import Settings, train
from .controls import Choice, Rate
from .live import Explorer, Picture

RAW = Data("two records", np.array([[80.0, 8.0], [60.0, 9.0]]), np.array([[3.0], [5.0]]), loss="mse")
SCALED = Standardiser(RAW)(RAW)
STEPS = 60


def shown(cost):
    """Costs as a log axis can show them; what is no number lies above it."""
    return np.clip(np.nan_to_num(cost, nan=1e12, posinf=1e12), 1e-9, 1e12)


class Costs(Picture):
    size = (860, 310)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(lr, activation, batch_size):
        settings = Settings(
            hidden=(2,), lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, evaluate_every=1, seed=1
        )
        return SimpleNamespace(raw=train(settings, RAW), scaled=train(settings, SCALED))

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(yscale="log", xlim=(0, STEPS * 1.02), ylim=(1e-7, 1e7), xlabel="step (one update)")
        self.axes.set_ylabel("cost: mean squared error")
        self.axes.axhline(1, color=GREY, lw=1, ls=":")
        self.axes.text(STEPS, 1.4, "always guessing the mean ", color=GREY, size=9, ha="right")
        kinds = ((ORANGE, "--", "^", "raw: 80, 8 and 60, 9"), (BLUE, "-", "o", "standardised: 1, −1 and −1, 1"))
        self.lines = [
            self.axes.plot([], [], color=c, ls=s, marker=m, markevery=6, label=t, animated=True)[0]
            for c, s, m, t in kinds
        ]
        figure.legend(loc="outside right upper")
        self.title = self.axes.set_title(" ", animated=True)

    def show(self, result, settings):
        for line, history in zip(self.lines, (result.raw, result.scaled), strict=True):
            line.set_data(history.step, shown(history.cost))
        self.title.set_text(f"Raw: {ending(result.raw)}. Standardised: {ending(result.scaled)}")

    def words(self, result, settings):
        return f"The same 2-2-1 network. Raw records: {ending(result.raw)}. Standardised: {ending(result.scaled)}."


def ending(history):
    """How a training ended, in words."""
    if history.diverged >= 0:
        return f"diverged at step {int(history.diverged)}"
    return f"cost {history.cost[-1]:.2g} after {STEPS} steps"


class Scaling(Explorer):
    """What the size of the inputs does to the learning rate."""

    name = "scaling"
    controls = {
        "lr": Rate("learning rate", 0.1, 1e-4, 1),
        "activation": Choice("activation", "identity", HIDDEN),
        "batch_size": Choice("batch size", 2, (1, 2)),
    }
    pictures = (Costs,)


scaling = Scaling
