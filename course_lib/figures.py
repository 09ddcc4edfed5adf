"""Drawing shared by the lessons: one style, one palette, and artists that can be updated.

Functions take axes and return artists; nothing here computes what it shows.
"""

from pathlib import Path

import contourpy
import numpy as np
from IPython.display import display
from matplotlib import colors, pyplot, rc_params_from_file
from matplotlib.collections import PathCollection
from matplotlib.path import Path as Outline

STYLE = rc_params_from_file(Path(__file__).with_name("course.mplstyle"), use_default_template=False)  # read once

BLUE, ORANGE, GREEN, PINK, YELLOW, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
GREY = "#777777"
CLASS_COLOURS = (BLUE, ORANGE)
CLASS_MARKERS = ("o", "^")  # the second cue beside the colour
BLUE_TO_ORANGE = colors.LinearSegmentedColormap.from_list("blue_to_orange", [SKY, "white", "#F0A35E"])


def use_style():
    """Give every figure of a notebook the course's look."""
    pyplot.style.use(STYLE)


def show(figure, words):
    """Show a figure that stands still, with words for those who do not see it."""
    pyplot.close(figure)  # otherwise it would appear again at the end of the cell
    display(figure, metadata={"image/png": {"alt": words}})


class Bands:
    """Filled contours that can be updated: one coloured band between each two levels, a line at `line`."""

    def __init__(self, axes, levels, cmap=BLUE_TO_ORANGE, line=None, animated=True, zorder=0.5):
        self.levels, self.line_level = np.asarray(levels, float), line
        shades = cmap(np.linspace(0, 1, len(levels) - 1))
        kind = dict(transform=axes.transData, animated=animated, zorder=zorder, antialiaseds=False)
        self.bands = PathCollection([], facecolors=shades, linewidths=0, **kind)
        self.line = PathCollection([], facecolors="none", edgecolors="black", linewidths=1.4, **kind)
        axes.add_collection(self.bands, autolim=False)
        axes.add_collection(self.line, autolim=False)
        self.line.set_antialiased(True)

    def set(self, x, y, values):
        """Draw `values` (len(y), len(x)); values outside the levels are cut to them."""
        lowest, highest = self.levels[0], self.levels[-1]
        values = np.clip(np.nan_to_num(values, nan=highest), lowest, np.nextafter(highest, lowest))
        contours = contourpy.contour_generator(x, y, values, fill_type="OuterCode", line_type="SeparateCode")
        self.bands.set_paths([self._join(*contours.filled(*ends)) for ends in zip(self.levels, self.levels[1:])])
        if self.line_level is not None:
            self.line.set_paths([self._join(*contours.lines(self.line_level))])

    @staticmethod
    def _join(points, codes):
        if not points:
            return Outline(np.empty((0, 2)))
        return Outline(np.concatenate(points), np.concatenate(codes))


def records(axes, x, y, animated=True):
    """Two-class records `x` (n, 2) with labels `y` as markers, told apart by colour and shape."""
    label = np.ravel(y) > 0.5
    return [
        axes.plot(
            *x[label == k].T, CLASS_MARKERS[k], color=CLASS_COLOURS[k], markeredgecolor="white",
            markeredgewidth=0.5, markersize=4.5, animated=animated, zorder=3, label=f"class {k}",
        )[0]
        for k in (False, True)
    ]
