"""A classifier that starts out confidently wrong, trained twice: by cross-entropy and by squared error."""

from functools import lru_cache

import numpy as np

from ..activations import HIDDEN
from ..datasets import get_dataset
from ..figures import BLUE, GREY, ORANGE
from ..losses import BRIER, Loss, get_loss
from ..training import Settings, train
from .controls import Choice, Menu, Rate, Slide
from .live import Explorer, Picture

RECORDS = 128
STEPS = 150
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, RECORDS)
LOGITS = np.linspace(-2, 12, 281)
LOSSES = {  # the cost of p = ½ for everybody, colour and line style
    "bce": (get_loss("bce"), np.log(2), BLUE, "-"),
    "squared error": (BRIER, 0.25, ORANGE, "--"),
}


def started(loss, bias):
    """The loss of a network whose output bias starts at `bias` instead of 0."""
    return Loss(loss.name, lambda z, y: loss.value(z + bias, y), lambda z, y: loss.gradient(z + bias, y))


@lru_cache(maxsize=512)
def one_run(name, start, lr, activation, batch_size, data):
    """Steps, and cost as a multiple of what guessing costs: 1 is as good as p = ½ for every record."""
    settings = Settings(
        hidden=(16,), lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, evaluate_every=5,
        loss=started(LOSSES[name][0], start),
    )
    history = train(settings, get_dataset(data, RECORDS))
    return history.step, history.cost / LOSSES[name][1]


class Race(Picture):
    size = (860, 330)

    @staticmethod
    def compute(start, lr, activation, batch_size, data):
        return {name: one_run(name, start, lr, activation, batch_size, data) for name in LOSSES}

    def build(self, figure):
        self.slope, self.curve = figure.subplots(1, 2, width_ratios=(1, 1.25))
        self.slope.set(xlim=(-2.4, 12.4), ylim=(-0.03, 1.06), xlabel="logit z of a record of class 0")
        self.slope.set_xticks(range(-2, 13, 2))
        self.slope.set_ylabel("slope ∂loss/∂z: what it can learn from")
        one = np.zeros((1, 1))
        self.here, self.lines = {}, {}
        self.start = self.slope.axvline(0, color="black", lw=1, ls=":", animated=True)
        for (name, (loss, _, colour, style)), marker in zip(LOSSES.items(), "os", strict=True):
            slope = loss.gradient(LOGITS[:, None, None], one)[:, 0, 0]
            self.slope.plot(LOGITS, slope, color=colour, ls=style, label=name)
            self.here[name] = self.slope.plot([], [], marker, color=colour, ms=8, mec="white", animated=True)[0]
        self.slope.legend(loc="center right")
        self.slope_title = self.slope.set_title(" ", animated=True)
        self.curve.set(yscale="log", xlim=(0, STEPS), ylim=(0.02, 60), xlabel="step (one update)")
        self.curve.set_ylabel("cost / cost of guessing")
        for name, (_, _, colour, style) in LOSSES.items():
            self.lines[name] = self.curve.plot([], [], color=colour, ls=style, animated=True, label=name)[0]
        self.curve.axhline(1, color=GREY, lw=1, ls=":", label="guessing: p = ½")
        self.curve.legend(loc="upper right", ncols=3)
        self.curve_title = self.curve.set_title(" ", animated=True)

    def show(self, result, settings):
        zero, slopes = np.zeros((1, 1)), {}
        for name, (loss, *_) in LOSSES.items():
            slopes[name] = float(loss.gradient(np.full((1, 1), settings.start), zero)[0, 0])
            self.here[name].set_data([settings.start], [slopes[name]])
            step, cost = result[name]
            self.lines[name].set_data(step, np.clip(np.nan_to_num(cost, nan=1e3, posinf=1e3), 1e-4, 1e3))
        self.start.set_xdata([settings.start] * 2)
        said = ", ".join(f"{name} {slope:.2g}" for name, slope in slopes.items())
        self.slope_title.set_text(f"Slope there: {said}")
        self.curve_title.set_text("Beats guessing: bce {}, squared {}".format(*map(self.needed, result.values())))

    @staticmethod
    def needed(run):
        """The step from which the run stays below the cost of guessing."""
        step, cost = run
        above = np.flatnonzero(~(cost < 1))
        if not len(above):
            return "at once"
        return "never" if above[-1] == len(cost) - 1 else f"step {step[above[-1] + 1]}"

    def words(self, result, settings):
        found = [self.needed(run).replace("step", "from step") for run in result.values()]
        bce, squared = (f"beats guessing {n}" if n != "never" else "never beats guessing" for n in found)
        wrong = "undecided" if settings.start < 1 else "half of them are wrong"
        wrong += " and sure of it" if settings.start >= 3 else ""
        return (
            f"Every record starts near logit {settings.start:g}: {wrong}. {settings.activation} network, learning rate "
            f"{settings.lr:g}, {STEPS} updates: cross-entropy {bce}, the squared error of the "
            f"probability {squared}."
        )


class WrongStart(Explorer):
    """How soon cross-entropy and squared error lead a network out of a confidently wrong start."""

    name = "wrong_start"
    controls = {
        "start": Slide("output bias at the start", 6.0, 0, 12, 0.5),
        "lr": Rate("learning rate", 1.0, 1e-2, 10),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 32, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "data": Menu("data set", "moons", ("moons", "circles", "spirals", "xor")),
    }
    pictures = (Race,)


wrong_start = WrongStart
