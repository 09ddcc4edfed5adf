"""Beat the tuner: the learner's tries against random search and TPE, on one objective and in one picture."""

from functools import lru_cache
from types import SimpleNamespace

import ipywidgets as widgets
import numpy as np

from ..figures import BLUE, GREEN, GREY, ORANGE, PINK
from ..search import RATES, SPACE, WORST, landscape, search
from .controls import Choice, Control, Menu, Switch
from .live import Explorer, Picture

TRIES, SEEDS = 30, 20
LOOKS = {"sgd": ("o", BLUE), "momentum": ("s", GREEN), "adam": ("^", ORANGE)}
RIVALS = {"random": (GREY, "--", "random search"), "tpe": (PINK, "-.", "Optuna's TPE")}
ORDER = ("lr", "activation", "batch_size", "optimizer")
START = "0.01 tanh 32 sgd; 10 relu 128 adam"


def written(lr, activation, batch_size, optimizer):
    """A try as it stands in the list."""
    return f"{lr:g} {activation} {batch_size} {optimizer}"


def read(text):
    """The point that a try of the list stands for; ValueError if there is none."""
    words = text.split()
    kinds = (float, str, int, str)
    try:
        point = {n: kind(w) for n, kind, w in zip(ORDER, kinds, words, strict=True)}
    except ValueError:
        point = {}
    if not point or any(value not in SPACE[name] for name, value in point.items()):
        raise ValueError(
            f"tries must be a list such as {START!r}, all from the search space; {text.strip()!r} is no such try"
        )
    return point


class Tries(Control):
    """The list of tries as text, to be copied, changed or emptied."""

    options = (START, "", "1 relu 64 sgd", "0.1 prelu 16 adam; 0.5 relu 64 sgd; 0.02 tanh 256 adam")

    def check(self, name, value):
        if not isinstance(value, str):
            raise ValueError(f"{name} must be text such as {START!r}, not {value!r}")
        tries = [read(part) for part in value.split(";")] if value.strip() else []
        if len(tries) > TRIES:
            raise ValueError(f"{name} may hold {TRIES} tries, not {len(tries)}")
        return "; ".join(written(**point) for point in tries)

    def clean(self, value):
        """What is legible of a typed list."""
        kept = []
        for part in value.split(";"):
            try:
                kept.append(self.check("tries", part))
            except ValueError:
                continue
        return "; ".join([part for part in kept if part][:TRIES])

    def widget(self, value):
        box = widgets.Text(value=value, continuous_update=False, **self._words())
        box.layout.width = "100%"
        return box


@lru_cache(maxsize=4)
def rivals(name):
    """Best cost so far of 20 seeds (seeds, tries)."""
    return np.array([search(name, TRIES, seed).best_so_far for seed in range(SEEDS)])


@lru_cache(maxsize=256)
def tried(tries):
    """The points of a list of tries and what they cost."""
    points = [read(part) for part in tries.split(";")] if tries else []
    return points, np.array([landscape().cost(**point) for point in points])


class Game(Picture):
    size = (860, 370)

    @staticmethod
    def compute(lr, activation, batch_size, optimizer, peek, tries):
        here = dict(activation=activation, batch_size=batch_size, optimizer=optimizer)
        points, costs = tried(tries)
        curve = [landscape().cost(lr=rate, **here) for rate in RATES] if peek else np.full(len(RATES), np.nan)
        best = np.minimum.accumulate(costs) if len(costs) else costs
        others = {name: rivals(name) for name in RIVALS}
        return SimpleNamespace(points=points, costs=costs, best=best, curve=curve, rivals=others, lr=lr)

    def build(self, figure):
        self.map, self.race = figure.subplots(1, 2, sharey=True)
        self.map.set(xscale="log", yscale="log", xlim=(7e-4, 14), ylim=(0.06, 7), xlabel="learning rate")
        self.map.set_ylabel("validation cost")
        self.map.set_yticks([0.1, 0.2, 0.5, 1, 2], ["0.1", "0.2", "0.5", "1", "2"])
        self.map.minorticks_off()
        self.race.set(xlim=(0, TRIES + 0.5), xlabel=f"tries so far (band: 80 % of {SEEDS} seeds)")
        self.race.set_ylabel("lowest validation cost so far")
        kind = dict(ls="", mec="white", ms=8, animated=True, zorder=3)
        self.marks = {n: self.map.plot([], [], m, color=c, label=n, **kind)[0] for n, (m, c) in LOOKS.items()}
        self.newest = self.map.plot([], [], "o", mfc="none", mec="black", ms=15, mew=1.4, animated=True)[0]
        self.next = self.map.axvline(1, color="black", ls=":", lw=1.4, animated=True, label="next try")
        self.curve = self.map.plot([], [], color=GREY, lw=1.2, animated=True, label="the peek", zorder=1)[0]
        self.map.legend(loc="upper left", ncols=2)
        n = np.arange(1, TRIES + 1)
        for name, (colour, style, label) in RIVALS.items():
            best = rivals(name)
            self.race.fill_between(n, *np.percentile(best, (10, 90), axis=0), color=colour, alpha=0.16, lw=0)
            self.race.plot(n, np.median(best, axis=0), color=colour, ls=style, lw=2, label=label)
        self.mine = self.race.plot([], [], "-", color="black", lw=1.6, drawstyle="steps-post", animated=True)[0]
        self.single = self.race.plot([], [], "x", color="black", ms=6, animated=True, label="your tries")[0]
        lowest = landscape().costs.min()
        self.race.axhline(lowest, color="black", lw=0.8, ls=(0, (1, 3)))
        self.race.annotate("lowest of all 780", (TRIES, lowest), (0, 3), textcoords="offset points", ha="right", size=9)
        self.race.legend(loc="upper right", ncols=1)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.map, self.race)]

    def show(self, result, settings):
        lrs, kinds = [p["lr"] for p in result.points], [p["optimizer"] for p in result.points]
        for name, mark in self.marks.items():
            chosen = [i for i, kind in enumerate(kinds) if kind == name]
            mark.set_data([lrs[i] for i in chosen], result.costs[chosen])
        self.newest.set_data(lrs[-1:], result.costs[-1:])
        self.next.set_xdata([result.lr] * 2)
        self.curve.set_data(RATES, result.curve)
        n = np.arange(1, len(result.costs) + 1)
        self.single.set_data(n, result.costs)
        stretch = len(n) > 0
        self.mine.set_data(np.r_[n, n[-1] + 0.5] if stretch else n, np.r_[result.best, result.best[-1:]])
        self.titles[0].set_text(f"Last try: {result.costs[-1]:.3f}" if stretch else "No try yet")
        best = f"Your best of {len(n)}: {result.best[-1]:.3f}" if stretch else "Choose, then press Try it"
        self.titles[1].set_text(best)

    def words(self, result, settings):
        here = written(settings.lr, settings.activation, settings.batch_size, settings.optimizer)
        n, said = len(result.costs), f"Next: {here}. "
        if settings.peek:
            low = int(np.argmin(result.curve))
            said += f"The peek: lowest at rate {RATES[low]:g}, {result.curve[low]:.3f}. "
        if not n:
            return said + "No try yet."
        last = "as bad as a try can count" if result.costs[-1] == WORST else f"{result.costs[-1]:.3f}"
        said += f"Tries {n}, last cost {last}, best {result.best[-1]:.3f}"
        said += ", and that was the last. " if n == TRIES else ". "
        random, tpe = (int((best[:, n - 1] > result.best[-1]).sum()) for best in result.rivals.values())
        return said + f"With as many tries, random search does worse in {random} of {SEEDS} seeds, TPE in {tpe}."


class Tuner(Explorer):
    """Find a good training in as few tries as you can, against random search and Optuna's TPE."""

    name = "tuner"
    controls = {
        "lr": Choice("learning rate", 0.1, RATES, [f"{rate:g}" for rate in RATES]),
        "activation": Choice("activation", "tanh", SPACE["activation"]),
        "batch_size": Choice("batch size", 32, SPACE["batch_size"]),
        "optimizer": Menu("optimizer", "sgd", SPACE["optimizer"]),
        "peek": Switch("peek at all rates", False),
        "tries": Tries("your tries", START),
    }
    pictures = (Game,)

    def _panel(self):
        self.button = widgets.Button(description="Try it", button_style="primary")
        self.button.on_click(self._try)
        box = super()._panel()
        *others, tries = box.children
        box.children = (*others, self.button, tries)
        return box

    def _try(self, _=None):
        """Count the present point as a try, unless it has been one."""
        here = written(**{name: self._settings[name] for name in ORDER})
        tries = [part for part in self._settings["tries"].split("; ") if part]
        if here not in tries and len(tries) < TRIES:
            try:
                self.move(tries="; ".join([*tries, here]))
            except Exception as error:
                self._fail(error)


tuner = Tuner
