"""What an optimizer keeps in mind: gradient, velocity, squared average and the rate of each weight."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..figures import BLUE, ORANGE, Bands
from ..optimizers import OPTIMIZERS, adagrad, adam, adamw, momentum, nesterov, rmsprop, sgd
from ..surfaces import descend, get_surface
from .controls import Choice, Rate, Slide, Switch
from .live import Explorer, Picture
from .race import DISTANT, above

STEPS = 60
START = (-2.7, 1.2)
KEPT = {  # where in its state an optimizer keeps a velocity and squares
    "sgd": (None, None),
    "momentum": (0, None),
    "nesterov": (0, None),
    "adagrad": (None, 0),
    "rmsprop": (None, 0),
    "adam": (0, 1),
    "adamw": (0, 1),
}
WEIGHTS = (("steep weight θ₂", ORANGE, "-", 1), ("flat weight θ₁", BLUE, "--", 0))


def made(optimizer, beta, memory, bias_correction):
    """The optimizer of that name with the constants on the controls."""
    of_adam = dict(beta2=memory, bias_correction=bias_correction)
    return {
        "sgd": sgd,
        "momentum": lambda: momentum(beta),
        "nesterov": lambda: nesterov(beta),
        "adagrad": adagrad,
        "rmsprop": lambda: rmsprop(memory),
        "adam": lambda: adam(beta, **of_adam),
        "adamw": lambda: adamw(beta1=beta, **of_adam),
    }[optimizer]()


class Inside(Picture):
    size = (860, 480)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(optimizer, lr, beta, memory, bias_correction):
        field = get_surface("valley")
        chosen = made(optimizer, beta, memory, bias_correction)
        path = descend(field, chosen, START, lr, STEPS)
        velocity, size = np.full((2, STEPS, 2), np.nan)
        rate = np.full((STEPS, 2), lr)
        at_velocity, at_squares = KEPT[optimizer]
        gradient, state = field.gradient(path[:-1]), chosen.init(path[0])
        with np.errstate(all="ignore"):
            for t, g in enumerate(gradient):
                # From θ = 0 an update is the step alone: what is decayed has nothing to decay.
                step, state = chosen.update(np.zeros(2), g, state, lr, t + 1)
                if at_velocity is not None:
                    velocity[t] = state[at_velocity]
                if at_squares is not None:
                    size[t] = np.sqrt(state[at_squares])
                    rate[t] = -step / (g if at_velocity is None else velocity[t])
        cost = above(field, path)
        path = np.clip(np.nan_to_num(path, nan=1e3), -1e3, 1e3)
        return SimpleNamespace(path=path, gradient=gradient, velocity=velocity, size=size, rate=rate, cost=cost)

    def build(self, figure):
        axes = figure.subplot_mosaic([["map", "gradient", "velocity"], ["size", "rate", "step"]])
        self.map = axes["map"]
        field = get_surface("valley")
        left, right, low, high = field.window
        x, y = np.linspace(left, right, 121), np.linspace(low, high, 121)
        bands = Bands(self.map, np.linspace(0, 1, 13), cmap=DISTANT, animated=False)
        bands.bands.set(edgecolors="white", linewidths=0.5)
        heights = np.log1p(above(field, np.stack(np.meshgrid(x, y), axis=-1)))
        bands.set(x, y, heights / heights.max())
        self.map.set(xlim=(left, right), ylim=(low, high), xlabel="flat weight θ₁")
        self.map.set(ylabel="steep weight θ₂", yticks=[-1, 0, 1])
        self.map.grid(False)
        self.map.plot(0, 0, "*", color="black", ms=12, mec="white")
        self.way = self.map.plot([], [], "o-", color="black", ms=3, lw=1.3, animated=True)[0]
        self.titles = {"map": self.map.set_title(" ", animated=True)}
        limits = {"gradient": 30, "velocity": 30, "size": (3e-2, 1e2), "rate": (5e-4, 10), "step": (-1, 1)}
        self.lines = {}
        for name, ylim in limits.items():
            one = axes[name]
            one.set(xlim=(0, STEPS), xlabel="step")
            if name in ("size", "rate"):
                one.set(yscale="log", ylim=ylim)
            else:
                one.axhline(0, color="black", lw=0.8)
            if name in ("gradient", "velocity"):  # small and large ones side by side
                one.set_yscale("asinh", linear_width=1)
                one.set_ylim(-ylim, ylim)
                one.set_yticks([-20, -5, -1, 0, 1, 5, 20], ["−20", "−5", "−1", "0", "1", "5", "20"])
                one.minorticks_off()
            if name == "step":
                one.set_ylim(*ylim)
            self.titles[name] = one.set_title(" ", animated=True)
            self.lines[name] = [
                one.plot([], [], style, color=colour, label=label, animated=True)[0]
                for label, colour, style, _ in WEIGHTS
            ]
        figure.legend(handles=self.lines["gradient"], loc="outside lower center", ncols=2)

    def show(self, result, settings):
        self.way.set_data(*result.path.T)
        steps = np.arange(1, STEPS + 1)
        drawn = {"gradient": result.gradient, "velocity": result.velocity, "size": result.size, "rate": result.rate,
                 "step": np.diff(result.path, axis=0)}
        for name, values in drawn.items():
            for line, (*_, k) in zip(self.lines[name], WEIGHTS, strict=True):
                line.set_data(steps, values[:, k])
        at_velocity, at_squares = KEPT[settings.optimizer]
        self.titles["map"].set_text(f"{settings.optimizer}: cost {result.cost[0]:.3g} → {result.cost[-1]:.2g}")
        self.titles["gradient"].set_text("Gradient g")
        self.titles["velocity"].set_text("No velocity kept" if at_velocity is None else "Velocity kept")
        self.titles["size"].set_text("No squares kept" if at_squares is None else "√ of squares kept")
        apart = result.rate[-1, 0] / result.rate[-1, 1]
        same = KEPT[settings.optimizer][1] is None
        self.titles["rate"].set_text("One rate for both" if same else f"Rates: flat {apart:.3g} × steep")
        self.titles["step"].set_text(f"Moves: the first {abs(result.path[1] - result.path[0]).max():.2g}")

    def words(self, result, settings):
        first = np.abs(result.path[1] - result.path[0])
        said = (
            f"{settings.optimizer} at rate {settings.lr:g}: the first step moves the steep weight by {first[1]:.3g} "
            f"and the flat one by {first[0]:.3g}; "
        )
        if KEPT[settings.optimizer][1] is None:
            return said + "both weights have the same rate for ever."
        steep, flat = result.rate[-1, 1], result.rate[-1, 0]
        return said + f"at the end their rates are {steep:.2g} and {flat:.2g}."


class InsideAdam(Explorer):
    """The state of an optimizer, step by step, for a steep and a flat weight."""

    name = "inside_adam"
    controls = {
        "optimizer": Choice("optimizer", "adam", OPTIMIZERS),
        "lr": Rate("learning rate", 0.1, 1e-3, 1),
        "beta": Slide("velocity: β, β₁", 0.9, 0.0, 0.99, 0.01),
        "memory": Choice("squares: α, β₂", 0.999, (0.5, 0.9, 0.99, 0.999)),
        "bias_correction": Switch("bias correction (Adam, AdamW)", True),
    }
    pictures = (Inside,)


inside_adam = InsideAdam
