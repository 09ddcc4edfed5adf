"""One neuron: two weights and a bias draw a straight line, the activation decides how sharp it is."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import HIDDEN, get_activation
from ..datasets import moons
from ..figures import GREY, ORANGE, records
from .controls import Choice, Slide
from .live import Explorer, Picture
from .loss_curves import tidy

DATA = moons(100)
LABEL = DATA.y[:, 0] > 0.5
Z = np.linspace(-8, 8, 161)


class Neuron(Picture):
    size = (860, 330)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(w1, w2, b, activation):
        z = DATA.x @ [w1, w2] + b
        return SimpleNamespace(z=z, a=get_activation(activation)(z), right=((z > 0) == LABEL).mean())

    def build(self, figure):
        self.plane, self.curve = figure.subplots(1, 2, width_ratios=(1, 1.2))
        self.plane.set(xlim=(-2.1, 2.1), ylim=(-2.1, 2.1), xlabel="input x₁", ylabel="input x₂")
        self.plane.set(xticks=range(-2, 3), yticks=range(-2, 3))
        self.dots = records(self.plane, DATA.x, DATA.y)
        self.side = self.plane.fill([0, 0, 0, 0], [0, 0, 0, 0], color=ORANGE, alpha=0.15, lw=0, animated=True)[0]
        self.line = self.plane.plot([], [], color="black", animated=True)[0]
        self.arrow = self.plane.plot([], [], color=ORANGE, lw=2.5, marker="o", markevery=[1], ms=8, animated=True)[0]
        self.arrow_text = self.plane.text(0, 0, "", color=ORANGE, size=9, animated=True)
        self.plane_title = self.plane.set_title(" ", animated=True)
        self.curve.set(xlim=(-8, 8), ylim=(-2, 4), xlabel="z = w₁x₁ + w₂x₂ + b", ylabel="output a = A(z)")
        self.curve.axvline(0, color=GREY, lw=1, ls=":")
        self.shape = self.curve.plot([], [], color=GREY, lw=1.5, animated=True)[0]
        self.out = records(self.curve, np.zeros((2, 2)), np.array([0, 1]))
        self.curve_title = self.curve.set_title(" ", animated=True)

    def show(self, result, settings):
        w, b = np.array([settings.w1, settings.w2]), settings.b
        length = np.hypot(*w)
        if length > 0:
            foot, along = -b * w / length**2, np.array([-w[1], w[0]]) / length
            ends = foot + np.outer([-9, 9], along)
            far = ends[::-1] + 9 * w / length
            self.line.set_data(*ends.T)
            self.side.set_xy(np.concatenate([ends, far]))
        else:
            self.line.set_data([], [])
            self.side.set_xy(np.array([[-9, -9], [9, -9], [9, 9], [-9, 9]]) if b > 0 else np.zeros((4, 2)))
        self.arrow.set_data([0, w[0] / 2], [0, w[1] / 2])
        self.arrow_text.set(position=(w[0] / 2, w[1] / 2 + 0.12), text="½w")
        f = get_activation(settings.activation)
        self.shape.set_data(Z, f(Z))
        for dots, k in zip(self.out, (False, True), strict=True):
            dots.set_data(result.z[label_is(k)], result.a[label_is(k)])
        self.plane_title.set_text(f"One straight line: {result.right:.0%} on the right side")
        self.curve_title.set_text(f"{settings.activation}: outputs from {result.a.min():.2g} to {result.a.max():.2g}")

    def words(self, result, settings):
        signs = [("−" if number < 0 else "+") + f" {tidy(abs(number))}" for number in (settings.w2, settings.b)]
        return (
            f"z = {tidy(settings.w1)}·x₁ {signs[0]}·x₂ {signs[1]}, output {settings.activation}(z). The line "
            f"is where z = 0; {result.right:.0%} of the {len(DATA)} records lie on the side of their class."
        )


def label_is(k):
    """Which records belong to the second class (k True) or the first."""
    return k == LABEL


class OneNeuron(Explorer):
    """Weights turn and sharpen the line, the bias shifts it, the activation bends the output, never the line."""

    name = "neuron"
    controls = {
        "w1": Slide("weight w₁", 1.0, -4, 4, 0.1),
        "w2": Slide("weight w₂", 1.0, -4, 4, 0.1),
        "b": Slide("bias b", 0.0, -4, 4, 0.1),
        "activation": Choice("activation", "sigmoid", HIDDEN),
    }
    pictures = (Neuron,)


neuron = OneNeuron
