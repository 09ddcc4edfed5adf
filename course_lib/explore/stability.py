"""Cross-entropy as written and as rearranged: the same formula on paper, not in floats."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np

from ..activations import sigmoid
from ..figures import BLUE, GREY, ORANGE
from ..losses import bce, bce_naive, cce, cce_naive
from .controls import Choice, Rate
from .live import Explorer, Picture

LOGITS = np.geomspace(1, 1000, 601)
DTYPES = ("float16", "float32", "float64")
FORMS = {"bce": "two classes, y = 0", "softmax": "two logits z and 0, the second class is right"}


def both(loss, z, dtype):
    """Naive and stable loss of one confidently wrong record at each logit, in this dtype."""
    z = np.asarray(z, dtype)[:, None]
    if loss == "bce":
        y = np.zeros((1, 1), dtype)
        return bce_naive(sigmoid(z), y), bce(z, y)
    z, y = np.concatenate([z, np.zeros_like(z)], axis=1), np.array([[0, 1]], dtype)
    return cce_naive(z, y), cce(z, y)


def largest_error(found, right, dtype):
    """Relative error, the largest up to each logit; half a unit in the last digit no float can do without."""
    with np.errstate(invalid="ignore"):
        error = np.abs(found - right) / right
    return np.maximum.accumulate(np.maximum(error, np.finfo(dtype).eps / 2))  # a nan stays


@lru_cache(maxsize=8)
def curves(loss, dtype):
    """Values and errors of both forms over the logits, and the first logit at which the naive one is lost."""
    logits = LOGITS.astype(dtype)
    naive, stable = (a.astype(float) for a in both(loss, logits, dtype))
    right = both(loss, logits, "float64")[1]
    naive[~np.isfinite(naive)] = np.nan
    edge = np.isnan(naive).argmax()
    between = np.linspace(logits[edge - 1], logits[edge], 2001).astype(dtype)
    first = between[(~np.isfinite(both(loss, between, dtype)[0])).argmax()]
    return SimpleNamespace(
        logits=logits.astype(float), naive=naive, stable=stable, first=float(first),
        naive_off=largest_error(naive, right, dtype), stable_off=largest_error(stable, right, dtype),
    )


def digits(error):
    """How many decimal digits are right."""
    return 0 if np.isnan(error) else max(int(-np.log10(error)), 0)


class Forms(Picture):
    size = (860, 340)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(logit, dtype, loss):
        naive, stable = (float(a[0]) for a in both(loss, [logit], dtype))
        drawn = curves(loss, dtype)
        at = np.searchsorted(LOGITS, logit * (1 - 1e-9)).clip(max=len(LOGITS) - 1)
        right = digits(drawn.naive_off[at]), digits(drawn.stable_off[at])
        return SimpleNamespace(curves=drawn, naive=naive, stable=stable, right=right)

    def build(self, figure):
        self.axes = self.value, self.error = figure.subplots(1, 2)
        for axes in self.axes:
            axes.set(xscale="log", xlim=(1, 1000), xlabel="logit z of the wrong class")
        self.value.set(yscale="log", ylim=(0.9, 1300), ylabel="loss")
        self.error.set(yscale="log", ylim=(1e-17, 90), ylabel="largest relative error up to z")
        self.gone = [
            a.axvspan(10, 1000, facecolor="black", alpha=0.07, lw=0, animated=True, zorder=0.6) for a in self.axes
        ]
        self.stable = [a.plot([], [], color=BLUE, lw=3, animated=True, label="rearranged")[0] for a in self.axes]
        self.naive = [
            a.plot([], [], color=ORANGE, ls="--", lw=1.8, animated=True, label="as written")[0] for a in self.axes
        ]
        self.end = [a.plot([], [], "x", color=ORANGE, ms=10, mew=2.5, animated=True)[0] for a in self.axes]
        self.here = [a.axvline(1, color="black", lw=1.2, ls=":", animated=True) for a in self.axes]
        self.label = self.value.text(1, 1.1, "", size=9, color="#9A4300", ha="right", animated=True)
        self.value.legend(loc="upper left")
        self.error.axhline(1, color=GREY, lw=0.8)
        self.error.text(1.06, 1.9, "100 % wrong", size=9, color=GREY)
        self.titles = [a.set_title(" ", animated=True) for a in self.axes]

    def show(self, result, settings):
        c = result.curves
        pairs = ((c.naive, c.stable), (c.naive_off, c.stable_off))
        for i, (naive, stable) in enumerate(pairs):
            self.naive[i].set_data(c.logits, naive)
            self.stable[i].set_data(c.logits, stable)
            last = np.flatnonzero(np.isfinite(naive))[-1]
            self.end[i].set_data([c.logits[last]], [naive[last]])
            self.here[i].set_xdata([settings.logit] * 2)
            self.gone[i].set(x=c.first, width=1000 - c.first)
        kind = "inf" if settings.loss == "bce" else "nan"
        self.label.set_text(f"as written: {kind} from z = {c.first:.4g} ")
        self.label.set_x(980)
        values = f"as written {result.naive:.5g}, rearranged {result.stable:.5g}"
        self.titles[0].set_text(f"z = {settings.logit:g}: {values}")
        self.titles[1].set_text("{}: {} right digits, {} if rearranged".format(settings.dtype, *result.right))

    def words(self, result, settings):
        shown = {np.inf: "infinity"}.get(result.naive, "no number" if np.isnan(result.naive) else f"{result.naive:.5g}")
        digits = "1 digit" if result.right[0] == 1 else f"{result.right[0]} digits"
        return (
            f"{FORMS[settings.loss]}, {settings.dtype}: at logit {settings.logit:g} the formula as written gives "
            f"{shown} ({digits} right), rearranged {result.stable:.5g} ({result.right[1]}). "
            f"As written it is lost from {result.curves.first:.4g} on."
        )


class Stability(Explorer):
    """Cross-entropy of a confidently wrong record in two forms, and when floats give up."""

    name = "stability"
    controls = {
        "logit": Rate("logit z", 12.0, 1, 1000),
        "dtype": Choice("number type", "float32", DTYPES),
        "loss": Choice("loss", "bce", FORMS),
    }
    pictures = (Forms,)


stability = Stability
