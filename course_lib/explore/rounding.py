"""The slope of sigmoid and tanh far out: small on paper, 0 in floats."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import get_activation
from ..figures import BLUE, GREY, ORANGE
from .controls import Choice, Rate, Slide
from .live import Explorer, Picture

Z = np.linspace(0, 45, 901)
DTYPES = ("float32", "float64")
LEAST = 1e-20  # where 0 is drawn, below the axis


def on_paper(activation, z):
    """The slope without rounding, by a form that never subtracts two nearly equal numbers."""
    if activation == "sigmoid":
        return np.exp(-z) / (1 + np.exp(-z)) ** 2
    return 4 * np.exp(-2 * z) / (1 + np.exp(-2 * z)) ** 2


def in_floats(activation, z, dtype):
    return np.asarray(get_activation(activation).slope(np.asarray(z, dtype)), float)


@lru_cache(maxsize=8)
def curves(activation):
    """The slopes over Z, and the first z at which each dtype has none."""
    slopes = {dtype: in_floats(activation, Z, dtype) for dtype in DTYPES}
    return slopes, {dtype: float(Z[(slope == 0).argmax()]) for dtype, slope in slopes.items()}


class Slopes(Picture):
    size = (860, 330)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(z, activation, lr):
        slopes = {dtype: float(in_floats(activation, z, dtype)) for dtype in DTYPES}
        ones = {dtype: np.ones((), dtype) for dtype in DTYPES}
        moved = {d: bool(one - one.dtype.type(lr * slopes[d]) != one) for d, one in ones.items()}
        true = float(on_paper(activation, z))
        return SimpleNamespace(true=true, slopes=slopes, moved=moved, curves=curves(activation))

    def build(self, figure):
        axes = self.axes = figure.add_subplot()
        axes.set(yscale="log", xlim=(0, 45), ylim=(LEAST, 30), xlabel="input z", ylabel="slope f′(z)")
        axes.set_yticks([1e-18, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1])
        self.paper = axes.plot([], [], color=GREY, lw=5, alpha=0.5, animated=True, label="on paper")[0]
        styles = ((BLUE, "-", 2.2), (ORANGE, "--", 2.2))
        self.lines, self.gone, self.points = {}, {}, {}
        for (colour, dash, width), dtype in zip(styles, reversed(DTYPES), strict=True):
            self.lines[dtype] = axes.plot([], [], color=colour, ls=dash, lw=width, animated=True, label=dtype)[0]
            self.gone[dtype] = axes.text(0, 4e-20, "", color=colour, size=9, ha="right", animated=True)
        for marker, fill, dtype in (("o", BLUE, "float64"), ("D", ORANGE, "float32")):
            self.points[dtype] = axes.plot([], [], marker, color=fill, mec="white", ms=9, animated=True)[0]
        self.here = axes.axvline(0, color="black", lw=1.2, ls=":", animated=True)
        axes.legend(loc="upper right")
        self.title = axes.set_title(" ", animated=True)

    def show(self, result, settings):
        slopes, firsts = result.curves
        self.paper.set_data(Z, on_paper(settings.activation, Z))
        for dtype, slope in slopes.items():
            kept = slope > 0
            self.lines[dtype].set_data(np.r_[Z[kept], firsts[dtype]], np.r_[slope[kept], LEAST / 10])
            self.gone[dtype].set(text=f"{dtype}: 0 from z = {firsts[dtype]:.3g} ", x=firsts[dtype])
            self.points[dtype].set_data([settings.z], [max(result.slopes[dtype], LEAST * 1.7)])
        self.here.set_xdata([settings.z] * 2)
        at = {dtype: "0" if slope == 0 else f"{slope:.3g}" for dtype, slope in result.slopes.items()}
        self.title.set_text(
            f"{settings.activation} at z = {settings.z:g}: slope {result.true:.3g} on paper, "
            f"{at['float64']} in float64, {at['float32']} in float32"
        )

    def words(self, result, settings):
        ends = {(True, True): "in both", (True, False): "in float64 only", (False, False): "in neither"}
        return (
            f"One update of size lr × slope = {settings.lr:g} × {result.true:.2g} from a weight of 1: it moves "
            f"{ends[result.moved['float64'], result.moved['float32']]} of the two number types."
        )


class Rounding(Explorer):
    """Slope of a saturated unit on paper, in float64 and in float32, and whether a weight of 1 still moves."""

    name = "rounding"
    controls = {
        "z": Slide("input z", 10.0, 0, 45, 0.5),
        "activation": Choice("activation", "sigmoid", ("sigmoid", "tanh")),
        "lr": Rate("learning rate", 0.1, 1e-3, 100),
    }
    pictures = (Slopes,)


rounding = Rounding
