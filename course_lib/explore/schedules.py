"""Learning-rate schedules: the rate at every step, what it makes of a training, and whether that was luck."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN
from ..datasets import get_dataset
from ..figures import BLUE, GREY, ORANGE
from ..schedules import (
    Plateau,
    constant,
    cosine,
    cosine_restarts,
    exponential,
    inverse_time,
    multi_step,
    one_cycle,
    sequence,
    step_decay,
    warm_up,
)
from ..training import Settings, train
from .controls import Choice, Menu, Rate
from .learning_rate import BATCH_SIZES, RECORDS
from .live import Explorer, Picture

STEPS = 300
RUNS = 5
SCHEDULES = {
    "constant": constant(),
    "step decay": step_decay(STEPS // 4, 0.5),
    "multi-step": multi_step([STEPS // 2, 3 * STEPS // 4], 0.1),
    "exponential": exponential(4 / STEPS),
    "1/t": inverse_time(10 / STEPS),
    "cosine": cosine(STEPS),
    "restarts": cosine_restarts(STEPS // 7 + 1, longer=2),  # 43 + 86 + 172: the third fall ends with the training
    "warm-up": warm_up(STEPS // 5),
    "warm-up + cosine": sequence(warm_up(STEPS // 10), STEPS // 10, cosine(STEPS - STEPS // 10)),
    "one-cycle": one_cycle(STEPS),
    "plateau": Plateau(factor=0.5, patience=3),
}


def settings_of(schedule, lr, activation, batch_size, **more):
    """The settings of a training with the schedule of that name; a plateau looks at the cost every 5 steps."""
    chosen = SCHEDULES[schedule]
    way = {"plateau": chosen} if isinstance(chosen, Plateau) else {"schedule": chosen}
    return Settings(lr=lr, activation=activation, batch_size=batch_size, steps=STEPS, evaluate_every=5, **way, **more)


@lru_cache(maxsize=256)
def one_run(schedule, lr, activation, batch_size, data):
    """Steps and costs of one training, and the factor of the rate at every update."""
    history = train(settings_of(schedule, lr, activation, batch_size), get_dataset(data, RECORDS))
    chosen = SCHEDULES[schedule]
    if isinstance(chosen, Plateau):
        factor = np.repeat([float(chosen(history.cost[: k + 1])) for k in range(len(history.cost) - 1)], 5)
    else:
        factor = np.array([chosen(step) for step in range(STEPS)])
    step = np.arange(0, STEPS + 1, 5)
    return step, np.append(history.cost, np.full(len(step) - len(history.cost), np.nan)), factor  # nan: diverged


def shown(cost):
    """Costs as they can be drawn on a log axis: what is no number any more lies above it."""
    return np.clip(np.nan_to_num(cost, nan=1e3, posinf=1e3), 1e-4, 1e3)


def said(cost, digits=2):
    """A cost in words."""
    return f"{cost:.{digits}g}" if np.isfinite(cost) else "diverged"


class Course(Picture):
    size = (860, 310)

    @staticmethod
    def compute(schedule, lr, activation, batch_size, data):
        step, cost, factor = one_run(schedule, lr, activation, batch_size, data)
        _, plain, _ = one_run("constant", lr, activation, batch_size, data)
        return SimpleNamespace(step=step, cost=cost, factor=factor, plain=plain)

    def build(self, figure):
        self.rate, self.curve = figure.subplots(1, 2, width_ratios=(1, 1.25))
        self.rate.set(xlim=(0, STEPS), ylim=(0, 1.08), xlabel="step (one update)")
        self.rate.set_ylabel("share of the top learning rate")
        self.factor = self.rate.plot([], [], color=BLUE, animated=True)[0]
        self.rate_title = self.rate.set_title(" ", animated=True)
        self.curve.set(yscale="log", xlim=(0, STEPS * 1.02), ylim=(1e-3, 30), xlabel="step (one update)")
        self.curve.set_ylabel("cost: mean loss of all records")
        self.plain = self.curve.plot([], [], color=GREY, lw=1.5, ls=":", animated=True, label="constant rate")[0]
        self.line = self.curve.plot([], [], color=BLUE, animated=True, label="this schedule")[0]
        self.curve.legend(loc="lower left", ncols=2)
        self.curve_title = self.curve.set_title(" ", animated=True)

    def show(self, result, settings):
        self.factor.set_data(np.arange(len(result.factor)), result.factor)
        self.line.set_data(result.step, shown(result.cost))
        self.plain.set_data(result.step, shown(result.plain))
        first, last = settings.lr * result.factor[[0, -1]]
        self.rate_title.set_text(f"{settings.schedule}: rate {first:.2g} → {last:.2g}")
        ends = said(result.cost[-1], 3), said(result.plain[-1], 3)
        self.curve_title.set_text("Last cost: {}; constant rate: {}".format(*ends))

    def words(self, result, settings):
        mean = settings.lr * result.factor.mean()
        if settings.schedule == "constant":
            return f"The rate stays at {settings.lr:g} for {STEPS} updates; cost at the end: {said(result.cost[-1])}."
        return (
            f"{settings.schedule} from a top rate of {settings.lr:g}, on average {mean:.2g}: cost after {STEPS} "
            f"updates: {said(result.cost[-1])}; with the constant rate: {said(result.plain[-1])}."
        )


class Luck(Picture):
    size = (860, 260)
    later = True

    @staticmethod
    @lru_cache(maxsize=64)
    def compute(lr, activation, batch_size, data):
        points = get_dataset(data, RECORDS)
        return {
            name: train(settings_of(name, lr, activation, batch_size, run=tuple(range(RUNS))), points).cost[:, -1]
            for name in SCHEDULES
        }

    def build(self, figure):
        self.axes = figure.subplots()
        names = list(SCHEDULES)
        self.axes.set(yscale="log", xlim=(-0.6, len(names) - 0.4), ylim=(1e-3, 30))
        for long, short in (("step decay", "step\ndecay"), ("multi-step", "multi-\nstep"), (" + ", "+\n")):
            names = [name.replace(long, short) for name in names]
        self.axes.set_xticks(range(len(names)), names)
        self.axes.set_ylabel(f"cost after {STEPS} steps")
        self.axes.set_title(f"All schedules, {RUNS} runs each: is it luck?")
        self.half = self.axes.axhline(1, color=GREY, lw=1.2, ls=":", animated=True, label="constant rate")
        self.dots = self.axes.plot([], [], "o", color=GREY, ms=5, mec="white", animated=True, label="one run")[0]
        self.here = self.axes.plot([], [], "o", color=BLUE, ms=6, mec="white", animated=True, label="this schedule")[0]
        self.middle = self.axes.plot([], [], "_", color=ORANGE, ms=18, mew=2.5, animated=True, label="median")[0]
        self.axes.legend(loc="lower right", bbox_to_anchor=(1.01, 0.98), ncols=4)

    def show(self, result, settings):
        costs = np.clip(shown(np.array(list(result.values()))), 1.2e-3, 25)
        place = np.repeat(np.arange(len(costs))[:, None], RUNS, axis=1) + np.linspace(-0.16, 0.16, RUNS)
        here = list(SCHEDULES).index(settings.schedule)
        self.dots.set_data(place.ravel(), costs.ravel())
        self.here.set_data(place[here], costs[here])
        self.middle.set_data(np.arange(len(costs)), np.median(costs, axis=1))
        self.half.set_ydata([np.median(costs[0])] * 2)

    def words(self, result, settings):
        medians = {name: np.median(shown(cost)) for name, cost in result.items()}
        best = min(medians, key=medians.get)
        if medians[best] >= 1e3:
            return f"With every schedule, most of the {RUNS} runs diverged."
        better = sum(m < medians["constant"] for m in medians.values())
        return (
            f"Of {len(medians) - 1} schedules, {better} end below the constant rate in the middle of {RUNS} runs; "
            f"lowest is {best} with {medians[best]:.2g}."
        )


class Schedules(Explorer):
    """The rate over the steps, the training it gives, and the same for all schedules over several runs."""

    name = "schedules"
    controls = {
        "schedule": Choice("schedule", "cosine", SCHEDULES),
        "lr": Rate("top learning rate", 3.0, 1e-2, 10),
        "activation": Choice("activation", "tanh", HIDDEN),
        "batch_size": Choice("batch size", 8, BATCH_SIZES, [*BATCH_SIZES[:-1], f"all {RECORDS}"]),
        "data": Menu("data set", "spirals", ("moons", "circles", "spirals", "xor")),
    }
    pictures = (Course, Luck)


schedules = Schedules
