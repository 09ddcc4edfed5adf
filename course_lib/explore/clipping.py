"""One gradient before and after clipping, by value and by norm: its length, its direction."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..clipping import angle, clip_norm, clip_value
from ..figures import BLUE, GREY, ORANGE
from .controls import Rate, Slide
from .live import Explorer, Picture

REACH = 6.0
TURN = np.linspace(0, 90, 181)  # degrees from the first axis
LENGTHS = np.geomspace(0.1, 100, 121)


def turned(g, h):
    """The angle between two gradients; none where there is no direction."""
    return float(angle(g, h)) if g.any() and h.any() else 0.0


class Vectors(Picture):
    size = (860, 340)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(first, second, limit):
        g = np.array([first, second])
        length = np.sqrt(g @ g)
        radians = np.radians(TURN)
        fan = max(length, 1e-9) * np.stack([np.cos(radians), np.sin(radians)], axis=-1)
        direction = g / length if length else np.array([1.0, 0.0])
        ray = LENGTHS[:, None] * direction
        by = {"norm": clip_norm, "value": clip_value}
        return SimpleNamespace(
            g=g, length=length, here=float(np.degrees(np.arctan2(abs(second), abs(first)))),
            clipped={kind: clip(g, limit) for kind, clip in by.items()},
            angles={kind: turned(g, clip(g, limit)) for kind, clip in by.items()},
            fan={kind: angle(fan, clip(fan, limit)) for kind, clip in by.items()},
            ray={kind: np.linalg.norm(clip(ray, limit), axis=-1) for kind, clip in by.items()},
        )  # fmt: skip

    def build(self, figure):
        self.plane, self.angle, self.length = figure.subplots(1, 3, width_ratios=(1.15, 1, 1))
        self.plane.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xlabel="∂cost/∂w₁", ylabel="∂cost/∂w₂")
        self.plane.set_aspect("equal", adjustable="box")
        self.box = self.plane.plot([], [], color=ORANGE, lw=1, ls="--", animated=True)[0]
        self.ring = self.plane.plot([], [], color=BLUE, lw=1, animated=True)[0]
        self.arrows = {}
        for kind, colour, style, width, marker in (
            ("before", "black", ":", 1.8, "o"),
            ("value", ORANGE, "--", 2.4, "s"),
            ("norm", BLUE, "-", 2.4, "D"),
        ):
            shown = "before" if kind == "before" else f"by {kind}"
            self.arrows[kind] = self.plane.plot(
                [], [], color=colour, ls=style, lw=width, marker=marker, ms=8, mec="white", markevery=[1],
                animated=True, label=shown,
            )[0]  # fmt: skip
        self.plane.legend(loc="lower right", borderaxespad=0, handlelength=2.4)
        self.angle.set(xlim=(0, 90), ylim=(-2, 46), xticks=(0, 15, 30, 45, 60, 75, 90))
        self.angle.set(xlabel="direction (degrees from the w₁ axis)", ylabel="turned by (degrees)")
        self.length.set(xscale="log", yscale="log", xlim=(0.1, 100), ylim=(0.1, 100))
        self.length.set(xlabel="length before", ylabel="length after")
        self.length.plot([0.1, 100], [0.1, 100], color=GREY, lw=1, ls=":")
        self.curves, self.dots = {}, {}
        for kind, colour, style, marker in (("value", ORANGE, "--", "s"), ("norm", BLUE, "-", "D")):
            for axes in (self.angle, self.length):
                self.curves[kind, axes] = axes.plot([], [], color=colour, ls=style, animated=True)[0]
                self.dots[kind, axes] = axes.plot([], [], marker, color=colour, mec="white", ms=9, animated=True)[0]
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.plane, self.angle, self.length)]

    def show(self, result, settings):
        limit = settings.limit
        self.box.set_data(limit * np.array([-1, 1, 1, -1, -1]), limit * np.array([-1, -1, 1, 1, -1]))
        turn = np.linspace(0, 2 * np.pi, 120)
        self.ring.set_data(limit * np.cos(turn), limit * np.sin(turn))
        self.arrows["before"].set_data([0, result.g[0]], [0, result.g[1]])
        for kind, h in result.clipped.items():
            self.arrows[kind].set_data([0, h[0]], [0, h[1]])
            self.curves[kind, self.angle].set_data(TURN, result.fan[kind])
            self.dots[kind, self.angle].set_data([result.here], [result.angles[kind]])
            self.curves[kind, self.length].set_data(LENGTHS, result.ray[kind])
            after = np.linalg.norm(h)
            self.dots[kind, self.length].set_data([max(result.length, 0.1)], [max(after, 0.1)])
        self.titles[0].set_text(f"Length {result.length:.2f}, limit {limit:.3g}")
        self.titles[1].set_text(f"By value turned by {result.angles['value']:.0f}°")
        self.titles[2].set_text(
            f"Norm: {np.linalg.norm(result.clipped['norm']):.2f}, value: {np.linalg.norm(result.clipped['value']):.2f}"
        )

    def words(self, result, settings):
        if not result.length:
            return "The gradient is 0: there is nothing to clip."
        said = f"Gradient ({result.g[0]:g}, {result.g[1]:g}), limit {settings.limit:g}: "
        by_norm, by_value = (np.round(result.clipped[kind], 2) + 0.0 for kind in ("norm", "value"))
        if result.length <= settings.limit:
            return said + "it is shorter than the limit, so both leave it as it is."
        return said + (
            f"by norm ({by_norm[0]:g}, {by_norm[1]:g}), the same direction; "
            f"by value ({by_value[0]:g}, {by_value[1]:g}), turned by {result.angles['value']:.1f} degrees."
        )


class Clipping(Explorer):
    """A gradient before and after clipping, by value and by norm."""

    name = "clipping"
    controls = {
        "first": Slide("∂cost/∂w₁", 5.0, -REACH, REACH, 0.1),
        "second": Slide("∂cost/∂w₂", 1.5, -REACH, REACH, 0.1),
        "limit": Rate("limit", 2.0, 0.1, 10),
    }
    pictures = (Vectors,)


clipping = Clipping
