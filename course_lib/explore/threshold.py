"""From which score on is it a yes? The threshold, the four counts it makes, and what each metric says of them."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.patches import Rectangle

from .. import metrics
from ..activations import sigmoid
from ..figures import BLUE, CLASS_COLOURS, GREEN, GREY, ORANGE, PINK
from .controls import Choice, Slide
from .live import Explorer, Picture

RECORDS, EDGE = 2000, 8.0
SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
BINS = np.linspace(-EDGE, EDGE, 49)
TICKS = (0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999)
CURVES = {
    "accuracy": (metrics.accuracy, "black", "-"),
    "precision": (lambda m: metrics.precision(m)[1], BLUE, "--"),
    "recall": (lambda m: metrics.recall(m)[1], ORANGE, "-."),
    "F1": (lambda m: metrics.f1(m)[1], GREEN, "-"),
    "balanced": (metrics.balanced_accuracy, PINK, ":"),
}
NAMES = (("TN: true no", "FP: false alarm"), ("FN: missed", "TP: found"))


def logit(p):
    return np.log(p / (1 - p))


@lru_cache(maxsize=64)
def scored(share, separation):
    """True classes, logits of a model that knows the odds, and its ROC curve and metrics at every threshold."""
    rng = np.random.default_rng(0)
    positive = round(share * RECORDS)
    y = np.repeat([0, 1], [RECORDS - positive, positive])
    feature = rng.normal(0, 1, RECORDS) + separation * (y - 0.5)
    z = separation * feature + logit(share)  # the log odds of class 1, given the feature
    thresholds = np.linspace(-EDGE, EDGE, 81)
    matrices = [metrics.confusion_matrix(y, z > t, 2) for t in thresholds]
    curves = {name: np.array([measure(m) for m in matrices]) for name, (measure, *_) in CURVES.items()}
    false, true = metrics.roc(y, z)
    return SimpleNamespace(
        y=y, z=z, thresholds=thresholds, curves=curves, false=false, true=true, area=metrics.area(false, true)
    )


def bars(z):
    """Records per bin; those off the ends in the end bins."""
    return np.histogram(np.clip(z, -EDGE, EDGE), BINS)[0]


class Counts(Picture):
    size = (860, 520)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(threshold, share, separation):
        made = scored(share, separation)
        guess = sigmoid(made.z) > threshold
        matrix = metrics.confusion_matrix(made.y, guess, 2)
        # Shares within each class, or the rare one could not be seen; those on the wrong side once more.
        heights = [bars(made.z[made.y == k]) / np.sum(made.y == k) for k in (0, 1)]
        wrong = [bars(made.z[(made.y == k) & (guess != k)]) / np.sum(made.y == k) for k in (0, 1)]
        now = {name: float(measure(matrix)) for name, (measure, *_) in CURVES.items()}
        return SimpleNamespace(made=made, matrix=matrix, heights=heights, wrong=wrong, now=now, at=logit(threshold))

    def build(self, figure):
        (self.hist, self.table), (self.curve, self.roc) = figure.subplots(2, 2, width_ratios=(1.75, 1))
        for axes in (self.hist, self.curve):
            axes.set(xlim=(-EDGE, EDGE), xticks=logit(np.array(TICKS)))
        self.hist.set(ylim=(-0.27, 0.27), xticklabels=[], ylabel="share of its class")
        self.hist.set_yticks((-0.2, -0.1, 0, 0.1, 0.2), ("20 %", "10 %", "0", "10 %", "20 %"))
        self.curve.set(ylim=(-0.03, 1.27), yticks=np.linspace(0, 1, 6), xticklabels=[f"{t:g}" for t in TICKS])
        self.curve.set(xlabel="score: predicted probability of class 1 (scale of log odds)", ylabel="metric")
        empty = np.zeros(len(BINS) - 1)
        self.bars, self.wrong = [], []
        for colour in CLASS_COLOURS:
            kind = dict(fill=True, fc=colour, animated=True)
            self.bars.append(self.hist.stairs(empty, BINS, ec="none", alpha=0.55, **kind))
            self.wrong.append(self.hist.stairs(empty, BINS, ec="black", hatch="/////", lw=0.7, **kind))
        self.hist.axhline(0, color="black", lw=0.8)
        self.hist.text(-7.8, 0.25, "class 1", color=ORANGE, weight="bold", va="top")
        self.hist.text(-7.8, -0.25, "class 0", color=BLUE, weight="bold", va="bottom")
        self.hist.text(7.8, -0.25, "hatched: wrong", ha="right", va="bottom", size=9)
        self.lines = [
            axes.axvline(0, ymax=top, color="black", lw=1.6, animated=True)
            for axes, top in ((self.hist, 1), (self.curve, 0.82))
        ]
        self.metrics, self.points = {}, {}
        for name, (_, colour, style) in CURVES.items():
            drawn = dict(color=colour, ls=style, lw=1.7)
            self.metrics[name] = self.curve.plot([], [], label=name, animated=True, **drawn)[0]
            self.points[name] = self.curve.plot([], [], "o", color=colour, mec="white", ms=7, animated=True)[0]
        self.curve.legend(loc="upper left", ncols=5, handlelength=1.9, columnspacing=0.9, handletextpad=0.4)

        self.table.set(xlim=(0, 2), ylim=(2, 0), xticks=(0.5, 1.5), yticks=(0.5, 1.5))
        self.table.set(xticklabels=("says 0", "says 1"), yticklabels=("is 0", "is 1"))
        self.table.tick_params(length=0)
        self.table.grid(False)
        self.table.spines[:].set_visible(False)
        self.tiles, self.counts = {}, {}
        for row in (0, 1):
            for column in (0, 1):
                corner = (column + 0.03, row + 0.03)
                colour = CLASS_COLOURS[row]
                hatch = None if row == column else "////"
                tile = Rectangle(corner, 0.94, 0.94, fc=colour, ec="#666666", lw=0, hatch=hatch, animated=True)
                self.tiles[row, column] = self.table.add_patch(tile)
                kind = dict(ha="center", va="center", animated=True)
                self.counts[row, column] = self.table.text(column + 0.5, row + 0.4, "", size=15, weight="bold", **kind)
                self.table.text(column + 0.5, row + 0.76, NAMES[row][column], size=9, ha="center", animated=True)

        self.roc.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.04), ylabel="recall: found / all of class 1")
        self.roc.set_xlabel("false alarms / all of class 0")
        self.roc.plot([0, 1], [0, 1], color=GREY, lw=1, ls=":")
        self.roc.text(0.62, 0.53, "guessing", color=GREY, size=9, rotation=28, rotation_mode="anchor")
        self.rate = self.roc.plot([], [], color=BLUE, animated=True)[0]
        self.here = self.roc.plot([], [], "o", color="black", ms=9, mec="white", animated=True)[0]
        self.titles = [a.set_title(" ", animated=True) for a in (self.hist, self.table, self.curve, self.roc)]

    def show(self, result, settings):
        made, now = result.made, result.now
        for k, sign in ((0, -1), (1, 1)):
            self.bars[k].set_data(sign * result.heights[k])
            self.wrong[k].set_data(sign * result.wrong[k])
        for line in self.lines:
            line.set_xdata([result.at, result.at])
        for name in CURVES:
            self.metrics[name].set_data(made.thresholds, made.curves[name])
            self.points[name].set_data([result.at], [now[name]])
        rows = result.matrix.sum(axis=1)
        for (row, column), tile in self.tiles.items():
            count = result.matrix[row, column]
            tile.set_alpha(0.12 + 0.5 * count / rows[row])
            self.counts[row, column].set_text(f"{count}")
        self.rate.set_data(made.false, made.true)
        self.here.set_data([result.matrix[0, 1] / rows[0]], [now["recall"]])
        wrong = RECORDS - np.trace(result.matrix)
        self.titles[0].set_text(f"Threshold {settings.threshold:g}: {wrong} of {RECORDS} records on the wrong side")
        self.titles[1].set_text(f"Accuracy {now['accuracy']:.1%}")
        self.titles[2].set_text(f"Precision {now['precision']:.2f}, recall {now['recall']:.2f}, F1 {now['F1']:.2f}")
        self.titles[3].set_text(f"ROC: area {made.area:.3f}")

    def words(self, result, settings):
        (_, false), (missed, found) = result.matrix
        alarms = f"{false} false alarm" + ("" if false == 1 else "s")
        lazy, accuracy = 1 - settings.share, result.now["accuracy"]
        verdict = "more than" if accuracy > lazy + 5e-4 else "no more than"
        return (
            f"{found + missed} of {RECORDS} records are of class 1. At threshold {settings.threshold:g} the model "
            f"finds {found} of them, misses {missed} and raises {alarms}: accuracy {accuracy:.1%}. "
            f"That is {verdict} the {lazy:.0%} of a model that always says 0."
        )


class Threshold(Explorer):
    """The same scores, another threshold: confusion matrix, ROC curve and metrics of two classes."""

    name = "threshold"
    controls = {
        "threshold": Slide("threshold", 0.5, 0.01, 0.99, 0.01),
        "share": Choice("share of class 1", 0.5, SHARES, [f"{s:.0%}" for s in SHARES]),
        "separation": Slide("separation of the classes", 2.0, 0.5, 3.0, 0.1),
    }
    pictures = (Counts,)


threshold = Threshold
