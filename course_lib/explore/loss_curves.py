"""Six losses against the output of the network: value, slope, and where one step of descent leads."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..figures import BLUE, GREEN, GREY, ORANGE
from ..losses import LOSSES, get_loss, huber_loss
from .controls import Choice, Rate, Slide
from .live import Explorer, Picture

Z = np.linspace(-4, 4, 161)
CLASSES = 3
# The losses drawn together, the label of the axis, the limits of value and of slope.
REGRESSION = (("mse", "mae", "huber"), "output z: the predicted value", (-0.8, 26), (-10.8, 10.8))
CLASSIFICATION = (("bce", "cce", "scce"), "output z: a logit", (-0.18, 5.2), (-1.12, 1.12))
STYLES = ((BLUE, "-"), (GREEN, "--"), (ORANGE, "-."))


def family(loss):
    """The losses that are drawn beside this one."""
    return REGRESSION if loss in REGRESSION[0] else CLASSIFICATION


def value_and_slope(loss, z, target, delta):
    """Loss of one record and its slope, at each of the outputs `z`, by the course's own functions.

    With cce and scce `z` is the logit of one of three classes, the other two stay at 0, and `target`
    tells whether that class is the right one.
    """
    chosen = huber_loss(delta) if loss == "huber" else get_loss(loss)
    outputs = np.atleast_1d(np.asarray(z, float))[:, None, None]  # as many runs, of one record each
    y = np.full((1, 1), float(target))
    if loss in ("cce", "scce"):
        outputs = np.concatenate([outputs, np.zeros((len(outputs), 1, CLASSES - 1))], axis=-1)
        right = 0 if target else 1
        y = np.eye(CLASSES)[[right]] if loss == "cce" else np.array([[right]])
    return chosen.value(outputs, y)[:, 0], chosen.gradient(outputs, y)[:, 0, 0]


@lru_cache(maxsize=512)
def curves(loss, target, delta):
    return value_and_slope(loss, Z, target, delta)


class Curves(Picture):
    size = (860, 340)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(loss, z, target, delta, lr):
        drawn = {name: curves(name, target, delta) for name in family(loss)[0]}
        value, slope = (float(a[0]) for a in value_and_slope(loss, z, target, delta))
        landing = z - lr * slope
        after = float(value_and_slope(loss, landing, target, delta)[0][0])
        return SimpleNamespace(drawn=drawn, value=value, slope=slope, landing=landing, after=after)

    def build(self, figure):
        self.axes = self.value, self.slope = figure.subplots(1, 2)
        self.value.set(xlim=(-4.2, 4.2), ylabel="loss of one record")
        self.slope.set(xlim=(-4.2, 4.2), ylabel="slope ∂loss/∂z")
        self.slope.axhline(0, color="black", lw=0.8)
        self.lines = [[a.plot([], [], color=c, ls=ls, animated=True)[0] for c, ls in STYLES] for a in self.axes]
        self.targets = [a.axvline(0, color=GREY, lw=1, ls=":", animated=True) for a in self.axes]
        self.tangent = self.value.plot([], [], color="black", lw=1.2, animated=True)[0]
        self.way = self.value.plot([], [], color="black", lw=1, ls=":", animated=True)[0]
        self.end = self.value.plot([], [], "o", color="white", mec="black", mew=1.4, ms=7, animated=True)[0]
        self.here = [a.plot([], [], "o", color="black", ms=8, mec="white", animated=True)[0] for a in self.axes]
        self.titles = [a.set_title(" ", animated=True) for a in self.axes]
        self.kept = {}  # the background of each family
        self.switch(REGRESSION)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # kept from here on, whichever family comes first

    def switch(self, losses):
        """Name axes and curves after the losses of a family, and give both axes their limits."""
        names, label, high, steep = self.family = losses
        for axes, limits in zip(self.axes, (high, steep), strict=True):
            axes.set(xlabel=label, ylim=limits)
        handles = [self.value.plot([], [], color=c, ls=ls)[0] for c, ls in STYLES]
        self.slope.legend(handles, names, loc="upper left", handlelength=2.6)
        for handle in handles:
            handle.remove()
        marks = [self.value.plot([], [], "o", color="black", ms=7, mec="white")[0]]
        marks += [self.value.plot([], [], "o", color="white", mec="black", mew=1.4, ms=7)[0]]
        place = "upper right" if losses is REGRESSION else "upper center"  # where no curve is
        self.value.legend(marks, ["here", "after one step"], loc=place, handletextpad=0.2)
        for mark in marks:
            mark.remove()

    def show(self, result, settings):
        wanted = family(settings.loss)
        if wanted is not self.family:
            self.kept[self.family[0]] = self.background
            self.switch(wanted)
            self.background = self.kept.get(wanted[0])
        for i, (name, pair) in enumerate(result.drawn.items()):
            for lines, y in zip(self.lines, pair, strict=True):
                lines[i].set_data(Z, y)
                lines[i].set_linewidth(3 if name == settings.loss else 1.2)
        z, value, slope = settings.z, result.value, result.slope
        target = settings.target if self.family is REGRESSION else 50  # a logit has no place where it is right
        for line in self.targets:
            line.set_xdata([target, target])
        reach = 1.1
        self.tangent.set_data([z - reach, z + reach], [value - reach * slope, value + reach * slope])
        landing = np.clip(result.landing, -4.15, 4.15)
        after = np.clip(result.after, *self.value.get_ylim())
        if landing != result.landing:
            after = min(value, self.value.get_ylim()[1])
        self.way.set_data([z, landing], [value, after])
        self.end.set_data([landing], [after])
        self.end.set_marker(">" if result.landing > landing else "<" if result.landing < landing else "o")
        self.here[0].set_data([z], [value])
        self.here[1].set_data([z], [slope])
        self.titles[0].set_text(f"{settings.loss} at z = {tidy(z)}: loss {value:.3g}, slope {tidy(slope)}")
        self.titles[1].set_text(f"One step of lr {settings.lr:g}: z = {tidy(z)} → {tidy(result.landing)}")

    def words(self, result, settings):
        what = f"target {settings.target}"
        if settings.loss in ("cce", "scce"):
            what = f"class {'right' if settings.target else 'wrong'}, the two other logits 0"
        huber = f" with δ = {settings.delta:g}" if settings.loss == "huber" else ""
        step = result.landing - settings.z
        way = "up" if step > 0 else "down"
        move = f"moves z {way} by {abs(step):.3g}" if abs(step) >= 5e-4 else "hardly moves z"
        return (
            f"{settings.loss}{huber}, {what}: at z = {tidy(settings.z)} the loss is {result.value:.3g} and its slope "
            f"{tidy(result.slope)}. One step of learning rate {settings.lr:g} {move}; "
            f"the loss is then {result.after:.3g}."
        )


def tidy(number):
    """Three significant digits, with a real minus sign and no minus before a zero."""
    return f"{number + 0.0:.3g}".replace("-", "−")


class LossCurves(Explorer):
    """Value and slope of a loss at a chosen output, and where one step of gradient descent leads."""

    name = "loss_curves"
    controls = {
        "loss": Choice("loss", "mse", LOSSES),
        "z": Slide("output z", -2.0, -4, 4, 0.1),
        "target": Choice("target y", 1, (0, 1)),
        "delta": Rate("δ of huber", 1.0, 0.1, 4),
        "lr": Rate("learning rate", 0.3, 0.01, 10),
    }
    pictures = (Curves,)


loss_curves = LossCurves
