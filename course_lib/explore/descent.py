"""One ball on a surface with two minima or a saddle: what the gradient alone does, and what noise and momentum add."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib import colors

from ..figures import BLUE, GREEN, ORANGE, Bands
from ..optimizers import momentum as with_momentum
from ..surfaces import descend, get_surface
from .controls import Count, Menu, Rate, Slide
from .live import Explorer, Picture

STEPS, QUIET, BALLS = 300, 100, 100
NOISES = np.linspace(0, 6, 13)
FLAT = np.sort(np.roots([4, 0, -4, 0.25]).real)  # where the double well is flat: minimum, barrier, minimum
CUTS = {"double well": (0, FLAT), "saddle": (1, np.array([-1.0, 0.0, 1.0]))}  # along x or y: minimum, ridge, minimum
REACH, LIMITS = 2.0, (-1.5, 2.7)  # of both parameters, and of the cost; the same for both surfaces
WATER = colors.LinearSegmentedColormap.from_list("water", ["#7FBCE0", "#FCFEFF"])  # low is blue, high is white


@lru_cache(maxsize=4)
def landscape(name):
    """The surface as a grid and its side view along the line through its minima, the same for every move."""
    surface = get_surface(name)
    grid = np.linspace(-REACH, REACH, 81)
    height = surface.value(np.stack(np.meshgrid(grid, grid), axis=-1))
    which, (one, ridge, other) = CUTS[name]
    line = np.zeros((len(grid), 2))
    line[:, which] = grid
    minima = np.zeros((2, 2))
    minima[:, which] = one, other
    values = surface.value(minima)
    scale = np.sqrt((height - values.min()) / 8)  # finer steps near the bottom
    return SimpleNamespace(
        grid=grid, scale=scale, which=which, cut=surface.value(line), minima=minima, values=values, ridge=ridge,
        deepest=np.isclose(values, values.min()),
    )


def below(land, points):
    """Which of the two minima lies on the side of points (..., 2): 0 or 1."""
    return (points[..., land.which] > land.ridge).astype(int)


def dips_of(cost):
    """The steps at which a curve is lower than just before and just after, by more than rounding."""
    return np.flatnonzero((cost[1:-1] < cost[:-2] - 1e-9) & (cost[1:-1] < cost[2:] - 1e-9)) + 1


class Ball(Picture):
    size = (860, 350)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(surface, lr, noise, momentum, start_x, start_y, seed):
        rng, field = np.random.default_rng(seed), get_surface(surface)
        path = descend(field, with_momentum(momentum), (start_x, start_y), lr, STEPS, noise, rng)
        with np.errstate(all="ignore"):
            cost = field.value(path)
        lost = np.flatnonzero(~(np.abs(path).max(axis=1) < 50))
        lost = int(lost[0]) if len(lost) else None
        path, cost = np.clip(np.nan_to_num(path, nan=50), -50, 50), np.clip(np.nan_to_num(cost, nan=1e3), -1e3, 1e3)
        return SimpleNamespace(path=path, cost=cost, lost=lost, dips=dips_of(cost[:lost]))

    def build(self, figure):
        self.map, self.side, self.curve = figure.subplots(1, 3, width_ratios=(1.25, 0.95, 1.15))
        self.map.grid(False)
        self.map.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH))
        self.map.set(xlabel="first parameter x", ylabel="second parameter y")
        self.bands = Bands(self.map, np.linspace(0, 1, 15), cmap=WATER, animated=False)
        self.path = self.map.plot([], [], color=ORANGE, lw=0.8, marker=".", ms=2.5, animated=True)[0]
        self.start = self.map.plot([], [], "D", color="black", ms=6, animated=True)[0]
        self.stars = self.map.plot([], [], "*", color="black", ms=13, ls="none")[0]
        self.hollow = self.map.plot([], [], "*", color="black", mfc="white", ms=12, ls="none")[0]
        self.end = self.map.plot([], [], "o", color=ORANGE, ms=10, mec="white", mew=1.5, animated=True)[0]
        self.map_title = self.map.set_title(" ", animated=True)

        self.side.set(xlim=(-REACH, REACH), ylim=LIMITS, xlabel="x, at y = 0", ylabel="cost")
        self.profile = self.side.plot([], [], color="black", lw=1.3)[0]
        self.trace = self.side.plot([], [], ".", color=ORANGE, ms=2.5, alpha=0.5, animated=True)[0]
        self.ball = self.side.plot([], [], "o", color=ORANGE, ms=12, mec="white", mew=1.5, animated=True)[0]
        self.side_title = self.side.set_title(" ", animated=True)

        self.curve.set(xlim=(-3, STEPS + 3), ylim=LIMITS, xlabel="step (one update)", ylabel="cost")
        self.levels = [self.curve.axhline(0, color=GREEN, lw=1, ls=s) for s in ("-", ":")]
        self.line = self.curve.plot([], [], color=BLUE, lw=1.2, animated=True)[0]
        self.dips = self.curve.plot([], [], "v", color=ORANGE, ms=3.5, ls="none", animated=True)[0]
        self.curve_title = self.curve.set_title(" ", animated=True)
        self.seen = None

    def show(self, result, settings):
        land = landscape(settings.surface)
        path, end = result.path, result.path[-1]
        self.path.set_data(*path.T)
        self.start.set_data([settings.start_x], [settings.start_y])
        shown = np.clip(end, -REACH, REACH)
        self.end.set_data(*shown[:, None])
        self.end.set_marker("o" if result.lost is None else "^")
        self.trace.set_data(path[:, land.which], result.cost)
        self.ball.set_data([shown[land.which]], [min(result.cost[-1], LIMITS[1])])
        self.line.set_data(np.arange(STEPS + 1), np.minimum(result.cost, 1e2))
        self.dips.set_data(result.dips, result.cost[result.dips])
        self.map_title.set_text(self.place(result, land))
        self.side_title.set_text("Seen from the side")
        self.curve_title.set_text(f"{dips(result)}, yet 2 minima")
        return self.scenery(settings.surface, land)

    def scenery(self, name, land):
        """What changes with the surface only."""
        if name == self.seen:
            return False
        self.seen = name
        self.bands.set(land.grid, land.grid, land.scale)
        self.stars.set_data(*land.minima[land.deepest].T)
        self.hollow.set_data(*land.minima[~land.deepest].T)
        self.profile.set_data(land.grid, land.cut)
        self.side.set_xlabel(("x, at y = 0", "y, at x = 0")[land.which])
        for line, value in zip(self.levels, land.values, strict=True):
            line.set_ydata([value, value])
        return True

    @staticmethod
    def place(result, land):
        """Where the ball is at the end."""
        if result.lost is not None:
            return f"Thrown out at step {result.lost}"
        end = result.path[-1]
        near = int(below(land, end))
        well = "a minimum" if land.deepest.all() else "the deeper well" if land.deepest[near] else "the worse well"
        moving = np.ptp(result.path[-10:], axis=0).max() > 1e-6
        if np.linalg.norm(end - land.minima[near]) < 0.5:
            return f"Ends in {well}" if "well" in well else f"Ends at {well}"
        return f"Roams above {well}" if moving else "Stands still, at no minimum"

    def words(self, result, settings):
        land = landscape(settings.surface)
        x, y = result.path[-1]
        if result.lost is not None:
            return f"{self.place(result, land)}: a step over there is longer than the way back. The rate is too high."
        return (
            f"{self.place(result, land)}: ({x:.2f}, {y:.2f}), cost {result.cost[-1]:.2f}; the lowest there is, "
            f"{land.values.min():.2f}. The curve has {dips(result)}, the surface 2 minima."
        )


def dips(result):
    """How many dips the curve has, in words."""
    return f"{len(result.dips)} dip" + "s" * (len(result.dips) != 1)


class Crowd(Picture):
    size = (860, 230)
    later = True

    @staticmethod
    @lru_cache(maxsize=64)
    def compute(surface, lr, momentum, start_x, start_y, seed):
        field, land = get_surface(surface), landscape(surface)
        starts = np.broadcast_to((start_x, start_y), (len(NOISES), BALLS, 2))
        rng = np.random.default_rng([seed, 1])
        ends = descend(field, with_momentum(momentum), starts, lr, STEPS, NOISES[:, None], rng)[..., -1, :]
        with np.errstate(all="ignore"):
            value = field.value(ends)
        mean = np.where(np.isfinite(value), np.minimum(value, 1e3), 1e3).mean(axis=-1)
        ends = np.clip(np.nan_to_num(ends, nan=50), -50, 50)
        settled = descend(field, with_momentum(0.0), ends, lr, QUIET)[..., -1, :]
        with np.errstate(all="ignore"):
            off = np.linalg.norm(settled[..., None, :] - land.minima[land.deepest], axis=-1).min(axis=-1)
        return SimpleNamespace(share=(off < 0.1).mean(axis=-1), cost=mean - land.values.min())

    def build(self, figure):
        self.share, self.price = figure.subplots(1, 2)
        figure.get_layout_engine().set(wspace=0.06)
        for axes in (self.share, self.price):
            axes.set(xlim=(-0.15, 6.15), xlabel="gradient noise (standard deviation)")
        self.share.set(ylim=(-4, 104), ylabel="at a deepest minimum, %")
        self.price.set(ylim=(-0.1, 2.6), ylabel="cost above the lowest")
        self.shares = self.share.plot([], [], "o-", color=BLUE, lw=1.4, animated=True)[0]
        self.costs = self.price.plot([], [], "s--", color=BLUE, lw=1.4, animated=True)[0]
        self.here = [axes.axvline(0, color=ORANGE, lw=1.5, ls="--", animated=True) for axes in (self.share, self.price)]
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.share, self.price)]

    def show(self, result, settings):
        self.shares.set_data(NOISES, 100 * result.share)
        self.costs.set_data(NOISES, np.minimum(result.cost, 10))
        for line in self.here:
            line.set_xdata([settings.noise] * 2)
        none, best = result.share[0], result.share.max()
        self.titles[0].set_text(f"Without noise {none:.0%} get there, at best {best:.0%}")
        self.titles[1].set_text("The price: while noisy, they hover")

    def words(self, result, settings):
        k = result.share.argmax()
        return (
            f"Of {BALLS} balls from this start {result.share[0]:.0%} get to a deepest minimum without noise, and "
            f"{result.share[k]:.0%} at best, with noise {NOISES[k]:g} for {STEPS} steps and {QUIET} quiet ones after."
        )


class Descent(Explorer):
    """Stuck in the worse well, or standing on a ridge: what gets a ball out, and what it costs."""

    name = "descent"
    controls = {
        "surface": Menu("surface", "double well", tuple(CUTS)),
        "lr": Rate("learning rate", 0.05, 1e-3, 0.3),
        "noise": Slide("gradient noise", 0.0, 0, 6, 0.1),
        "momentum": Slide("momentum β", 0.0, 0, 0.95, 0.05),
        "start_x": Slide("start x", 1.6, -1.7, 1.7, 0.1),
        "start_y": Slide("start y", 0.8, -1.7, 1.7, 0.1),
        "seed": Count("seed of the noise", 0, 0, 9),
    }
    pictures = (Ball, Crowd)


descent = Descent
