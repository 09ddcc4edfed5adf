"""A batch of pre-activations before and after normalization: along the columns, or along the rows."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..figures import BLUE, BLUE_TO_ORANGE, ORANGE
from ..network import NORMALIZATIONS, Params
from .controls import Choice, Slide
from .live import Explorer, Picture

UNITS, MOST = 4, 8
MEANS, SPREADS = np.array([0.0, 2.0, -1.0, 0.5]), np.array([1.0, 0.3, 2.0, 0.7])  # of the units, unlike on purpose
RECORDS = MEANS + SPREADS * np.random.default_rng(4).normal(size=(MOST, UNITS))
DRAWS = 300  # batches in the second picture
OTHERS = MEANS + SPREADS * np.random.default_rng(5).normal(size=(DRAWS, MOST, UNITS))
EARLIER = MEANS + SPREADS * np.random.default_rng(6).normal(size=(100, MOST, UNITS))
SEEN = (0, 1, 3, 10, 30, 100)
BINS = np.linspace(-4, 4, 65)


@lru_cache(maxsize=512)
def normalized(normalization, mode, seen, batch_size, mean, scale, gamma, beta):
    """The batch, the layer's output for it, and for record 1 in the company of many other batches."""
    layer = NORMALIZATIONS[normalization](1, UNITS)
    arrays = {"gamma1": np.full((1, UNITS), gamma), "beta1": np.full((1, UNITS), beta)}
    params = Params.pack(arrays, "float64", layer.running() if normalization == "batch" else None)
    training = () if mode == "training" else None  # as the network says it; no random generators are needed here
    for batch in EARLIER[:seen, :batch_size]:
        layer.forward(params, batch, ())
    running = {name[:-1]: a.copy() for name, a in params.running.items()}
    before = mean + scale * RECORDS[:batch_size]
    after = layer.forward(params.copy(), before, training)[0]
    company = mean + scale * OTHERS[:, :batch_size]
    company[:, 0] = before[0]
    params.running = {name: np.tile(a, (DRAWS, 1, 1)) for name, a in params.running.items()}  # one row per batch
    first = layer.forward(params, company, training)[0][:, 0, 0]
    return SimpleNamespace(before=before, after=after, running=running, first=first)


def shown(value):
    return f"{value + 0.0:.2f}".replace("-0.00", "0.00").replace("-", "−")


class Matrix:
    """Numbers on coloured cells, with mean and standard deviation under the columns or beside the rows."""

    NAMES = "mean", "std", "running mean", "running std"

    def __init__(self, axes):
        axes.set(xlim=(-2.7, UNITS + 1.5), ylim=(MOST + 2.8, -0.55), xticks=range(UNITS), yticks=())
        axes.set_xticklabels([f"unit {j + 1}" for j in range(UNITS)])
        axes.tick_params(length=0)
        axes.xaxis.tick_top()
        axes.grid(False)
        axes.spines[:].set_visible(False)
        edges = np.arange(UNITS + 1) - 0.5, np.arange(MOST + 1) - 0.5
        self.cells = axes.pcolormesh(
            *edges, np.zeros((MOST, UNITS)), cmap=BLUE_TO_ORANGE, vmin=-4, vmax=4, animated=True,
            edgecolor="white", lw=2,
        )  # fmt: skip

        def text(x, y, said="", ha="center", **more):
            return axes.text(x, y, said, size=9, ha=ha, va="center", animated=True, **more)

        self.records = [text(-0.65, i, "", "right") for i in range(MOST)]
        self.numbers = [[text(j, i) for j in range(UNITS)] for i in range(MOST)]
        self.column = [[text(j, 0) for j in range(UNITS)] for _ in self.NAMES]
        self.column_names = [text(-0.65, 0, "", "right", weight="bold") for _ in self.NAMES]
        self.row = [[text(UNITS + k, i) for i in range(MOST)] for k in (0, 1)]
        self.row_names = [text(UNITS + k, 0, "", weight="bold") for k in (0, 1)]
        self.frame = axes.plot([], [], color="black", lw=1.6, animated=True)[0]

    def set(self, values, axis, running=(), used=False):
        """Show `values` (n, units) with the statistics along `axis`: 0 for the columns, 1 for the rows.

        Two rows of `running` statistics may stand below; a frame is put around them if they are `used`.
        """
        n = len(values)
        self.cells.set_array(np.ma.masked_invalid(np.r_[values, np.full((MOST - n, UNITS), np.nan)]))
        for i, (name, line) in enumerate(zip(self.records, self.numbers, strict=True)):
            name.set_text(f"record {i + 1}" if i < n else "")
            for j, text in enumerate(line):
                text.set_text(shown(values[i, j]) if i < n else "")
        below = [values.mean(axis=0), values.std(axis=0), *running] if axis == 0 else []
        for k, (name, texts) in enumerate(zip(self.column_names, self.column, strict=True)):
            y = n + 0.1 + 0.75 * k
            name.set_text(self.NAMES[k] if k < len(below) else "")
            name.set_y(y)
            for j, text in enumerate(texts):
                text.set_text(shown(below[k][j]) if k < len(below) else "")
                text.set_y(y)
        beside = (values.mean(axis=1), values.std(axis=1)) if axis == 1 else ((), ())
        for name, said, texts, numbers in zip(self.row_names, self.NAMES, self.row, beside, strict=False):
            name.set_text(said if axis == 1 else "")
            name.set_y(-0.85)
            for i, text in enumerate(texts):
                text.set_text(shown(numbers[i]) if i < len(numbers) else "")
        left, right, top, bottom = (-0.5, 0.5, -0.5, n - 0.5) if axis == 0 else (-0.5, UNITS - 0.5, -0.5, 0.5)
        if used:
            right, top, bottom = UNITS - 0.5, n + 1.22, n + 2.75
        self.frame.set_data([left, right, right, left, left], [top, top, bottom, bottom, top])


class Batch(Picture):
    size = (860, 370)
    compute = staticmethod(normalized)

    def build(self, figure):
        left, right = figure.subplots(1, 2)
        self.matrices = Matrix(left), Matrix(right)
        self.titles = [axes.set_title(" ", animated=True) for axes in (left, right)]

    def show(self, result, settings):
        batch = settings.normalization == "batch"
        running = ()
        if batch:
            running = result.running["mean"][0], np.sqrt(result.running["variance"][0])
        by_running = batch and settings.mode == "evaluation"
        self.matrices[0].set(result.before, 0 if batch else 1, running, by_running)
        self.matrices[1].set(result.after, 0 if batch else 1)
        self.matrices[1].frame.set_visible(not by_running)
        self.titles[0].set_text(f"Before: z of batch {settings.seen + 1}")
        by = "running averages" if by_running else "each column by its own" if batch else "each row by its own"
        self.titles[1].set_text(f"After, in {settings.mode}: {by}")

    def words(self, result, settings):
        if settings.normalization == "layer":
            return (
                "Layer normalization: every row has mean β and standard deviation |γ|, whatever the other records are; "
                "training and evaluation do the same, and there are no running averages."
            )
        if settings.mode == "training":
            return (
                f"Batch normalization, training: every column of the {settings.batch_size} records has mean β and "
                "standard deviation |γ|, whatever mean and scale came in."
            )
        return (
            "Batch normalization, evaluation: mean and deviation of this batch are not used, but the running averages "
            f"of {settings.seen} batches seen before; so the columns need not have mean β and deviation |γ|."
        )


class Company(Picture):
    """The same record in many batches: does its output depend on who else is there?"""

    size = (860, 200)
    later = True
    compute = staticmethod(normalized)

    def build(self, figure):
        self.axes = figure.subplots()
        self.axes.set(xlim=(-4, 4), ylim=(0, 1.1), yticks=(0, 1), yticklabels=("0", "most"))
        self.axes.set(xlabel="what unit 1 puts out for record 1", ylabel="how many batches")
        self.bars = self.axes.stairs(np.zeros(len(BINS) - 1), BINS, fill=True, fc=BLUE, ec=BLUE, animated=True)
        self.line = self.axes.axvline(0, color=ORANGE, ls="--", lw=1.5, animated=True, label="in the batch above")
        figure.legend(loc="outside right upper")
        self.title = self.axes.set_title(" ", animated=True)

    def show(self, result, settings):
        counts = np.histogram(np.clip(result.first, BINS[0], BINS[-1]), BINS)[0]
        self.bars.set_data(counts / counts.max())
        self.line.set_xdata([result.after[0, 0]] * 2)
        spread = result.first.std()
        others = settings.batch_size - 1
        company = f"{others} other record{'s' if others > 1 else ''}"
        if spread < 1e-9:
            self.title.set_text("Record 1 gives the same output in every company")
        else:
            self.title.set_text(f"Record 1 with {company}, {DRAWS} times: its output spreads by ±{spread:.2f}")

    def words(self, result, settings):
        if result.first.std() < 1e-9:
            return f"Among {DRAWS} different batches record 1 always gets {shown(result.first[0])} from unit 1."
        return (
            f"The same record 1 gets, among {DRAWS} different batches, from {shown(result.first.min())} to "
            f"{shown(result.first.max())} from unit 1."
        )


class Normalization(Explorer):
    """Mean and standard deviation of columns or rows, before and after; training and evaluation."""

    name = "normalization"
    controls = {
        "normalization": Choice("normalization", "batch", ("batch", "layer")),
        "batch_size": Choice("batch size", 6, range(2, MOST + 1)),
        "mean": Slide("shift z by", 0.0, -3, 3, 0.25),
        "scale": Slide("stretch z by", 1.0, 0.25, 4, 0.25),
        "gamma": Slide("γ", 1.0, -2, 2, 0.25),
        "beta": Slide("β", 0.0, -2, 2, 0.25),
        "mode": Choice("mode", "training", ("training", "evaluation")),
        "seen": Choice("batches seen before", 30, SEEN),
    }
    pictures = (Batch, Company)


normalization = Normalization
