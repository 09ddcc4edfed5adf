"""Exercises of notebook 03: what a loss counts, how it is computed without overflow, which one to take."""

import numpy as np

from .. import losses as right
from ..lines import fit_line
from .engine import Choice, ExerciseSet, Function, Mistake, Number, Option, Prediction

SET = ExerciseSet("03_loss_functions")


def _slopes_with_typing_error():
    """Slopes of the three lines through ten records on y = x, the last of which is ten times too high."""
    x = np.arange(1.0, 11.0)
    y = np.append(x[:-1], 100.0)
    return {loss: float(fit_line(x, y, loss)[0]) for loss in ("mse", "mae", "huber")}


predict_outlier = SET.add(
    Prediction(
        name="predict_outlier",
        prompt=r"""
Ten records lie exactly on the line $y = x$ ($x = 1, 2, \dots, 10$). Somebody types a zero too many into the last one:
100 instead of 10. Now the line with the lowest **MAE** is fitted. What is its slope?""",
        options=[
            Option(
                "About 10: the line goes up to the outlier.",
                "Then the nine other records would be far off, and together they weigh more than one.",
            ),
            Option(
                "About 6: half the way.",
                "That is roughly what MSE does, which pays for the square of an error. MAE pays for its size.",
            ),
            Option(
                "1.9: a tenth of the way, as one of ten records is wrong.",
                "A mean moves by a share. MAE asks for a median, which does not care how far off the last one is.",
            ),
            Option(
                "Exactly 1: it does not move at all.",
                "So it is: turning the line would cost the nine right records more than it saves on the wrong one.",
                right=True,
            ),
            Option(
                "It has none: MAE cannot be fitted, as it has no slope at 0.",
                "At exactly 0 its slope is not defined, but the lowest place exists, and it is even a corner.",
            ),
        ],
        measured=lambda: (
            "Fitted exactly, the slopes are "
            + ", ".join(f"{slope:.2f} with {loss}" for loss, slope in _slopes_with_typing_error().items())
            + " (δ = 1)."
        ),
        hints=[
            "Turn the line a little, upwards at the right end. Which records get worse, which better?",
            "MAE adds up distances: a step of 1 towards the outlier saves 1, whether it is 5 or 90 away.",
            "Nine records against one: is there anything to be gained by turning?",
        ],
        remember="MSE asks for a mean, MAE for a median; Huber lies between them, and δ says where.",
    )
)


def _huber_of_errors(errors, delta):
    """Each Huber loss of a list of errors."""
    return [e * e / 2 if abs(e) <= delta else delta * (abs(e) - delta / 2) for e in errors]


huber_by_hand = SET.add(
    Number(
        name="huber_by_hand",
        prompt=r"""
Three predictions are off by ${e1}$, ${e2}$ and ${e3}$. What is their **mean Huber loss** with $\delta = {delta}$?
(By hand: two of them are one case, the third the other.)""",
        values={"e1": 2.0, "e2": -4.0, "e3": 13.0, "delta": 4.0},
        oracle=lambda e1, e2, e3, delta: sum(_huber_of_errors([e1, e2, e3], delta)) / 3,
        rtol=2e-3,
        precision="give it to two decimals",
        working="""
a = {e1} ** 2 / 2                          # 2: within δ
b = ({e2}) ** 2 / 2                        # 8: exactly δ still counts as within
c = {delta} * (abs({e3}) - {delta} / 2)          # 4 · (13 − 2) = 44: beyond δ
(a + b + c) / 3                          # 54 / 3 = 18""",
        hints=[
            "First compare each error's size with δ: which are within it (δ itself counts as within)?",
            "Within δ the loss is ½e²: 2 and 8. The third is δ·(|e| − ½δ).",
            "4 · (13 − 2) = 44. Now the mean of 2, 8 and 44.",
        ],
        mistakes=[
            Mistake(
                "half forgotten inside",
                lambda e1, e2, e3, delta: (e1**2 + e2**2 + delta * (abs(e3) - delta / 2)) / 3,
                "Within δ the loss is *half* the square: ½·2² = 2 and ½·4² = 8.",
            ),
            Mistake(
                "half forgotten outside",
                lambda e1, e2, e3, delta: (e1**2 / 2 + e2**2 / 2 + delta * (abs(e3) - delta)) / 3,
                "Beyond δ it is δ·(|e| − ½δ). Without that ½ the two pieces would not meet at δ.",
            ),
            Mistake(
                "squared throughout",
                lambda e1, e2, e3, delta: (e1**2 + e2**2 + e3**2) / 6,
                "You took ½e² for all three. The third error is beyond δ: its loss is δ·(|e| − ½δ).",
            ),
            Mistake(
                "absolute throughout",
                lambda e1, e2, e3, delta: (abs(e1) + abs(e2) + abs(e3)) / 3,
                "This is the MAE. Huber's loss has two pieces: ½e² within δ, δ·(|e| − ½δ) beyond.",
            ),
            Mistake(
                "sum",
                lambda e1, e2, e3, delta: sum(_huber_of_errors([e1, e2, e3], delta)),
                "This is the sum. The cost is the mean: divide by the number of records, 3.",
            ),
            Mistake(
                "delta forgotten",
                lambda e1, e2, e3, delta: (e1**2 / 2 + e2**2 / 2 + abs(e3) - delta / 2) / 3,
                "Beyond δ the bracket is multiplied by δ: that is the slope the curve has when it leaves the parabola.",
            ),
            Mistake(
                "nothing taken off outside",
                lambda e1, e2, e3, delta: (e1**2 / 2 + e2**2 / 2 + delta * abs(e3)) / 3,
                "Beyond δ it is δ·(|e| − ½δ): the ½δ is missing. With it the line begins where the parabola ends.",
            ),
            Mistake(
                "mse",
                lambda e1, e2, e3, delta: (e1**2 + e2**2 + e3**2) / 3,
                "This is the MSE. The third record makes up nearly all of it, which Huber's loss is there to prevent.",
            ),
        ],
        remember="Within δ it counts squares, beyond δ distances; at δ value and slope agree.",
    )
)


def _errors(rng):
    n = int(rng.integers(2, 7))
    delta = float(rng.uniform(0.5, 3))
    y = rng.normal(0, 3, n)
    e = delta * np.concatenate([rng.uniform(0.1, 0.9, n - n // 2), rng.uniform(1.3, 5, n // 2)])
    return rng.permutation(e * rng.choice([-1, 1], n)) + y, y, delta


huber_slope = SET.add(
    Function(
        prompt=r"""
Write the **gradient of the Huber cost**: predictions `p` and targets `y` are arrays of n numbers, the cost is the
*mean* Huber loss. Give back an array: how fast the cost rises with each of the predictions. At an error of exactly
±δ both pieces agree.""",
        solution_code='''
def huber_slope(p, y, delta):
    """∂cost/∂p, one number for each prediction."""
    return np.clip(p - y, -delta, delta) / len(p)
''',
        oracle=lambda p, y, delta: np.array([min(max(float(a - b), -delta), delta) / len(p) for a, b in zip(p, y)]),
        inputs=_errors,
        edge_cases=[
            (np.array([1.5, 5.0]), np.array([1.0, 1.0]), 2.0),
            (np.array([0.0, -7.0, 2.0]), np.array([0.0, 1.0, 1.5]), 1.0),
            (np.array([3, -9, 4]), np.array([1, 4, 4]), 5.0),
        ],
        alternatives=[
            lambda p, y, delta: (
                np.where(np.abs(p - y) <= delta, p - y, delta * np.sign(p - y)) / np.size(y)
            ),
            lambda p, y, delta: np.minimum(np.maximum(p - y, -delta), delta) * (1 / p.size),
        ],
        hints=[
            "Two cases, one after the other. What is the derivative of ½e² by e? And that of δ·(|e| − ½δ)?",
            "Within δ the slope is e itself; beyond it is +δ or −δ, by the sign of e.",
            "So the slope is e, cut to the range from −δ to δ: `np.clip` does that.",
            "The cost is the mean over n records, so each slope is divided by n.",
        ],
        mistakes=[
            Mistake(
                "no 1/n",
                lambda p, y, delta: np.clip(p - y, -delta, delta),
                "This is the slope of each record's own loss. The cost is their mean: divide by n.",
            ),
            Mistake(
                "never cut",
                lambda p, y, delta: (p - y) / len(p),
                "Beyond δ the slope no longer grows: it stays at +δ or −δ. Yours is that of ½·MSE.",
            ),
            Mistake(
                "value for slope",
                lambda p, y, delta: right.huber(np.asarray(p)[:, None], np.asarray(y)[:, None], delta) / len(p),
                "These are the losses. Their slope is asked for: how fast each rises with the prediction.",
            ),
            Mistake(
                "sign forgotten beyond delta",
                lambda p, y, delta: np.where(np.abs(p - y) <= delta, p - y, delta) / len(p),
                "Beyond δ you always give +δ. It is −δ where the prediction is too low: `delta * np.sign(p - y)`.",
            ),
            Mistake(
                "sign forgotten",
                lambda p, y, delta: np.minimum(np.abs(p - y), delta) / len(p),
                "The slope has a sign: where the prediction is too low, the cost falls as it rises.",
            ),
            Mistake(
                "cut to one",
                lambda p, y, delta: np.where(np.abs(p - y) <= delta, p - y, np.sign(p - y)) / len(p),
                "Beyond δ you give ±1, which is MAE's slope. Huber leaves its parabola with slope ±δ.",
            ),
            Mistake(
                "wrong way round",
                lambda p, y, delta: np.clip(y - p, -delta, delta) / len(p),
                "The error is prediction minus target, p − y. With y − p every slope has the wrong sign.",
            ),
            Mistake(
                "factor 2",
                lambda p, y, delta: np.where(np.abs(p - y) <= delta, 2 * (p - y), delta * np.sign(p - y)) / len(p),
                "Within δ the loss is *half* the square, so that the 2 of the derivative cancels: the slope is e.",
            ),
        ],
        remember="Huber's gradient is the error, cut to ±δ: no single record can pull harder than that.",
    )
)


def _logits(rng):
    n = int(rng.integers(2, 7))
    return rng.normal(0, 3, n), rng.integers(0, 2, n).astype(float)


def _stable_bce(z, y):
    return np.mean(right.bce(np.asarray(z, float)[:, None], np.asarray(y, float)[:, None]))


def _probability(z):
    with np.errstate(all="ignore"):
        return 1 / (1 + np.exp(-np.asarray(z, float)))


def _quiet(function):
    """The function without numpy's warnings, as nobody is there to read them."""

    def wrong(z, y):
        with np.errstate(all="ignore"):
            return function(np.asarray(z, float), np.asarray(y, float))

    return wrong


bce_from_logits = SET.add(
    Function(
        prompt=r"""
Write the **cost of binary cross-entropy from logits**. `z` (n logits) and `y` (n targets, 0 or 1) are arrays; give the
mean of $-y\log\sigma(z) - (1-y)\log(1-\sigma(z))$. It must also be right for logits such as 1000 or −1000.""",
        solution_code='''
def bce_from_logits(z, y):
    """The mean cross-entropy of n logits and their targets."""
    return np.mean(np.maximum(z, 0) - y * z + np.log1p(np.exp(-np.abs(z))))
''',
        oracle=_stable_bce,
        inputs=_logits,
        edge_cases=[
            (np.array([0.0, 2.0]), np.array([1.0, 0.0])),
            (np.array([40.0, -30.0]), np.array([0.0, 1.0])),
            (np.array([1000.0, -1000.0]), np.array([0.0, 1.0])),
            (np.array([1000.0, -1000.0, 40.0]), np.array([1.0, 0.0, 0.0])),
            (np.array([3, -2, 0]), np.array([0, 1, 1])),
        ],
        alternatives=[
            lambda z, y: np.mean(np.logaddexp(0, z) - y * z),
            lambda z, y: sum(np.logaddexp(0.0, -a if b else a) for a, b in zip(z, y)) / len(z),
        ],
        hints=[
            "Put σ into the logarithms first: −log σ(z) = log(1 + e⁻ᶻ) and −log(1 − σ(z)) = log(1 + eᶻ).",
            "log(1 + eᶻ) = z + log(1 + e⁻ᶻ): for large positive z use the right side, no exponent is large then.",
            "In one line for both signs: log(1 + eᶻ) = max(z, 0) + log(1 + e^(−|z|)).",
            "The loss is log(1 + eᶻ) − y·z. `np.log1p(x)` is log(1 + x), exact even for tiny x. Then the mean.",
        ],
        mistakes=[
            Mistake(
                "as written",
                _quiet(lambda z, y: -np.mean(y * np.log(_probability(z)) + (1 - y) * np.log(1 - _probability(z)))),
                "The formula is right, the floats are not: at z = 1000, σ is exactly 1, and log(1 − 1) is −inf. "
                "Put σ into the logarithm on paper first.",
            ),
            Mistake(
                "exponent of a large number",
                _quiet(lambda z, y: np.mean(np.log(1 + np.exp(z)) - y * z)),
                "Better: no σ any more. But e¹⁰⁰⁰ is `inf`. Write log(1 + eᶻ) as max(z, 0) + log(1 + e^(−|z|)).",
            ),
            Mistake(
                "y·z forgotten",
                lambda z, y: _stable_bce(z, np.zeros(len(z))),
                "This is log(1 + eᶻ), the loss of class 0, for every record. For class 1 it is log(1 + e⁻ᶻ), "
                "which is less by z: take off y·z.",
            ),
            Mistake(
                "sum",
                lambda z, y: _stable_bce(z, y) * len(z),
                "This is the sum of the losses. The cost is their mean.",
            ),
            Mistake(
                "one per record",
                lambda z, y: right.bce(np.asarray(z, float)[:, None], np.asarray(y, float)[:, None]),
                "These are the losses of the records. One number is asked for: their mean.",
            ),
            Mistake(
                "targets exchanged",
                lambda z, y: _stable_bce(z, 1 - np.asarray(y)),
                "The targets are exchanged: y = 1 belongs to log σ(z), y = 0 to log(1 − σ(z)).",
            ),
            Mistake(
                "clipped",
                lambda z, y: -np.mean(
                    np.where(
                        np.asarray(y) > 0.5,
                        np.log(np.clip(_probability(z), 1e-7, 1 - 1e-7)),
                        np.log(1 - np.clip(_probability(z), 1e-7, 1 - 1e-7)),
                    )
                ),
                "You clip the probability. There is no `inf` any more, but the loss is wrong: at z = 1000 it is 16 "
                "instead of 1000, and where it is clipped its gradient is 0.",
            ),
            Mistake(
                "squared error",
                lambda z, y: np.mean((_probability(z) - np.asarray(y)) ** 2),
                "This is the squared error of the probability. Where a network is surely wrong, it hardly has a slope.",
            ),
        ],
        remember="Put the sigmoid into the logarithm on paper, and give losses logits, not probabilities.",
    )
)


def _rows(rng):
    n, classes = int(rng.integers(2, 6)), int(rng.integers(3, 6))
    y = rng.integers(0, classes, n)
    y[0] = classes - 1  # so that a mistake in counting classes shows
    return rng.normal(0, 2, (n, classes)), y


def _cce(z, y):
    """What PyTorch's cross_entropy gives, by way of one-hot rows."""
    z, y = np.asarray(z, float), np.asarray(y)
    return float(np.mean(right.cce(z, np.eye(z.shape[1])[y])))


def _log_p(z, axis=1):
    z = np.asarray(z, float)
    return z - np.logaddexp.reduce(z, axis=axis, keepdims=True)


cross_entropy = SET.add(
    Function(
        prompt=r"""
Write the **cost of cross-entropy from class numbers**, without one-hot rows. `z` has one record per row and one
logit per class; `y` holds n class numbers (0, 1, …). The loss of a record is $-\log$ of the softmax probability of
*its* class; give the mean. (The logits here are small: nothing overflows.)""",
        solution_code='''
def cross_entropy(z, y):
    """The mean cross-entropy of n rows of logits and their class numbers."""
    log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))
    return -log_p[np.arange(len(y)), y].mean()
''',
        oracle=_cce,
        inputs=_rows,
        edge_cases=[
            (np.array([[0.0, 0.0, 0.0], [2.0, 0.0, 1.0]]), np.array([2, 0])),
            (np.array([[1, 0, 3], [2, 2, 2], [0, 1, 0]]), np.array([1, 2, 1])),
        ],
        alternatives=[
            lambda z, y: np.mean([np.log(np.exp(row).sum()) - row[k] for row, k in zip(z, y)]),
            lambda z, y: -np.mean(np.take_along_axis(_log_p(z), np.asarray(y)[:, None], axis=1)),
        ],
        hints=[
            "log softmax is easier than softmax: z − log Σ eᶻ, the sum over each row.",
            "`np.exp(z).sum(axis=1, keepdims=True)` has one number per row, in a shape that fits.",
            "One entry of each row: `table[np.arange(len(y)), y]` takes entry y[0] of row 0, entry y[1] of row 1, …",
            "Minus the mean of these n entries.",
        ],
        mistakes=[
            Mistake(
                "sign",
                lambda z, y: -_cce(z, y),
                "The logarithm of a probability is negative; the loss is minus that.",
            ),
            Mistake(
                "no logarithm",
                lambda z, y: -np.mean(np.exp(_log_p(z))[np.arange(len(y)), y]),
                "You average the probabilities themselves. Take the logarithm of each before the mean.",
            ),
            Mistake(
                "logarithm of the mean",
                lambda z, y: -np.log(np.mean(np.exp(_log_p(z))[np.arange(len(y)), y])),
                "The logarithm comes too late: first the logarithm of each record's probability, then the mean.",
            ),
            Mistake(
                "no softmax",
                lambda z, y: -np.mean(np.asarray(z, float)[np.arange(len(y)), y]),
                "You take the logits of the right classes. Softmax is missing: take log Σ eᶻ of the row off each.",
            ),
            Mistake(
                "columns",
                lambda z, y: -np.mean(_log_p(z, axis=0)[np.arange(len(y)), y]),
                "Your softmax runs down the columns and mixes records. One record is one row: `axis=1`.",
            ),
            Mistake(
                "every class",
                lambda z, y: -np.mean(np.sum(_log_p(z), axis=1)),
                "You add up the logarithms of all classes. Only the class that is right counts.",
            ),
            Mistake(
                "columns picked for all",
                lambda z, y: -np.mean(_log_p(z)[:, y]),
                "`log_p[:, y]` takes these columns from *every* row. Each row needs its own: "
                "`log_p[np.arange(len(y)), y]`.",
            ),
            Mistake(
                "sum",
                lambda z, y: _cce(z, y) * len(y),
                "This is the sum over the records. The cost is their mean.",
            ),
        ],
        remember="A class number says which entry of log softmax to read; a one-hot row says the same in K numbers.",
    )
)

which_loss = SET.add(
    Choice(
        name="which_loss",
        prompt="""
An insurance company predicts the cost of each contract, to set premiums that cover *all* claims of the year
together. A few contracts cost a hundred times as much as the others, and these are no mistakes: houses do burn down.
Which loss?""",
        options=[
            Option(
                "MAE: there are outliers, and MAE does not mind them.",
                "That is the trouble: it asks for the median, which a few burnt houses do not move. "
                "The premiums would not pay for them.",
                name="median",
            ),
            Option(
                "Huber with a small δ, the usual remedy against outliers.",
                "With a small δ it is nearly MAE: the rare large claims are ignored, and they are most of the money.",
                name="robust",
            ),
            Option(
                "MSE, after the contracts with large claims have been removed.",
                "These records are right. Without them the model never hears of fires.",
                name="removed",
            ),
            Option(
                "MSE: it asks for the mean, and the mean times the number of contracts is the total.",
                "The large claims are part of what is to be predicted. Only the mean adds up to the total.",
                right=True,
            ),
            Option(
                "BCE, as a claim is made or not.",
                "That predicts whether there is a claim. What is wanted is how many euros.",
                name="classification",
            ),
        ],
        hints=[
            "What has to come out right: the typical contract, or the sum over all contracts?",
            "MSE asks for a mean, MAE for a median. Which of them, times n, is the sum?",
            "Are the outliers mistakes in the data, or part of the truth?",
        ],
        remember="Ask first what the number is for, then which loss asks for that number.",
    )
)
