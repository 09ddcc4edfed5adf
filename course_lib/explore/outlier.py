"""One wrong record among twenty: how far it drags the line of each loss."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..figures import BLUE, GREEN, GREY, ORANGE
from ..lines import fit_line
from .controls import Count, Rate, Slide
from .live import Explorer, Picture

SIZE = np.linspace(24, 96, 20)  # of flats, in m²
RENT = 3 + 0.12 * SIZE + np.random.default_rng(3).normal(0, 0.9, len(SIZE))  # in hundred €
HEIGHTS = np.linspace(0, 40, 41)
FITS = {"mse": (BLUE, "-"), "mae": (GREEN, "--"), "huber": (ORANGE, "-.")}


def records(position, outliers, heights):
    """The flats and some outliers beside each other at `position`, (n,), with rents (len(heights), n)."""
    x = np.append(SIZE, position + 1.5 * (np.arange(outliers) - (outliers - 1) / 2))
    wrong = np.repeat(np.atleast_1d(heights)[:, None], outliers, axis=1)
    return x, np.concatenate([np.tile(RENT, (len(wrong), 1)), wrong], axis=1)


@lru_cache(maxsize=256)
def drag(loss, position, outliers, delta):
    """How far the outliers lift the line at their place, for each of the HEIGHTS."""
    slope, intercept = fit_line(*records(position, outliers, HEIGHTS), loss, delta)
    clean = fit_line(SIZE, RENT, loss, delta)
    return slope * position + intercept - clean[0] * position - clean[1]


def tidy(number, decimals):
    """A number with a real minus sign, and none before a zero."""
    return f"{round(number, decimals) + 0.0:.{decimals}f}".replace("-", "−")


class Lines(Picture):
    size = (860, 350)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(position, height, outliers, delta):
        x, y = records(position, outliers, height)
        lines = {loss: fit_line(x, y[0], loss, delta) for loss in FITS}
        curves = {loss: drag(loss, position, outliers, delta) for loss in FITS}
        clean = {loss: fit_line(SIZE, RENT, loss, delta) for loss in FITS}
        moved = {
            loss: (lines[loss][0] - clean[loss][0]) * position + lines[loss][1] - clean[loss][1] for loss in FITS
        }
        return SimpleNamespace(x=x, y=y[0], lines=lines, clean=clean["mse"], moved=moved, curves=curves)

    def build(self, figure):
        self.plane, self.pull = figure.subplots(1, 2, width_ratios=(1.2, 1))
        self.plane.set(xlim=(10, 110), ylim=(-1, 42), xlabel="size of the flat x (m²)")
        self.plane.set_ylabel("monthly rent y (hundred €)")
        self.plane.plot(SIZE, RENT, "o", color=GREY, ms=5, mec="white", label="20 right records")
        self.wrong = self.plane.plot([], [], "X", color="black", ms=9, mec="white", animated=True, label="outlier")[0]
        self.clean = self.plane.plot([], [], color="black", lw=1, ls=":", animated=True, label="mse without it")[0]
        self.lines, self.curves, self.points = {}, {}, {}
        self.band = [self.plane.plot([], [], color=ORANGE, lw=0.8, alpha=0.8, animated=True)[0] for _ in range(2)]
        for loss, (colour, style) in FITS.items():
            self.lines[loss] = self.plane.plot([], [], color=colour, ls=style, animated=True, label=loss)[0]
        self.plane.plot([], [], color=ORANGE, lw=0.8, label="huber ± δ")
        self.plane.legend(loc="upper left", ncols=2, handlelength=2.4)
        self.plane_title = self.plane.set_title(" ", animated=True)

        self.pull.set(xlim=(-1, 41), ylim=(-15, 25), xlabel="rent of the outlier (hundred €)")
        self.pull.set_ylabel("line moved there by (hundred €)")
        self.pull.axhline(0, color="black", lw=0.8)
        for loss, (colour, style) in FITS.items():
            self.curves[loss] = self.pull.plot([], [], color=colour, ls=style, animated=True)[0]
        for (loss, (colour, _)), marker in zip(FITS.items(), ("o", "s", "D"), strict=True):
            size = {"o": 10, "s": 9, "D": 5.5}[marker]  # they often lie on one another
            point = self.pull.plot([], [], marker, color=colour, ms=size, mec="white", animated=True, label=loss)[0]
            self.points[loss] = point
        self.pull.legend(loc="upper left", ncols=3, handletextpad=0.1, columnspacing=1)
        self.pull_title = self.pull.set_title(" ", animated=True)

    def show(self, result, settings):
        ends = np.array([10.0, 110.0])
        self.wrong.set_data(result.x[len(SIZE) :], result.y[len(SIZE) :])
        self.clean.set_data(ends, result.clean[0] * ends + result.clean[1])
        for loss, (slope, intercept) in result.lines.items():
            self.lines[loss].set_data(ends, slope * ends + intercept)
            self.curves[loss].set_data(HEIGHTS, result.curves[loss])
            self.points[loss].set_data([settings.height], [np.clip(result.moved[loss], -14.5, 24.5)])
        slope, intercept = result.lines["huber"]
        for side, line in zip((-1, 1), self.band, strict=True):
            line.set_data(ends, slope * ends + intercept + side * settings.delta)
        self.plane_title.set_text(self.finding(result, settings))
        self.pull_title.set_text("Moved: " + ", ".join(f"{loss} {tidy(m, 1)}" for loss, m in result.moved.items()))

    @staticmethod
    def finding(result, settings):
        """The title: which lines have left the right records."""
        if not settings.outliers:
            return "No outlier: three losses, one line"
        far = [loss for loss, moved in result.moved.items() if abs(moved) > 1]
        if not far:
            return "All three lines stay with the right records"
        return f"Dragged by more than 1: {', '.join(far)}"

    def words(self, result, settings):
        if not settings.outliers:
            return "Without an outlier the lines of mse, mae and huber nearly coincide."
        many = "1 outlier" if settings.outliers == 1 else f"{settings.outliers} outliers"
        moved = ", ".join(f"{loss} by {tidy(m, 2)}" for loss, m in result.moved.items())
        share = settings.outliers / len(result.x)
        return (
            f"{many} of {len(result.x)} records ({share:.0%}) at {settings.position:g} m² and {settings.height:g} "
            f"hundred € move the lines there: {moved} (hundred €; huber with δ = {settings.delta:g})."
        )


class Outlier(Explorer):
    """Lines of lowest mse, mae and huber cost through records of which some are wrong."""

    name = "outlier"
    controls = {
        "position": Slide("position (m²)", 95, 20, 100, 1),
        "height": Slide("height (hundred €)", 38, 0, 40, 0.5),
        "outliers": Count("number of outliers", 1, 0, 8),
        "delta": Rate("δ of huber", 1.0, 0.1, 30),
    }
    pictures = (Lines,)


outlier = Outlier
