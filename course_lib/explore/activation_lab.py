"""Nine activations, and what the chosen one makes of inputs with a chosen mean and scale."""

from functools import lru_cache, partial
from types import SimpleNamespace

import numpy as np
from matplotlib.patches import Rectangle

from ..activations import FLAT, HIDDEN, Activation, normal_sample, score
from ..figures import BLUE, GREY, ORANGE, SKY
from .controls import Choice, Slide
from .live import Explorer, Picture
from .loss_curves import tidy

PARAMETERS = {"leaky_relu": "a", "prelu": "a", "elu": "alpha"}
Z = np.linspace(-6, 6, 301)
LOW, HIGH = -2.25, 3.25  # outputs that are drawn
EDGES = np.linspace(LOW, HIGH, 56)  # every bin is 0.1 wide; 0 and ±1 lie in the middle of theirs
SAMPLE = 2001


def with_parameter(name, leak, prelu, alpha):
    """The Activation called `name`, with its parameter where it has one."""
    if name not in PARAMETERS:
        return HIDDEN[name]
    given = {PARAMETERS[name]: {"leaky_relu": leak, "prelu": prelu, "elu": alpha}[name]}
    return Activation(name, partial(HIDDEN[name].value, **given), partial(HIDDEN[name].slope, **given))


class Nine(Picture):
    """All of them side by side, the chosen one framed."""

    size = (860, 136)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(leak, prelu, alpha):
        return {name: with_parameter(name, leak, prelu, alpha) for name in PARAMETERS}

    def build(self, figure):
        z = np.linspace(-3, 3, 121)
        self.z, self.lines, self.frames = z, {}, {}
        for axes, (name, f) in zip(figure.subplots(1, len(HIDDEN)), HIDDEN.items(), strict=True):
            moves = name in PARAMETERS
            axes.set(xlim=(-3, 3), ylim=(-2.1, 3.1), xticks=(0,), yticks=(0, 1))
            axes.tick_params(labelbottom=False, labelleft=False, length=0)
            value = axes.plot(z, f(z), color="black", lw=1.6, animated=moves)[0]
            slope = axes.plot(z, f.slope(z), color=ORANGE, lw=1.3, ls="--", animated=moves)[0]
            if moves:
                self.lines[name] = value, slope
            axes.set_title(name, size=9, loc="left")
            self.frames[name] = axes.add_patch(
                Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, ec=BLUE, lw=4, animated=True)
            )
        figure.legend([value, slope], ["value f(z)", "slope f′(z)"], loc="outside lower right", ncols=2, borderpad=0.1)

    def show(self, result, settings):
        for name, (value, slope) in self.lines.items():
            value.set_ydata(result[name](self.z))
            slope.set_ydata(result[name].slope(self.z))
        for name, frame in self.frames.items():
            frame.set_visible(name == settings.activation)

    def words(self, result, settings):
        return f"Above: value and slope of all nine, {settings.activation} framed."


class Lab(Picture):
    """Inputs go in below, outputs come out at the right, and every criterion is measured on the way."""

    size = (860, 350)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(activation, mean, scale, leak, prelu, alpha):
        f = with_parameter(activation, leak, prelu, alpha)
        z = mean + scale * normal_sample(SAMPLE)
        outputs = f(z)
        shares = np.histogram(outputs, EDGES)[0] / SAMPLE
        density = np.exp(-0.5 * ((Z - mean) / scale) ** 2)
        return SimpleNamespace(
            value=f(Z), slope=f.slope(Z), density=density, shares=shares, score=score(f, z),
            off=float(((outputs < LOW) | (outputs > HIGH)).mean()), at_0=tuple(f.slope(np.array([-1e-9, 1e-9]))),
        )  # fmt: skip

    def build(self, figure):
        grid = figure.add_gridspec(2, 4, width_ratios=(1.25, 0.4, 0.95, 1.15), height_ratios=(2.3, 1))
        self.value = figure.add_subplot(grid[0, 0])
        self.out = figure.add_subplot(grid[0, 1], sharey=self.value)
        self.put_in = figure.add_subplot(grid[1, 0], sharex=self.value)
        self.slope, self.card = figure.add_subplot(grid[:, 2]), figure.add_subplot(grid[:, 3])
        self.value.set(xlim=(-6, 6), ylim=(LOW, HIGH), ylabel="output a = f(z)")
        self.value.tick_params(labelbottom=False)
        self.put_in.set(ylim=(0, 1.6), xlabel="input z", ylabel="inputs", yticks=())
        self.out.set(xlim=(0, 1.1), xticks=(), xlabel="outputs")
        self.out.tick_params(labelleft=False)
        self.slope.set(xlim=(-6, 6), ylim=(-0.55, 2.2), xlabel="input z", ylabel="slope f′(z)")
        self.slope.set(xticks=range(-6, 7, 3), yticks=(-0.5, 0, 0.5, 1, 1.5, 2))
        for axes in (self.value, self.slope):
            axes.axhline(0, color="black", lw=0.8)
        self.curves = [
            axes.plot([], [], color=colour, ls=style, lw=2.4, animated=True)[0]
            for axes, colour, style in ((self.value, "black", "-"), (self.slope, ORANGE, "--"))
        ]
        area = dict(animated=True, closed=True, lw=0.8)
        (self.learns,) = self.put_in.fill([0], [0], fc=SKY, ec=BLUE, **area)
        (self.stuck,) = self.put_in.fill([0], [0], fc="white", ec=ORANGE, hatch="/////", **area)
        key = Rectangle((0, 0), 1, 1, fc="white", ec=ORANGE, hatch="/////", lw=0.8)
        self.put_in.legend([key], [f"here the slope is under {FLAT}"], loc="upper left", borderaxespad=0)
        self.bins = self.out.stairs(
            np.zeros(len(EDGES) - 1), EDGES, orientation="horizontal", fill=True, fc=SKY, ec=BLUE, animated=True
        )
        self.mean = self.out.axhline(0, color="black", lw=1.6, ls=":", animated=True)
        self.biggest = self.out.text(1.1, HIGH, "", size=8, ha="right", va="top", animated=True)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.value, self.slope)]
        self.card.set_axis_off()
        self.card.set_title("Score card")
        self.rows = []
        for i, name in enumerate(("not a straight line", "differentiable", "cheap", "zero-centred", "not saturating")):
            y = 0.93 - 0.195 * i
            self.card.text(0.11, y, name, weight="bold", transform=self.card.transAxes)
            mark, said = (
                self.card.text(x, y - drop, "", size=size, transform=self.card.transAxes, animated=True)
                for x, drop, size in ((0, 0, 11), (0.11, 0.07, 9))
            )
            self.rows.append((mark, said))

    def show(self, result, settings):
        s = result.score
        for curve, y in zip(self.curves, (result.value, result.slope), strict=True):
            curve.set_data(Z, y)
        flat = np.abs(result.slope) < FLAT
        for area, part in ((self.learns, ~flat), (self.stuck, flat)):
            area.set_xy(np.column_stack([np.r_[Z[0], Z, Z[-1]], np.r_[0, np.where(part, result.density, 0), 0]]))
        most = result.shares.argmax()
        self.bins.set_data(result.shares / max(result.shares[most], 1e-9))
        self.mean.set_ydata([s.mean, s.mean])
        self.mean.set_visible(LOW < s.mean < HIGH)
        self.biggest.set_text(f"longest {result.shares[most]:.0%}")
        self.titles[0].set_text(f"{settings.activation}: outputs {tidy_2(s.lowest)} to {tidy_2(s.highest)}")
        self.titles[1].set_text(f"Slope up to {s.largest_slope:.3g}")
        below, above = result.at_0
        judged = (
            (s.bends > 0.01, f"strays {s.bends:.2g} from a line"),
            (not s.kinked, f"a kink at 0: {below:.2g} | {above:.2g}" if s.kinked else "no kink anywhere"),
            (None, "timed below, at A8"),
            (abs(s.mean) < 0.05, f"mean output {tidy_2(s.mean)}"),
            (s.saturated < 0.05, f"{s.saturated:.0%} on slopes under {FLAT}"),
        )
        for (mark, said), (good, text) in zip(self.rows, judged, strict=True):
            mark.set(text={True: "✓", False: "✗", None: "?"}[good])
            mark.set_color({True: BLUE, False: ORANGE, None: GREY}[good])
            said.set_text(text)

    def words(self, result, settings):
        s = result.score
        off = f" ({result.off:.0%} of them beyond the picture)" if result.off > 0.005 else ""
        return (
            f"{settings.activation} on inputs of mean {tidy(settings.mean)} and scale {settings.scale:g}: outputs from "
            f"{tidy_2(s.lowest)} to {tidy_2(s.highest)}{off}, mean {tidy_2(s.mean)}. Its slope is "
            f"{s.largest_slope:.2g} at most, and below {FLAT} for {s.saturated:.0%} of the inputs."
        )


def tidy_2(number):
    """Two decimals, with a real minus sign and no minus before a zero."""
    return f"{round(number, 2) + 0.0:.2f}".replace("-", "−")


class ActivationLab(Explorer):
    """Curve, slope and score card of an activation, on inputs of one's choice."""

    name = "activation_lab"
    controls = {
        "activation": Choice("activation", "tanh", HIDDEN),
        "mean": Slide("input mean", 0.0, -4, 4, 0.1),
        "scale": Slide("input scale", 1.0, 0.1, 4, 0.1),
        "leak": Slide("a of leaky_relu", 0.01, 0, 1, 0.01),
        "prelu": Slide("a of prelu (learned)", 0.25, -0.5, 1.5, 0.01),
        "alpha": Slide("α of elu", 1.0, 0.1, 2.1, 0.05),
    }
    pictures = (Nine, Lab)


activation_lab = ActivationLab
