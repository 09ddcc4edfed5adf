"""Too small, right, too large: a polynomial and a network fitted to few or many noisy records."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from numpy.polynomial.legendre import legval, legvander

from ..datasets import Data
from ..figures import BLUE, GREY, ORANGE
from ..training import Settings, train
from .controls import Choice, Count, Menu, Rate, Slide
from .live import Explorer, Picture
from .own_records import train_each

STEPS, LARGEST, VALIDATION, TEST, SEED = 350, 20, 40, 500, 7
X = np.linspace(-2, 2, 241)
COUNTS = (8, 15, 30, 60, 120, 240)
BATCH_SIZES = (4, 8, 16, 240)
BENDS = ("sigmoid", "tanh", "relu", "leaky_relu", "elu", "gelu")
SIZES = np.arange(1, LARGEST + 1)
LOW, HIGH, TOP = 2e-3, 30, 300  # of the axis of errors; above HIGH there is room for the legend
DRAWS, NETWORKS, WIDTHS = 24, 6, (1, 2, 4, 8, 20)
WORSE = 1.15  # times the lowest validation error: from here on a fit is called too small or too large
PARTS = (("train", BLUE, "-", "o"), ("validation", ORANGE, "--", "^"), ("test", GREY, ":", "s"))


def polynomial(data, degree):
    """Coefficients with the lowest squared error on the records; the smallest such, if there are many."""
    return np.linalg.lstsq(legvander(data.x[:, 0] / 2, degree), data.y[:, 0], rcond=None)[0]


def error(predicted, data):
    """Mean squared error; (..., n) predictions give (...)."""
    return np.mean((predicted - data.y[:, 0]) ** 2, axis=-1)


@lru_cache(maxsize=128)
def parts_of(records, noise, draw=0):
    """Training, validation and test records of one draw, all with the same noise."""
    sizes = (records, VALIDATION, TEST)
    return [wave(n, noise, np.random.default_rng([SEED, draw, k])) for k, n in enumerate(sizes)]


def wave(n, noise, rng):
    """y = sin 2x + noise, with one x drawn from each of n equal intervals, so that there are no wide gaps."""
    x = -2 + 4 * (np.arange(n) + rng.uniform(0, 1, n))[:, None] / n
    return Data("wave", x, np.sin(2 * x) + rng.normal(0, noise, x.shape), loss="mse")


@lru_cache(maxsize=2048)
def polynomial_errors(degree, noise, records, draw=0):
    """Errors (3,) of one degree on the three parts."""
    parts = parts_of(records, noise, draw)
    fit = polynomial(parts[0], degree)
    return np.array([error(legval(part.x[:, 0] / 2, fit), part) for part in parts])


@lru_cache(maxsize=256)
def network_fit(size, noise, records, lr, activation, batch_size):
    """The trained network's curve, and errors (3, k) at its steps."""
    training, validation, test = parts_of(records, noise)
    history = train(network_settings(size, lr, activation, min(batch_size, records)), training, validation)
    with np.errstate(all="ignore"):
        at_the_end = error(history.predict(test.x)[:, 0], test)
        curve = history.predict(X[:, None])[:, 0]
    return curve, history.step, np.array([history.cost, history.validation_cost]), at_the_end


def network_settings(size, lr, activation, batch_size, **more):
    return Settings(
        hidden=(size, size), activation=activation, optimizer="adam", lr=lr, batch_size=batch_size, steps=STEPS,
        evaluate_every=10, **more,
    )  # fmt: skip


@lru_cache(maxsize=512)
def network_errors(size, noise, records, lr, activation, batch_size):
    """Errors (3, NETWORKS) of networks of one size, each trained on its own draw of records."""
    draws = [parts_of(records, noise, draw) for draw in range(1, NETWORKS + 1)]
    settings = network_settings(size, lr, activation, min(batch_size, records), run=tuple(range(NETWORKS)))
    history = train_each(settings, [parts[0] for parts in draws])
    with np.errstate(all="ignore"):
        return np.array(
            [[error(history.predict(d[k].x, run)[:, 0], d[k]) for run, d in enumerate(draws)] for k in range(3)]
        )


def shown(errors):
    """Errors brought onto the axis; a diverged one lies at its upper end."""
    return np.clip(np.nan_to_num(errors, nan=HIGH, posinf=HIGH), LOW * 1.05, HIGH * 0.95)


class Fit(Picture):
    size = (860, 350)

    @staticmethod
    @lru_cache(maxsize=256)
    def compute(model, size, noise, records, lr, activation, batch_size):
        parts = parts_of(records, noise)
        if model == "polynomial":
            curve = legval(X / 2, polynomial(parts[0], size))
            errors = np.array([polynomial_errors(degree, noise, records) for degree in SIZES]).T
            return SimpleNamespace(
                parts=parts, curve=curve, at=SIZES, errors=errors[:2], here=size - 1, test=errors[2, size - 1]
            )
        curve, steps, errors, test = network_fit(size, noise, records, lr, activation, batch_size)
        return SimpleNamespace(parts=parts, curve=curve, at=steps, errors=errors, here=len(steps) - 1, test=test)

    def build(self, figure):
        self.fit, self.error = figure.subplots(1, 2, width_ratios=(1.15, 1))
        self.fit.set(xlim=(-2.1, 2.1), ylim=(-2.7, 2.7), xlabel="input x", ylabel="target y")
        self.fit.plot(X, np.sin(2 * X), color=GREY, lw=1.3, ls=":", label="without noise: sin 2x")
        self.validation = self.fit.plot(
            [], [], "^", color=ORANGE, ms=4.5, alpha=0.7, animated=True, label="validation"
        )[0]
        self.training = self.fit.plot([], [], "o", color=BLUE, ms=6, mec="white", animated=True, label="train")[0]
        self.curve = self.fit.plot([], [], color="black", animated=True, label="fit")[0]
        self.fit.legend(loc="upper center", ncols=4, columnspacing=1, handletextpad=0.4)
        self.error.set(yscale="log", ylim=(LOW, TOP), ylabel="mean squared error")
        self.lines, self.points = [], []
        for name, colour, style, marker in PARTS:
            kind = dict(color=colour, animated=True)
            self.lines.append(self.error.plot([], [], ls=style, label=name, **kind)[0])
            self.points.append(self.error.plot([], [], marker, ms=8, mec="white", **kind)[0])
        self.lines[2].set(marker="s", ls="")
        self.best = self.error.plot([], [], "*", color="black", ms=12, mec="white", animated=True, label="lowest")[0]
        self.floor = self.error.axhline(1, color="black", lw=0.9, ls=(0, (1, 2)), animated=True)
        self.note = self.error.text(0, 1, "noise² ", size=9, ha="right", va="bottom", animated=True)
        self.error.legend(loc="upper center", ncols=4, columnspacing=1, handlelength=1.8, handletextpad=0.4)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.fit, self.error)]
        self.model = None

    def show(self, result, settings):
        changed, self.model = settings.model != self.model, settings.model
        over, end = ("degree", LARGEST) if self.model == "polynomial" else ("step (one update)", STEPS)
        if changed:
            self.error.set(xlim=(0, end * 1.02), xlabel=over)
            self.note.set_x(end * 1.02)
        for dots, part in ((self.training, result.parts[0]), (self.validation, result.parts[1])):
            dots.set_data(part.x[:, 0], part.y[:, 0])
        self.curve.set_data(X, np.clip(np.nan_to_num(result.curve, nan=9), -9, 9))
        x, errors = result.at, shown(result.errors)
        for line, point, row in zip(self.lines[:2], self.points[:2], errors, strict=True):
            line.set_data(x, row)
            point.set_data([x[result.here]], [row[result.here]])
        self.points[2].set_data([x[result.here]], [shown(result.test)])
        lowest = int(errors[1].argmin())
        self.best.set_data([x[lowest]], [errors[1, lowest]])
        floor = max(settings.noise**2, LOW)
        self.floor.set_ydata([floor, floor])
        self.note.set_y(floor)
        size = f"Degree {settings.size}" if self.model == "polynomial" else f"{settings.size} + {settings.size} units"
        self.titles[0].set_text(f"{size}: {verdict(result, settings)}")
        where = "degree" if self.model == "polynomial" else "step"
        self.titles[1].set_text(f"Validation error lowest at {where} {x[lowest]}")
        return changed

    def words(self, result, settings):
        train_error, validation_error = result.errors[:, result.here]
        model = f"A polynomial of degree {settings.size}"
        if settings.model == "network":
            model = f"A network with two layers of {settings.size} {settings.activation} units after {STEPS} updates"
        if not np.isfinite(train_error):
            return f"{model}: diverged."
        noise = f"noise {settings.noise:g} (noise² = {settings.noise**2:.2g})"
        return (
            f"{model}, {settings.records} training records, {noise}: error {train_error:.2g} on them, "
            f"{validation_error:.2g} on {VALIDATION} validation records, {result.test:.2g} on {TEST} test records: "
            f"{verdict(result, settings)}."
        )


def verdict(result, settings):
    """Underfits, overfits or neither, told by training and validation errors alone."""
    fitted, validation = result.errors
    if not np.isfinite(fitted[result.here]):
        return "diverged"
    lowest = int(np.nanargmin(validation))
    if validation[result.here] <= WORSE * max(validation[lowest], LOW):
        # A network at its best step may still be far from what the noise would allow.
        missed = settings.model == "network" and fitted[result.here] > 1.5 * settings.noise**2 + 0.05
        return "underfits" if missed else "about right"
    return "underfits" if result.here < lowest else "overfits"


class Draws(Picture):
    """The same for other draws of records: errors over the size of the model and over the number of records."""

    size = (860, 290)
    later = True

    @staticmethod
    @lru_cache(maxsize=128)
    def compute(model, size, noise, records, lr, activation, batch_size):
        if model == "polynomial":

            def errors(size, records):
                return np.array([polynomial_errors(size, noise, records, d) for d in range(1, DRAWS + 1)]).T

            sizes, draws = SIZES, DRAWS
        else:

            def errors(size, records):
                return network_errors(size, noise, records, lr, activation, batch_size)

            sizes, draws = np.array(WIDTHS), NETWORKS
        by_size = np.array([errors(s, records) for s in sizes])
        counts = COUNTS if model == "polynomial" else COUNTS[::2]
        by_records = np.array([errors(size, n) for n in counts])
        return SimpleNamespace(
            sizes=sizes, counts=np.array(counts), draws=draws, by_size=by_size, by_records=by_records
        )

    def build(self, figure):
        self.axes = figure.subplots(1, 2, sharey=True)
        self.axes[0].set(yscale="log", ylim=(LOW, TOP), ylabel="mean squared error")
        self.axes[0].set(xlim=(0, LARGEST * 1.02), xticks=range(0, LARGEST + 1, 5))
        self.axes[1].set(xscale="log", xlim=(7, 270), xlabel="training records")
        self.axes[1].set_xticks(COUNTS, COUNTS)
        self.axes[1].minorticks_off()
        self.lines, self.bands, self.here, self.floors = [], [], [], []
        for axes in self.axes:
            lines, bands = [], []
            for name, colour, style, marker in (PARTS[0], ("fresh records", *PARTS[1][1:])):
                kind = dict(color=colour, animated=True)
                bands.append(axes.fill_between([0, 1], 1, 1, alpha=0.22, lw=0, **kind))
                lines.append(axes.plot([], [], ls=style, marker=marker, ms=4, mec="white", label=name, **kind)[0])
            self.lines.append(lines)
            self.bands.append(bands)
            self.here.append(axes.axvline(1, color=GREY, lw=1, animated=True))
            self.floors.append(axes.axhline(1, color="black", lw=0.9, ls=(0, (1, 2)), animated=True))
            axes.legend(loc="upper right", ncols=2)
        self.titles = [axes.set_title(" ", animated=True) for axes in self.axes]
        self.model = None

    def show(self, result, settings):
        changed, self.model = settings.model != self.model, settings.model
        if changed:
            self.axes[0].set_xlabel("degree" if self.model == "polynomial" else "units in each of two layers")
        panels = ((result.sizes, result.by_size), (result.counts, result.by_records))
        for panel, (x, errors) in enumerate(panels):
            errors = shown(errors)
            for k, part in enumerate((0, 2)):
                low, middle, high = np.quantile(errors[:, part], (0.1, 0.5, 0.9), axis=-1)
                self.lines[panel][k].set_data(x, middle)
                corners = np.concatenate([np.stack([x, low], 1), np.stack([x, high], 1)[::-1]])
                self.bands[panel][k].set_verts([corners])
            self.floors[panel].set_ydata([max(settings.noise**2, LOW)] * 2)
        for line, value in zip(self.here, (settings.size, settings.records), strict=True):
            line.set_xdata([value, value])
        best = self.best(result)
        unit = f"degree {best}" if self.model == "polynomial" else f"{best} + {best} units"
        self.titles[0].set_text(f"{result.draws} other draws: lowest at {unit}")
        ratio = np.median(result.by_records[:, 2] / result.by_records[:, 0], axis=-1)
        self.titles[1].set_text(f"At {result.counts[-1]} records: fresh / train = {ratio[-1]:.2f}")
        return changed

    @staticmethod
    def best(result):
        """The size with the lowest median error on fresh records."""
        middle = np.median(np.nan_to_num(result.by_size[:, 2], nan=np.inf), axis=-1)
        return int(result.sizes[middle.argmin()])

    def words(self, result, settings):
        best = self.best(result)
        what = f"degree {best}" if settings.model == "polynomial" else f"{best} units in each of two layers"
        return (
            f"Below: {result.draws} other draws of the records (line: median; band: the middle 80 %). "
            f"With {settings.records} records {what} did best on fresh ones."
        )


class ModelSize(Explorer):
    """Underfit and overfit: size of the model, noise and number of records against train and validation error."""

    name = "model_size"
    controls = {
        "size": Count("size: degree or units", 12, 1, LARGEST),
        "noise": Slide("noise", 0.3, 0.0, 1.0, 0.02),
        "records": Choice("training records", 15, COUNTS),
        "lr": Rate("learning rate", 0.05, 1e-3, 1),
        "activation": Choice("activation", "tanh", BENDS),
        "batch_size": Choice("batch size", 16, BATCH_SIZES, [*BATCH_SIZES[:-1], "all"]),
        "model": Menu("model", "network", ("polynomial", "network")),
    }
    pictures = (Fit, Draws)

    def _show(self, views):
        for name in ("lr", "activation", "batch_size"):  # a polynomial is not trained
            self.sliders[name].layout.display = None if self._settings["model"] == "network" else "none"
        super()._show(views)


model_size = ModelSize
