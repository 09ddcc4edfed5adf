"""Backpropagation on the picture: every value and every gradient of the 2-2-1 network, and one path of factors."""

import math
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import PatchCollection
from matplotlib.patches import Rectangle

from ..activations import HIDDEN
from ..figures import BLUE, GREY, ORANGE
from ..two_two_one import LABELS, VALUES, chain, two_two_one
from .controls import Choice, Menu, Rate, Slide
from .live import Explorer, Picture

PLACES = {  # centres, in CSS pixels of the picture
    "x1": (50, 340), "x2": (50, 190), "z1": (286, 340), "z2": (286, 190), "a1": (442, 340), "a2": (442, 190),
    "y_hat": (654, 265), "loss": (804, 265), "y": (804, 350),
    "b1_1": (286, 424), "b1_2": (286, 106), "b2_1": (654, 350),
}  # fmt: skip
WEIGHTS = {  # from, to, and how far along the line its label stands
    "w1_11": ("x1", "z1", 0.52), "w1_12": ("x1", "z2", 0.3), "w1_21": ("x2", "z1", 0.3), "w1_22": ("x2", "z2", 0.52),
    "w2_11": ("a1", "y_hat", 0.52), "w2_21": ("a2", "y_hat", 0.52),
}  # fmt: skip
LINES = [line[:2] for line in WEIGHTS.values()] + [
    ("b1_1", "z1"), ("b1_2", "z2"), ("b2_1", "y_hat"), ("z1", "a1"), ("z2", "a2"), ("y_hat", "loss"), ("y", "loss"),
]  # fmt: skip
NAMES = LABELS | dict(x1="x₁", x2="x₂", z1="z₁", z2="z₂", a1="a₁", a2="a₂", y_hat="ŷ", loss="L", y="y")
FACTORS = 4  # the longest chain


def short(value):
    """A number in three digits, two if it is tiny, with a minus sign as wide as a plus."""
    tiny = 0 < abs(value) < 1e-3
    written = f"{value + 0.0:.1e}" if tiny else f"{value + 0.0:.3g}"
    return written.replace("e-0", "e-").replace("e+0", "e").replace("-", "−")


def path_of(weight):
    """The nodes from the loss back to what a weight multiplies, or to the bias itself."""
    start = weight if weight[0] == "b" else WEIGHTS[weight][0]
    unit = weight[-1]
    hidden = [] if weight[1] == "2" else [f"a{unit}", f"z{unit}"]
    return ["loss", "y_hat", *hidden, start]


class Network(Picture):
    size = (860, 520)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(
        activation, lr, weight, x1, x2, y, w1_11, w1_21, b1_1, w1_12, w1_22, b1_2, w2_11, w2_21, b2_1
    ):  # fmt: skip
        given = (x1, x2, y, w1_11, w1_21, b1_1, w1_12, w1_22, b1_2, w2_11, w2_21, b2_1)
        numbers = dict(zip(VALUES, given, strict=True))
        nodes = two_two_one(activation, **numbers)
        moved = {name: nodes[name].value - lr * nodes[name].gradient for name in LABELS}
        after = two_two_one(activation, **numbers | moved)
        return SimpleNamespace(nodes=nodes, factors=chain(nodes, weight), moved=moved, after=after["loss"].value)

    def build(self, figure):
        axes = figure.subplots()
        axes.set(xlim=(0, 850), ylim=(-42, 447))
        axes.set_axis_off()
        self.title = axes.set_title(" ", animated=True)
        for start, end in LINES:
            axes.plot(*zip(PLACES[start], PLACES[end], strict=True), color="#AAAAAA", lw=1.2, zorder=1)
        self.path = axes.plot([], [], color=ORANGE, lw=5, alpha=0.45, animated=True, zorder=2)[0]
        self.backwards = axes.plot([], [], "<", color=ORANGE, ms=8, animated=True, zorder=2.1)[0]

        boxes = [Rectangle((x - 43, y - 21), 86, 42) for x, y in PLACES.values()]
        edges = [BLUE if name in LABELS else "#444444" for name in PLACES]
        axes.add_collection(
            PatchCollection(boxes, facecolors="white", edgecolors=edges, lw=1.2, animated=True, zorder=3)
        )
        grounds = [Rectangle((x - 44, y - 17), 88, 34) for x, y in map(self.place, WEIGHTS)]
        axes.add_collection(PatchCollection(grounds, facecolors="white", edgecolors="none", animated=True, zorder=3))

        self.chosen = axes.plot([], [], color=ORANGE, lw=2, animated=True, zorder=3.5)[0]

        self.values, self.gradients = {}, {}
        for name in (*PLACES, *WEIGHTS):
            x, y = self.place(name)
            kind = dict(ha="center", va="center", animated=True, zorder=4)
            colour = BLUE if name in LABELS else "black"
            self.values[name] = axes.text(x, y + 9, "", size=9.5, color=colour, **kind)
            self.gradients[name] = axes.text(x, y - 9, "", size=9.5, color=ORANGE, **kind)
        kind = dict(size=9.5, ha="center", va="center")
        for y in (340, 190):
            axes.text(364, y + 12, "A′", **kind)
        self.slopes = [axes.text(364, y - 13, "", animated=True, **kind) for y in (340, 190)]
        axes.text(0, 434, "upper line: the value", size=9.5)
        axes.text(0, 414, "∂: the gradient of L for it", size=9.5, color=ORANGE)

        kind = dict(ha="center", va="center", animated=True)
        self.formulas = [axes.text(0, 42, "", size=9.5, color="#444444", **kind) for _ in range(FACTORS + 1)]
        self.numbers = [axes.text(0, 16, "", size=12, **kind) for _ in range(FACTORS + 1)]
        self.signs = [axes.text(0, 28, "", size=13, **kind) for _ in range(FACTORS)]
        self.note = axes.text(0, -24, "", size=9.5, color=GREY, va="center", animated=True)

    @staticmethod
    def place(name):
        """Where a node stands, or the label of a weight."""
        if name in PLACES:
            return PLACES[name]
        start, end, share = WEIGHTS[name]
        return tuple(np.array(PLACES[start]) * (1 - share) + np.array(PLACES[end]) * share)

    def show(self, result, settings):
        for name, text in self.values.items():
            node = result.nodes[name]
            text.set_text(f"{NAMES[name]} = {short(node.value)}")
            self.gradients[name].set_text(f"∂ {short(node.gradient)}")
        for unit, text in zip("12", self.slopes, strict=True):
            text.set_text(short(result.nodes[f"a{unit}"].slopes[0]))

        x, y = self.place(settings.weight)
        self.chosen.set_data(x + np.array([-44, 44, 44, -44, -44]), y + np.array([-21, -21, 21, 21, -21]))
        path = np.array([PLACES[name] for name in path_of(settings.weight)], float)
        self.path.set_data(*path.T)
        self.backwards.set_data(*(path[:2].mean(axis=0, keepdims=True)).T)

        gradient = result.nodes[settings.weight].gradient
        cells = [*result.factors, (f"∂L/∂{NAMES[settings.weight]}", gradient)]
        for i in range(FACTORS + 1):
            x, last = 70 + 175 * i, len(cells) - 1
            formula, number = (cells[i][0], short(cells[i][1])) if i <= last else ("", "")
            self.formulas[i].set(text=formula, x=x)
            self.numbers[i].set(text=number, x=x, color=ORANGE if i == last else "black")
            if i:
                self.signs[i - 1].set(text="=" if i == last else "×" if i < last else "", x=x - 87)
        name = NAMES[settings.weight]
        self.title.set_text(f"Every gradient is a product along a path: ∂L/∂{name} = {short(gradient)}")
        self.note.set_text(self.left_out(result, settings))

    def left_out(self, result, settings):
        """What the formula without the slope of the activation would give."""
        slope = [value for formula, value in result.factors if "A′" in formula]
        if not slope:
            return "This path does not pass through an activation."
        without = math.prod([value for formula, value in result.factors if "A′" not in formula])
        right = result.nodes[settings.weight].gradient
        said = f"Without the factor A′ it would be {short(without)}"
        return f"{said}: wrong." if without != right else f"{said}, the same here."

    def words(self, result, settings):
        node, name = result.nodes[settings.weight], NAMES[settings.weight]
        loss, lr = result.nodes["loss"].value, settings.lr
        end = "lower" if result.after < loss else "higher" if result.after > loss else "unchanged"
        return (
            f"The network says {short(result.nodes['y_hat'].value)}, the target is {short(settings.y)}, the loss is "
            f"{short(loss)}. {name}: {short(node.value)} − {lr:g}·({short(node.gradient)}) = "
            f"{short(result.moved[settings.weight])}. When all nine move by such a step, the loss becomes "
            f"{short(result.after)}: {end}."
        )


class Backprop(Explorer):
    """The 2-2-1 network with every number editable, its gradients, and the chain rule along one path."""

    name = "backprop"
    controls = {
        "weight": Menu("path of", "w1_11", LABELS, LABELS.values()),
        "activation": Choice("activation", "sigmoid", HIDDEN),
        "lr": Rate("learning rate", 0.1, 1e-3, 1),
        **{name: Slide(NAMES[name], value, -4, 4, 0.1) for name, value in VALUES.items()},
    }
    pictures = (Network,)

    def _panel(self):
        for name in VALUES:  # three in a row: what goes in, each hidden unit, the output
            self.sliders[name].layout.width = "262px"
        self.sliders["lr"].layout.width = "290px"
        return super()._panel()


backprop = Backprop
