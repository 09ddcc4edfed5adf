"""Exercises of notebook 09: errors that fade or blow up on their way back, lost updates, dead units."""

from functools import lru_cache

import numpy as np

from .. import gradient_flow
from ..activations import dead_units
from ..checks import number, one_of
from ..initializers import get_initializer, recommended
from ..losses import get_loss
from ..network import MLP, stack
from ..optimizers import sgd
from .engine import ExerciseSet, Function, Mistake, Option, Prediction, Setting

SET = ExerciseSet("09_vanishing_and_exploding_gradients")
LAYERS, UNITS, DRAWS = 30, 16, 5
BENDS = ("sigmoid", "tanh", "relu", "elu")


@lru_cache(maxsize=64)
def _ratios(activation, scale, layers=LAYERS):
    """Error in the first hidden layer over that in the last, of five draws of the weights."""
    draw = get_initializer(recommended(activation))
    network = MLP((2, *[UNITS] * layers, 1), activation, lambda rng, n_in, n_out: scale * draw(rng, n_in, n_out))
    params = stack([network.init(np.random.default_rng([9, k])) for k in range(DRAWS)])
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(64, 2)), np.arange(64.0)[:, None] % 2
    with np.errstate(all="ignore"):
        reports = network.watch(params, x, y, get_loss("bce"))[:-1]
        return np.nan_to_num(reports[0].delta_std / reports[-1].delta_std, nan=np.inf)


def _power(value):
    return f"{value:.2g}" if 1e-3 < value < 1e3 else f"{value:.0e}"


predict_first_layer = SET.add(
    Prediction(
        name="predict_first_layer",
        prompt="""
A network of 20 hidden **sigmoid** layers, 16 units each, freshly initialized as is recommended for the sigmoid. The
error ∂cost/∂z travels back from the last hidden layer to the first. What arrives there, compared with what set out?""",
        options=[
            Option("About as much: it is the same network.", "It is; but at every layer the error meets a slope."),
            Option("About a quarter.", "A quarter is the best that *one* sigmoid does, and there are many on the way."),
            Option(
                "About a twentieth: a share per layer.",
                "So it would be if each layer took an equal *amount* off. Each takes a *factor*, and factors multiply.",
            ),
            Option(
                "Less than a billionth.",
                "Each layer multiplies by a quarter or less, and the weights do not make up for it: 0.25 to the power "
                "of 19 is below 1e-11.",
                right=True,
            ),
            Option(
                "More: what is added up over the layers grows.",
                "Going back, a layer's errors are summed over the units of the next one, but the small weights and "
                "slopes outweigh that.",
            ),
        ],
        measured=lambda: (
            "First over last hidden layer, the middle of five draws: "
            + ", ".join(f"{name} {_power(np.median(_ratios(name, 1.0, 20)))}" for name in ("sigmoid", "tanh", "relu"))
            + "."
        ),
        hints=[
            "At each layer the error is multiplied by the slope of the sigmoid. How large is that at most?",
            "At most 1/4. There are 19 such layers between the last and the first. Do they add or multiply?",
            "Take 0.25 to the power of 19.",
        ],
        remember="A factor per layer makes a power of the depth: below 1 it vanishes, above 1 it explodes.",
    )
)

growth_per_layer = SET.add(
    Function(
        prompt=r"""
**By which factor per layer** does the error grow (or shrink) on its way back? `deltas` is an array: the size of
$\partial\text{cost}/\partial z$ in each of $n$ layers, the *first* layer first. The error starts in the last one and
takes $n-1$ steps; return the factor that, applied at every step, leads from the last size to the first.""",
        solution_code='''
def growth_per_layer(deltas):
    """The factor per layer on the way back."""
    return (deltas[0] / deltas[-1]) ** (1 / (len(deltas) - 1))
''',
        oracle=lambda deltas: float(gradient_flow.backward_factor(deltas)),
        inputs=lambda rng: (np.exp(rng.normal(0, 2, rng.integers(3, 9))),),
        edge_cases=[
            (np.array([1.0, 2.0, 4.0]),),
            (np.array([27.0, 5.0, 3.0, 1.0]),),
            (np.array([2e-12, 3e-4, 5e-3]),),
        ],
        alternatives=[
            lambda deltas: np.exp((np.log(deltas[0]) - np.log(deltas[-1])) / (len(deltas) - 1)),
            lambda deltas: np.prod(deltas[:-1] / deltas[1:]) ** (1 / (len(deltas) - 1)),
        ],
        hints=[
            "The same factor f at every step: what is the first size, if the last is d and there are n − 1 steps?",
            "first = last · fⁿ⁻¹. Solve for f.",
            "f = (first / last) to the power of 1/(n − 1); in Python `** (1 / (len(deltas) - 1))`.",
        ],
        mistakes=[
            Mistake(
                "forward",
                lambda deltas: (deltas[-1] / deltas[0]) ** (1 / (len(deltas) - 1)),
                "This is last over first, the way forward. The error travels back: it sets out in the last layer "
                "and arrives in the first.",
            ),
            Mistake(
                "n for n − 1",
                lambda deltas: (deltas[0] / deltas[-1]) ** (1 / len(deltas)),
                "Between n layers there are n − 1 steps; you took the n-th root.",
            ),
            Mistake(
                "no root",
                lambda deltas: deltas[0] / deltas[-1],
                "This is the factor of the whole way. Per layer it is the (n − 1)-th root of that.",
            ),
            Mistake(
                "divided instead of root",
                lambda deltas: deltas[0] / deltas[-1] / (len(deltas) - 1),
                "Factors multiply: to share a product out evenly, take the root, not the quotient.",
            ),
            Mistake(
                "mean of the ratios",
                lambda deltas: np.mean(deltas[:-1] / deltas[1:]),
                "The mean of the single factors is too large: ×4 and ×¼ cancel, and their mean is above 2. "
                "For factors take the geometric mean, a root of the product.",
            ),
            Mistake(
                "logarithm left",
                lambda deltas: np.log(deltas[0] / deltas[-1]) / (len(deltas) - 1),
                "This is the logarithm of the factor; one `np.exp` is missing.",
            ),
        ],
        remember="Below 1 the gradient vanishes with depth, above 1 it explodes.",
    )
)


def _weights_and_gradients(rng):
    w = rng.normal(0, 1, rng.integers(3, 7)).astype(np.float32)
    g = (rng.choice([-1, 1], len(w)) * 10.0 ** rng.uniform(-9, -3, len(w))).astype(np.float32)
    return w, g, 0.1


def _sgd_moved(w, g, lr):
    return sgd().update(w, g, (), lr, 1)[0] != w


moved = SET.add(
    Function(
        prompt=r"""
**Which weights move?** `w` and `g` are float32 arrays, weights and gradients. After the update
$w - \text{lr}\cdot g$, *in float32*, some weights are what they were before: the update was rounded away. Return an
array of `True` (moved) and `False`.""",
        solution_code='''
def moved(w, g, lr):
    """True where the update changes the weight."""
    return w - lr * g != w
''',
        oracle=_sgd_moved,
        inputs=_weights_and_gradients,
        edge_cases=[
            (np.array([0.8, 0.8, 0.8], np.float32), np.array([4e-16, 4e-10, 4e-3], np.float32), 0.1),
            (np.array([1.0, 1e-3, 0.0], np.float32), np.array([1e-8, 1e-8, 1e-8], np.float32), 1.0),
            (np.array([-2.0, 2.0], np.float32), np.array([0.0, -1e-4], np.float32), 0.1),
        ],
        alternatives=[
            lambda w, g, lr: ~np.equal(np.subtract(w, np.multiply(g, np.float32(lr))), w),
            lambda w, g, lr: (w - np.float32(lr) * g) - w != 0,
        ],
        hints=[
            "Do the update and look whether anything has changed.",
            "numpy keeps float32 if both arrays are float32 and `lr` is a Python number. No conversion is needed.",
            "Compare the new weights with the old ones entry by entry: `!=`.",
        ],
        mistakes=[
            Mistake(
                "any update",
                lambda w, g, lr: lr * g != 0,
                "An update that is not 0 can still be too small for its weight: 0.8 − 4e-11 is 0.8 in float32. "
                "Do the subtraction and compare.",
            ),
            Mistake(
                "float64",
                lambda w, g, lr: w.astype(float) - lr * g.astype(float) != w,
                "In float64 there are 16 digits and far more updates survive. Stay in float32, as the network does.",
            ),
            Mistake(
                "not moved",
                lambda w, g, lr: w - lr * g == w,
                "This is True where the weight did *not* move.",
            ),
            Mistake(
                "one limit for all",
                lambda w, g, lr: np.abs(lr * g) > 6e-8,
                "There is no one limit: floats lie closer together near 0. An update of 1e-8 is lost on a weight of 1 "
                "and moves one of 0.001.",
            ),
            Mistake(
                "nearly equal",
                lambda w, g, lr: ~np.isclose(w - lr * g, w),
                "`np.isclose` calls numbers equal that differ by a hundred-thousandth. Here every last digit counts.",
            ),
        ],
        remember="Below about 3e-8 of its weight an update in float32 is none.",
    )
)


def _outputs(rng):
    a = np.maximum(rng.normal(0, 1, (rng.integers(3, 6), rng.integers(4, 8))), 0)
    a[:, rng.choice(a.shape[1], rng.integers(1, 3), replace=False)] = 0
    return (a,)


dead_share = SET.add(
    Function(
        prompt=r"""
**Count the dead.** `a` holds the outputs of a ReLU layer, one record per row, one unit per column. A unit is dead if it
puts out 0 for *every* record. Return the share of dead units, a number from 0 to 1.""",
        solution_code='''
def dead_share(a):
    """Share of units that are 0 for all records."""
    return (a == 0).all(axis=0).mean()
''',
        oracle=lambda a: float(dead_units(a).mean()),
        inputs=_outputs,
        edge_cases=[
            (np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 2.0]]),),
            (np.array([[0.0, 0.5, 0.0, 0.0], [0.0, 0.1, 0.2, 0.0], [0.0, 0.0, 0.0, 0.0]]),),
            (np.array([[1.0, 2.0], [3.0, 0.0]]),),
        ],
        alternatives=[
            lambda a: np.mean(a.max(axis=0) == 0),
            lambda a: sum(not column.any() for column in a.T) / a.shape[1],
        ],
        hints=[
            "`a == 0` marks every zero. Which of the two axes are the records?",
            "The rows are records: `.all(axis=0)` asks, for each column, whether all rows are True.",
            "That gives one True or False per unit; their `.mean()` is the share.",
        ],
        mistakes=[
            Mistake(
                "share of zeros",
                lambda a: (a == 0).mean(),
                "This is the share of zeros. A living unit is 0 for many records too; a dead one is 0 for all.",
            ),
            Mistake(
                "records for units",
                lambda a: (a == 0).all(axis=1).mean(),
                "This counts *records* for which every unit is 0. Units are columns: `axis=0` goes down the records.",
            ),
            Mistake(
                "any for all",
                lambda a: (a == 0).any(axis=0).mean(),
                "One zero is enough for `any`, and a unit that is off now and then is only being selective. Use `all`.",
            ),
            Mistake(
                "number",
                lambda a: (a == 0).all(axis=0).sum(),
                "This is the number of dead units. Divide by how many there are; `.mean()` does both.",
            ),
            Mistake(
                "alive",
                lambda a: (a > 0).any(axis=0).mean(),
                "This is the share of living units, 1 minus what is asked for.",
            ),
        ],
        remember="Off for some records is a ReLU's job; off for all of them, with slope 0, is for ever.",
    )
)


def _ratio_in_words(ratios):
    low, middle, high = (_power(f(ratios)) for f in (np.min, np.median, np.max))
    return f"first over last layer: {middle} in the middle of five draws ({low} to {high})"


keep_the_error = SET.add(
    Setting(
        name="keep_the_error",
        prompt=f"""
A network of **{LAYERS} hidden layers** of {UNITS} units. Choose an `activation` ({", ".join(f'"{b}"' for b in BENDS)})
and a `scale` for its initial weights (1 = as recommended for that activation), so that in the middle of five draws the
error in the first layer is between **0.1 and 10 times** that in the last.""",
        controls={
            "activation": lambda v: one_of("activation", v, BENDS),
            "scale": lambda v: number("scale", v, 0, 100, above=True),
        },
        run=_ratios,
        reached=lambda ratios: 0.1 <= np.median(ratios) <= 10,
        in_words=_ratio_in_words,
        goal="a ratio between 0.1 and 10",
        solved_by=[{"activation": "relu", "scale": 1.0}, {"activation": "tanh", "scale": 1.1}],
        hints=[
            "Use the live figure with 30 hidden layers; its middle picture tells the factor per layer.",
            "29 steps may change the error tenfold at most: the factor per layer must lie between 0.924 and 1.083.",
            "The recommended scale is a good place to start, for every activation but one.",
        ],
        mistakes=[
            Mistake(
                "sigmoid",
                {"activation": "sigmoid", "scale": 1.0},
                "A sigmoid passes on a quarter at most. Larger weights make up for that only until its units saturate.",
                when=lambda s, ratios: s["activation"] == "sigmoid",
            ),
            Mistake(
                "weights far too large",
                {"activation": "relu", "scale": 2.0},
                "Doubling every weight doubles the error at each of 29 steps: 2 to the power of 29 is half a billion.",
                when=lambda s, ratios: np.median(ratios) > 10 and s["scale"] > 1.5,
            ),
            Mistake(
                "weights far too small",
                {"activation": "relu", "scale": 0.5},
                "Halving every weight halves the error at each of 29 steps: it vanishes, though the slopes are 1.",
                when=lambda s, ratios: np.median(ratios) < 0.1 and s["scale"] < 0.7,
            ),
            Mistake(
                "a little too large",
                {"activation": "relu", "scale": 1.2},
                "Near, but 1.2 to the power of 29 is about 200. In a deep network a fifth too much is too much.",
                when=lambda s, ratios: np.median(ratios) > 10,
            ),
            Mistake(
                "a little too small",
                {"activation": "relu", "scale": 0.85},
                "Near, but a small loss at every one of 29 steps adds up to a large one.",
                when=lambda s, ratios: np.median(ratios) < 0.1,
            ),
        ],
        remember="A deep network is trained in the narrow band where the factor per layer is close to 1.",
    )
)
