"""Exercises of notebook 12: normalization, forward and back, while training and after."""

import numpy as np

from .. import normalization as right
from .engine import ExerciseSet, Function, Mistake, Number, Option, Prediction

SET = ExerciseSet("12_normalization")
EPS = right.EPS


def _two(a, b):
    """What batch normalization makes of two values of one unit."""
    first, second = right.normalize(np.array([[a], [b]]), -2)[0][:, 0]
    return f"{first:.3f} and {second:.3f}".replace("-", "−")


predict_two_records = SET.add(
    Prediction(
        name="predict_two_records",
        prompt="""
Batch normalization takes off each unit's mean over the batch and divides by its standard deviation. The batch has
just **two** records. For one unit they have the pre-activations 3.0 and 3.4; in the next batch −50 and 70. What comes
out of the normalization (γ = 1, β = 0)?""",
        options=[
            Option("−0.2 and 0.2; then −60 and 60.", "The mean is off, but the division is missing."),
            Option(
                "About −1 and 1, both times.",
                "Each record is as far from the mean as the deviation is large. Only *which is larger* is left.",
                right=True,
            ),
            Option("Small numbers first, large ones then.", "Dividing by the deviation takes the size away."),
            Option("0 and 0, both times.", "That is their mean. They differ, so they cannot both be at it."),
            Option("It cannot be computed with two records.", "It can, with two; with one the deviation is 0."),
        ],
        measured=lambda: f"3.0 and 3.4 become {_two(3.0, 3.4)}; −50 and 70 become {_two(-50.0, 70.0)}.",
        hints=[
            "Take the first batch: what is its mean, and how far is each record from it?",
            "The standard deviation is the root of the mean squared distance. Both distances are equal.",
            "A distance, divided by itself: which number, and with which signs?",
        ],
        remember="The smaller the batch, the less of a record's own value gets through batch normalization.",
    )
)


def _batch(rng, least=3):
    """Pre-activations of a small batch, γ and β; more units than records or fewer."""
    n, units = rng.integers(least, 6), rng.integers(2, 5)
    z = rng.normal(2, 2, (n, units + (n == units)))
    return z, rng.uniform(0.5, 2, (1, z.shape[1])), rng.normal(size=(1, z.shape[1]))


def _normal(z, axis=0, ddof=0, eps=EPS):
    return (z - z.mean(axis=axis, keepdims=True)) / np.sqrt(z.var(axis=axis, ddof=ddof, keepdims=True) + eps)


def _batch_norm(z, gamma, beta):
    return gamma * right.normalize(z, -2)[0] + beta


batch_norm = SET.add(
    Function(
        prompt=r"""
**Batch normalization while training.** `z` (records, units) are pre-activations, `gamma` and `beta` (1, units). Give
each unit the mean 0 and the variance 1 over the records, with $\varepsilon = 10^{-5}$ under the root, then stretch by
`gamma` and shift by `beta`: $y = \gamma\,(z - \mu)/\sqrt{\sigma^2 + \varepsilon} + \beta$, where $\sigma^2$ is the mean
squared distance from $\mu$.""",
        solution_code='''
def batch_norm(z, gamma, beta):
    """Batch normalization of z, as in training."""
    mean = z.mean(axis=0, keepdims=True)
    variance = z.var(axis=0, keepdims=True)
    return gamma * (z - mean) / np.sqrt(variance + 1e-5) + beta
''',
        oracle=_batch_norm,
        inputs=_batch,
        edge_cases=[
            (np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]]), np.array([[1.0, 2.0]]), np.array([[0.0, -1.0]])),
            (np.array([[5.0, 0.0, 1.0], [5.0, 2.0, 7.0]]), np.array([[2.0, 1.0, 0.5]]), np.array([[3.0, 0.0, 1.0]])),
            (np.array([[1, 4, 2], [3, 8, 2]]), np.array([[1, 2, 3]]), np.array([[0, 1, 5]])),
        ],
        alternatives=[
            lambda z, gamma, beta: _normal(z) * gamma + beta,
            lambda z, gamma, beta: (
                np.stack(
                    [(c - sum(c) / len(c)) / np.sqrt(sum((c - sum(c) / len(c)) ** 2) / len(c) + EPS) for c in z.T], 1
                )
                * gamma
                + beta
            ),
        ],
        hints=[
            "One record is one row. Which axis runs over the records?",
            "`z.mean(axis=0)` and `z.var(axis=0)` give one number per unit.",
            "Divide by the root of variance plus 1e-5; then times `gamma`, plus `beta`.",
            "`return gamma * (z - mean) / np.sqrt(… + 1e-5) + beta`",
        ],
        mistakes=[
            Mistake(
                "rows",
                lambda z, gamma, beta: gamma * _normal(z, 1) + beta,
                "Your *rows* have mean 0: you averaged over the units of each record. That is layer normalization. "
                "Over the records means down the columns, `axis=0`.",
            ),
            Mistake(
                "whole batch",
                lambda z, gamma, beta: gamma * _normal(z, None) + beta,
                "One mean and one variance for everything. Each unit needs its own: `axis=0`.",
            ),
            Mistake(
                "divided by the variance",
                lambda z, gamma, beta: gamma * (z - z.mean(axis=0)) / (z.var(axis=0) + EPS) + beta,
                "You divided by the variance. Its *root* brings the deviation to 1.",
            ),
            Mistake(
                "n − 1",
                lambda z, gamma, beta: gamma * _normal(z, ddof=1) + beta,
                "You divided by n − 1 in the variance. While training the batch is all there is: the plain mean, "
                "over n. (n − 1 is for the running average.)",
            ),
            Mistake(
                "not divided",
                lambda z, gamma, beta: gamma * (z - z.mean(axis=0)) + beta,
                "The mean is off, but the columns still have their own spread. Divide by √(σ² + ε).",
            ),
            Mistake(
                "gamma and beta forgotten",
                lambda z, gamma, beta: _normal(z),
                "Normalized, but then comes γ times it, plus β: what the network learns.",
            ),
            Mistake(
                "gamma and beta exchanged",
                lambda z, gamma, beta: beta * _normal(z) + gamma,
                "γ stretches, β shifts. You have them the other way round.",
            ),
            Mistake(
                "shifted before stretched",
                lambda z, gamma, beta: gamma * (_normal(z) + beta),
                "β is added after γ has stretched, not before: y = γ·ẑ + β.",
            ),
        ],
        remember="Batch normalization: one mean and one deviation per unit, over the records.",
    )
)

layer_norm_output = SET.add(
    Number(
        name="layer_norm_output",
        prompt=r"""
A layer has four units. One record gives them the pre-activations {a}, {b}, {c} and {d}. **Layer normalization**
follows, with $\gamma = {gamma}$ and $\beta = {beta}$ for each unit. What comes out of the last unit?
($\varepsilon$ is too small to matter.)""",
        values={"a": 1, "b": 3, "c": 5, "d": 7, "gamma": 2, "beta": 3},
        oracle=lambda a, b, c, d, gamma, beta: (
            float(right.normalize(np.array([[a, b, c, d]], float), -1)[0][0, 3]) * gamma + beta
        ),
        precision="two decimals are enough",
        working="Mean 4, squared distances 9, 1, 1, 9: variance 5, deviation 2.236. (7 − 4)/2.236 = 1.342; "
        "2·1.342 + 3 = 5.68.",
        hints=[
            "Mean and deviation go over the four units of this record. No other record is needed.",
            "The mean is 4. The squared distances from it are 9, 1, 1, 9; their mean is the variance.",
            "The last unit is 3 above the mean. Divide by √5, times γ, plus β.",
        ],
        mistakes=[
            Mistake(
                "divided by the variance",
                lambda a, b, c, d, gamma, beta: (d - 4) / 5 * gamma + beta,
                "You divided by the variance, 5. Divide by its root.",
            ),
            Mistake(
                "n − 1",
                lambda a, b, c, d, gamma, beta: (d - 4) / np.std([a, b, c, d], ddof=1) * gamma + beta,
                "You took the variance over n − 1 = 3. Normalization takes the plain mean of the squares, over n = 4.",
            ),
            Mistake(
                "gamma and beta forgotten",
                lambda a, b, c, d, gamma, beta: (d - 4) / np.std([a, b, c, d]),
                "This is the normalized value. Then γ times it, plus β.",
            ),
            Mistake(
                "not divided",
                lambda a, b, c, d, gamma, beta: (d - 4) * gamma + beta,
                "The mean is off, but the deviation √5 is not divided by.",
            ),
            Mistake(
                "mean left on",
                lambda a, b, c, d, gamma, beta: d / np.std([a, b, c, d]) * gamma + beta,
                "First take off the mean, 4; then divide.",
            ),
            Mistake(
                "gamma and beta exchanged",
                lambda a, b, c, d, gamma, beta: (d - 4) / np.std([a, b, c, d]) * beta + gamma,
                "γ stretches, β shifts: you have them exchanged.",
            ),
        ],
        remember="Layer normalization needs one record and nothing else.",
    )
)


def _running(running, z, share=0.1):
    """What course_lib's layer keeps: see `BatchNorm.forward`."""
    layer = right.BatchNorm(1, z.shape[1])
    layer.momentum = share
    params = _Kept({"gamma1": np.ones((1, z.shape[1])), "beta1": np.zeros((1, z.shape[1]))})
    params.running = {"mean1": np.zeros((1, z.shape[1])), "variance1": np.array(running, float)}
    layer.forward(params, np.asarray(z, float), training=())
    return params.running["variance1"]


class _Kept(dict):
    running = None


running_variance = SET.add(
    Function(
        prompt=r"""
**For evaluation** batch normalization keeps a running average of the variances it has seen. Given the `running`
variances so far (1, units) and a new batch `z` (records, units), give back the new ones: they move by the part `share`
of the way from `running` to the batch's variance. That one is to be *unbiased*: divided by $n-1$.""",
        solution_code='''
def running_variance(running, z, share=0.1):
    """The running variances after one more batch."""
    variance = z.var(axis=0, ddof=1, keepdims=True)
    return running + share * (variance - running)
''',
        oracle=_running,
        inputs=lambda rng: (
            rng.uniform(0.5, 2, (1, (z := _batch(rng)[0]).shape[1])),
            z,
            float(rng.choice([0.1, 0.2, 0.3])),
        ),
        edge_cases=[
            (np.array([[1.0, 1.0]]), np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]]), 0.1),
            (np.array([[2.0, 0.5, 4.0]]), np.array([[1, 5, 3], [3, 5, 9]]), 0.25),
            (np.array([[1.0, 1.0]]), np.array([[0.0, 4.0], [0.0, 4.0], [0.0, 4.0]]), 0.1),
        ],
        alternatives=[
            lambda running, z, share=0.1: (1 - share) * running + share * np.var(z, axis=0, ddof=1, keepdims=True),
            lambda running, z, share=0.1: (
                running * (1 - share) + share * ((z - z.mean(axis=0)) ** 2).sum(axis=0, keepdims=True) / (len(z) - 1)
            ),
        ],
        hints=[
            "First the variance of each unit in the new batch; then the average.",
            "`z.var(axis=0, ddof=1, keepdims=True)`: `ddof=1` divides by n − 1.",
            "A part of the way from a to b: `a + share * (b - a)`.",
        ],
        mistakes=[
            Mistake(
                "divided by n",
                lambda running, z, share=0.1: running + share * (z.var(axis=0, keepdims=True) - running),
                "Your batch variance is divided by n. That is too small on average, most of all in small batches; "
                "the running average wants n − 1: `ddof=1`.",
            ),
            Mistake(
                "share exchanged",
                lambda running, z, share=0.1: share * running + (1 - share) * z.var(axis=0, ddof=1, keepdims=True),
                "The newest batch gets the weight 1 − share here: the average would forget almost everything at once. "
                "The newest one has the weight `share`.",
            ),
            Mistake(
                "only the newest",
                lambda running, z, share=0.1: z.var(axis=0, ddof=1, keepdims=True),
                "This is the variance of the newest batch alone. It is to be averaged with what was before.",
            ),
            Mistake(
                "deviation",
                lambda running, z, share=0.1: running + share * (z.std(axis=0, ddof=1, keepdims=True) - running),
                "You averaged the standard deviation. Asked for is the variance, its square.",
            ),
            Mistake(
                "rows",
                lambda running, z, share=0.1: (
                    running + share * (z.var(axis=1, ddof=1, keepdims=True).mean(axis=0, keepdims=True) - running)
                ),
                "The variance of a *unit* over the records is wanted: `axis=0`, down the columns.",
            ),
            Mistake(
                "sum",
                lambda running, z, share=0.1: running + share * z.var(axis=0, ddof=1, keepdims=True),
                "Without taking anything off, the sum grows with each batch. Move towards the new value: "
                "`running + share * (variance - running)`.",
            ),
        ],
        remember="Training uses the batch's own variance; evaluation a running average of what was seen.",
    )
)


def _upstream(rng):
    z = _batch(rng)[0]
    return *right.normalize(z, 0), rng.normal(0.5, 1, z.shape)


normalize_backward = SET.add(
    Function(
        prompt=r"""
**Back through the normalization.** Forward, $\hat z = (z - \mu)/s$ with `s` $= \sqrt{\sigma^2 + \varepsilon}$ over the
records. Given `z_hat` (records, units), `s` (1, units) and the gradient `g` $= \partial L/\partial \hat z$, give back
$\partial L/\partial z = \frac1s\left(g - \overline{g} - \hat z\cdot\overline{g\,\hat z}\right)$;
the bar is the mean over the records.""",
        solution_code='''
def normalize_backward(z_hat, s, g):
    """The gradient before the normalization, given the one after it."""
    along = g.mean(axis=0, keepdims=True)
    stretch = (g * z_hat).mean(axis=0, keepdims=True)
    return (g - along - z_hat * stretch) / s
''',
        oracle=lambda z_hat, s, g: right.normalize_pullback(z_hat, s, np.asarray(g, float), 0),
        inputs=_upstream,
        edge_cases=[
            (
                *right.normalize(np.array([[1.0, 10.0], [2.0, 20.0], [3.0, 60.0]]), 0),
                np.array([[1.0, 0], [0, 2], [0, 0]]),
            ),
            (*right.normalize(np.array([[0.0, 2.0, 3.0], [4.0, 1.0, 9.0]]), 0), np.array([[1, 2, 3], [4, 0, 1]])),
        ],
        alternatives=[
            lambda z_hat, s, g: (len(g) * g - g.sum(axis=0) - z_hat * np.einsum("ij,ij->j", g, z_hat)) / (len(g) * s),
            lambda z_hat, s, g: np.stack(
                [
                    (np.eye(len(z)) - 1 / len(z) - np.outer(z, z) / len(z)) @ one / width
                    for z, width, one in zip(z_hat.T, s[0], g.T, strict=True)
                ],
                axis=1,
            ),
        ],
        hints=[
            "Two means over the records: of `g`, and of `g * z_hat`. Both one number per unit.",
            "`along = g.mean(axis=0, keepdims=True)`, and `stretch` in the same way.",
            "`return (g - along - z_hat * stretch) / s`",
        ],
        mistakes=[
            Mistake(
                "mean and deviation as constants",
                lambda z_hat, s, g: g / s,
                "g/s would be right if μ and s were constants. But each z moves them too, and that costs the two other "
                "terms.",
            ),
            Mistake(
                "only the mean",
                lambda z_hat, s, g: (g - g.mean(axis=0)) / s,
                "The part that goes through the mean is there; the one through s is missing: ẑ times the mean of g·ẑ.",
            ),
            Mistake(
                "only the deviation",
                lambda z_hat, s, g: (g - z_hat * (g * z_hat).mean(axis=0)) / s,
                "The part through s is there; the one through the mean μ is missing: the mean of g.",
            ),
            Mistake(
                "not divided",
                lambda z_hat, s, g: g - g.mean(axis=0) - z_hat * (g * z_hat).mean(axis=0),
                "All there but the 1/s: forward we divided by s, so back as well.",
            ),
            Mistake(
                "multiplied",
                lambda z_hat, s, g: (g - g.mean(axis=0) - z_hat * (g * z_hat).mean(axis=0)) * s,
                "You multiplied by s. Forward we divided by it, and the slope of z/s is 1/s.",
            ),
            Mistake(
                "sums",
                lambda z_hat, s, g: (g - g.sum(axis=0) - z_hat * (g * z_hat).sum(axis=0)) / s,
                "You took sums; the bars are means over the records.",
            ),
            Mistake(
                "rows",
                lambda z_hat, s, g: (
                    (g - g.mean(axis=1, keepdims=True) - z_hat * (g * z_hat).mean(axis=1, keepdims=True)) / s
                ),
                "Your means run over the units of a record. Over the records: `axis=0`.",
            ),
            Mistake(
                "sign of the second part",
                lambda z_hat, s, g: (g - g.mean(axis=0) + z_hat * (g * z_hat).mean(axis=0)) / s,
                "The second part is taken off, too: minus ẑ times the mean of g·ẑ.",
            ),
        ],
        remember="Shifting or stretching a whole column changes nothing: those parts of the gradient are taken out.",
    )
)
