"""Exercises of notebook 02: activations, their slopes, and what a small slope means."""

import math

import numpy as np

from .. import activations as right
from .engine import Choice, ExerciseSet, Function, Mistake, Number, Option, Prediction

SET = ExerciseSet("02_activation_functions")


def _some(rng, spread=2.0):
    """Pre-activations of a small batch, whose shape is another every time."""
    return rng.normal(0, spread, (rng.integers(2, 4), rng.integers(2, 5)))


predict_largest_slope = SET.add(
    Prediction(
        name="predict_largest_slope",
        prompt="""
The sigmoid takes z to a number between 0 and 1. On the way back, the error that arrives at such a unit is multiplied by
the **slope** of the sigmoid at z. How large can that slope be at most?""",
        options=[
            Option("1: where it is steepest, it hands the error on whole.", "tanh does. The sigmoid is less steep."),
            Option("1/2, its value in the middle.", "1/2 is the *value* at z = 0. The slope there is s·(1 − s)."),
            Option(
                "1/4: even at its best, three quarters of the error are lost.",
                "s·(1 − s) is largest where s = 1/2: a quarter. Through ten such layers that is less than a millionth.",
                right=True,
            ),
            Option("There is no limit: it depends on z.", "It does, but nowhere is the curve steeper than at z = 0."),
            Option("It is 0 nearly everywhere.", "Far out it is nearly 0. Asked for is the largest."),
        ],
        measured=lambda: (
            f"Largest slope, z from −8 to 8: {right.d_sigmoid(np.linspace(-8, 8, 1601)).max():.4g} for the sigmoid, "
            f"{right.d_tanh(np.linspace(-8, 8, 1601)).max():.4g} for tanh."
        ),
        hints=[
            "The slope of the sigmoid can be written with its value s alone.",
            "It is s·(1 − s). For which s between 0 and 1 is that product largest?",
            "A product of two numbers that add up to 1 is largest when they are equal.",
        ],
        remember="The sigmoid passes on a quarter of the error at most; tanh and the ReLU family can pass on it all.",
    )
)

leaky_relu = SET.add(
    Function(
        prompt=r"""
Write **leaky ReLU**: $z$ where $z > 0$, and $a \cdot z$ where $z \le 0$.
`z` is an array of any shape; give back an array of the same shape.""",
        solution_code='''
def leaky_relu(z, a=0.01):
    """Leaky ReLU of every entry of z."""
    return np.where(z > 0, z, a * z)
''',
        oracle=right.leaky_relu,
        inputs=lambda rng: (_some(rng), rng.uniform(0.02, 0.6)),
        edge_cases=[
            (np.array([-2.0, -0.5, 0.0, 3.0]), 0.1),
            (np.array([-4, -1, 0, 2]), 0.25),
            (np.array([-1.0, 1.0]), 0.01),
        ],
        alternatives=[
            lambda z, a=0.01: np.maximum(z, 0) + a * np.minimum(z, 0),
            lambda z, a=0.01: z * ((z > 0) + a * (z <= 0)),
        ],
        hints=[
            "Two rules, and each entry of `z` needs one of them. Which numpy function chooses entry by entry?",
            "`np.where(condition, x, y)` takes from `x` where the condition holds, and from `y` elsewhere.",
            "The condition is `z > 0`. Above zero you want `z` itself; below, `z` multiplied by `a`.",
            "`return np.where(z > 0, z, …)`: only the last argument is missing.",
        ],
        mistakes=[
            Mistake(
                "no leak",
                lambda z, a=0.01: np.maximum(z, 0),
                "This is the plain ReLU: below zero it gives 0, so the slope there is 0 and a "
                "unit that lands there stops learning. The leak `a * z` is what keeps it alive.",
            ),
            Mistake(
                "slope instead of value",
                lambda z, a=0.01: np.where(z > 0, z, a),
                "Below zero you give `a`, which is the slope. The value is the slope times `z`: `a * z`.",
            ),
            Mistake(
                "derivative",
                lambda z, a=0.01: np.where(z > 0, 1.0, a),
                "This is the derivative of leaky ReLU, 1 above zero and `a` below. The function itself is asked for.",
            ),
            Mistake(
                "sides exchanged",
                lambda z, a=0.01: np.where(z > 0, a * z, z),
                "The two sides are exchanged: you shrink the positive inputs and let the "
                "negative ones through. In `np.where(condition, x, y)` the first value belongs "
                "to the condition being true.",
            ),
            Mistake(
                "leak turned up",
                lambda z, a=0.01: np.where(z > 0, z, -a * z),
                "Below zero your leak has the wrong sign. `a * z` is already negative there, "
                "since `z` is; your function bends back up.",
            ),
            Mistake(
                "a ignored",
                lambda z, a=0.01: np.where(z > 0, z, 0.01 * z),
                "The slope is 0.01 whatever `a` says. 0.01 is only its default; use the argument `a`.",
            ),
        ],
        remember="Below zero the slope is small but not zero: gradients still pass.",
    )
)


def _naive_sigmoid(z):
    return 1 / (1 + np.exp(-z))


d_sigmoid = SET.add(
    Function(
        prompt=r"""
Write the **slope of the sigmoid**, $\sigma'(z)$, as a function of the pre-activation $z$,
where $\sigma(z) = 1 / (1 + e^{-z})$. It must also be right at $z = \pm 800$.""",
        solution_code='''
def d_sigmoid(z):
    """The slope of the sigmoid at z."""
    s = 1 / (1 + np.exp(-z))
    return s * (1 - s)
''',
        oracle=right.d_sigmoid,
        inputs=lambda rng: (_some(rng, 3.0),),
        edge_cases=[
            (np.array([0.0, 1.0, -1.0]),),
            (np.array([-5, 0, 4]),),
            (np.array([-800.0, 0.0, 800.0]),),
        ],
        alternatives=[
            lambda z: np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))) ** 2,
            lambda z: (1 - np.tanh(z / 2) ** 2) / 4,
        ],
        hints=[
            "The slope can be written with σ itself, so compute `s = σ(z)` first.",
            "Differentiate 1/(1 + e⁻ᶻ): you get e⁻ᶻ/(1 + e⁻ᶻ)². One factor 1/(1 + e⁻ᶻ) is σ.",
            "The other factor, e⁻ᶻ/(1 + e⁻ᶻ), is 1 − σ. So the slope is their product.",
            "`s = 1 / (1 + np.exp(-z))`, and then `return s * (…)`.",
        ],
        mistakes=[
            Mistake(
                "value",
                _naive_sigmoid,
                "This is σ itself. Its slope is asked for: how fast σ rises at `z`, at most ¼.",
            ),
            Mistake(
                "z for s",
                lambda z: z * (1 - z),
                "σ' = s·(1 − s) holds for s = σ(z), the output. You put the pre-activation `z` "
                "where `s` belongs: apply σ first.",
            ),
            Mistake(
                "sigmoid twice",
                lambda z: _naive_sigmoid(_naive_sigmoid(z)) * (1 - _naive_sigmoid(_naive_sigmoid(z))),
                "σ is applied twice: the slope is taken at σ(z) and not at `z`.",
            ),
            Mistake(
                "squared",
                lambda z: _naive_sigmoid(z) ** 2,
                "s² is not s·(1 − s): the second factor is 1 − s, which makes the slope symmetric around 0.",
            ),
            Mistake(
                "tanh's slope",
                lambda z: 1 - _naive_sigmoid(z) ** 2,
                "1 − s² is the rule for tanh. For the sigmoid it is s·(1 − s).",
            ),
            Mistake(
                "square forgotten",
                lambda z: 1 / (1 + np.exp(z)),
                "This is 1 − σ(z) = e⁻ᶻ/(1 + e⁻ᶻ). In the slope the bracket is squared: a factor σ(z) is missing.",
            ),
            Mistake(
                "overflow",
                lambda z: np.exp(-z) / (1 + np.exp(-z)) ** 2,
                "The formula is right, the floats are not: at z = −800, e⁸⁰⁰ is `inf`, and `inf "
                "/ inf` is `nan`. The form s·(1 − s) has no such quotient.",
            ),
        ],
        remember="It is largest, ¼, at z = 0, and tiny far out; that is what saturation means.",
    )
)


def _softmax_along(axis):
    def softmax(z):
        e = np.exp(z - np.max(z, axis=axis, keepdims=True))
        return e / np.sum(e, axis=axis, keepdims=True)

    return softmax


def _softmax_shifted_by(largest):
    def softmax(z):
        e = np.exp(z - largest(z))
        return e / np.sum(e, axis=-1, keepdims=True)

    return softmax


def _softmax_rows(rng):
    records = rng.integers(2, 5)
    return (rng.normal(0, 2, (records, records + rng.integers(1, 3))),)


softmax = SET.add(
    Function(
        prompt=r"""
Write **softmax** for a batch: `z` has one record per row, and in each row the output is
$e^{z_i} / \sum_j e^{z_j}$. It must also be right for entries such as 1000 or −1000.""",
        solution_code='''
def softmax(z):
    """Softmax of every row of z."""
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
''',
        oracle=right.softmax,
        inputs=_softmax_rows,
        edge_cases=[
            (np.array([[1.0, 2.0, 3.0], [0.0, 0.0, 5.0]]),),
            (np.array([[1000.0, 1001.0, 999.0], [-1000.0, -1001.0, -999.0]]),),
            (np.array([[0, 1, 2, 3], [2, 2, 2, 2]]),),
        ],
        alternatives=[
            lambda z: np.stack([np.exp(r - max(r)) / sum(np.exp(r - max(r))) for r in z]),
            lambda z: np.exp(z - np.logaddexp.reduce(z, axis=1)[:, None]),
        ],
        hints=[
            "First the formula, then the overflow. `np.exp(z)` gives every numerator at once.",
            "The sum runs along a row, so `axis=-1`; with `keepdims=True` the result keeps the "
            "shape (n, 1) and divides row by row.",
            "Taking the same number off a whole row changes nothing: it cancels in the "
            "quotient. Take off the largest, and no exponent is above 0.",
            "`e = np.exp(z - z.max(axis=-1, keepdims=True))`, and then divide `e` by its sum in the same manner.",
        ],
        mistakes=[
            Mistake(
                "overflow",
                _softmax_shifted_by(lambda z: 0),
                "Right for small numbers, but e¹⁰⁰⁰ is `inf` and `inf / inf` is `nan`; and with "
                "all entries near −1000 it is 0/0. Take the largest entry of the row off before "
                "`np.exp`.",
            ),
            Mistake(
                "whole batch, and overflow",
                lambda z: np.exp(z) / np.exp(z).sum(),
                "First: all entries of the batch add up to 1, and each row must, so the sum needs `axis=-1, "
                "keepdims=True`. Then: e¹⁰⁰⁰ is `inf`; take the largest entry of the row off before `np.exp`.",
            ),
            Mistake(
                "columns, and overflow",
                lambda z: np.exp(z) / np.exp(z).sum(axis=0),
                "First: the sum ran down the batch (`axis=0`) and mixed records; one record is one row, `axis=-1`. "
                "Then: e¹⁰⁰⁰ is `inf`; take the largest entry of the row off before `np.exp`.",
            ),
            Mistake(
                "largest of the whole batch",
                _softmax_shifted_by(np.max),
                "You take off the largest entry of the whole batch. A row far below it becomes "
                "all zeros, and 0/0 is `nan`. Each row needs its own: `axis=-1, keepdims=True`.",
            ),
            Mistake(
                "columns",
                _softmax_along(0),
                "The columns add up to 1, the rows do not: the sum ran down the batch "
                "(`axis=0`) and mixed records. One record is one row: `axis=-1`.",
            ),
            Mistake(
                "whole batch",
                _softmax_along(None),
                "All entries of the batch add up to 1. Each row must: the sum needs `axis=-1`.",
            ),
            Mistake(
                "no keepdims",
                lambda z: np.exp(z - z.max(axis=-1)),
                "The sum (or maximum) of the rows has shape (n,), and numpy lines it up with "
                "the columns. With `keepdims=True` it stays (n, 1), one number per row.",
            ),
            Mistake(
                "not divided",
                lambda z: np.exp(z - z.max(axis=-1, keepdims=True)),
                "These are the numerators. Divide each row by its sum, so that it adds up to 1.",
            ),
            Mistake(
                "divided without exponential",
                lambda z: z / z.sum(axis=-1, keepdims=True),
                "The rows add up to 1, but `np.exp` is missing: with negative entries some shares would be negative.",
            ),
        ],
        remember="Taking off the largest entry changes no output, only the overflow.",
    )
)

d_elu = SET.add(
    Function(
        prompt=r"""
Write the **slope of ELU**. ELU is $z$ where $z > 0$, and $\alpha (e^z - 1)$ where $z \le 0$.
`z` is an array of any shape.""",
        solution_code='''
def d_elu(z, alpha=1.0):
    """The slope of ELU at z."""
    return np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0)))
''',
        oracle=right.d_elu,
        inputs=lambda rng: (_some(rng), rng.uniform(0.3, 2.5)),
        edge_cases=[
            (np.array([-2.0, -0.5, 0.5, 3.0]), 0.5),
            (np.array([-1, 2]), 1.5),
            (np.array([-800.0, 0.0, 800.0]), 2.0),
        ],
        alternatives=[
            lambda z, alpha=1.0: np.where(z > 0, 1.0, right.elu(z, alpha) + alpha),
            lambda z, alpha=1.0: (z > 0) + (z <= 0) * alpha * np.exp(-np.maximum(-z, 0)),
        ],
        hints=[
            "Differentiate each of the two rules by itself.",
            "Above zero ELU is the line z: its slope is 1. Below, α and −1 are constants.",
            "A constant factor stays, a constant term goes: the derivative of α(eᶻ − 1) is α·eᶻ.",
            "`return np.where(z > 0, 1.0, …)`: the last argument is α·eᶻ in numpy.",
        ],
        mistakes=[
            Mistake(
                "value below zero",
                lambda z, alpha=1.0: np.where(z > 0, 1.0, alpha * np.expm1(np.minimum(z, 0))),
                "Below zero you kept the −1, so this is ELU's value there. The −1 is a "
                "constant: it goes when you differentiate.",
            ),
            Mistake(
                "value",
                right.elu,
                "This is ELU itself. Its slope is asked for.",
            ),
            Mistake(
                "alpha forgotten",
                lambda z, alpha=1.0: np.where(z > 0, 1.0, np.exp(np.minimum(z, 0))),
                "α is missing: it is a constant factor, and it stays when you differentiate.",
            ),
            Mistake(
                "ReLU's slope",
                lambda z, alpha=1.0: np.where(z > 0, 1.0, 0.0),
                "Below zero you give 0, as for ReLU. ELU goes on falling there, with slope "
                "α·eᶻ: that is why its units do not die.",
            ),
            Mistake(
                "leaky ReLU's slope",
                lambda z, alpha=1.0: np.where(z > 0, 1.0, alpha),
                "Below zero you give the constant α, which is leaky ReLU's slope. ELU flattens "
                "out: its slope is α·eᶻ and fades towards −∞.",
            ),
            Mistake(
                "z for 1",
                lambda z, alpha=1.0: np.where(z > 0, z, alpha * np.exp(np.minimum(z, 0))),
                "Above zero you give `z`, the value. The slope of the line z is 1.",
            ),
        ],
        remember="For α = 1 both sides meet at slope 1, so ELU has no kink at zero.",
    )
)

sigmoid_slope_at_ten = SET.add(
    Number(
        name="sigmoid_slope_at_ten",
        prompt=r"""
How large is $\sigma'({z})$, the slope of the sigmoid at $z = {z}$? Not "about 0":
a number, to two significant digits.""",
        values={"z": 10.0},
        oracle=lambda z: float(right.d_sigmoid(z)),
        precision="two significant digits are enough here",
        working="""
e = np.exp(-{z})         # 4.54e-05
s = 1 / (1 + e)          # 0.9999546
s * (1 - s)              # 4.54e-05""",
        hints=[
            "σ'(z) = σ(z)·(1 − σ(z)). How far is σ(10) from 1?",
            "1 − σ(z) = e⁻ᶻ / (1 + e⁻ᶻ), and e⁻¹⁰ = 0.0000454.",
            "σ(10) is nearly 1, so the slope is nearly 1 − σ(10), which is nearly e⁻¹⁰.",
        ],
        mistakes=[
            Mistake(
                "zero",
                0.0,
                "Small, but not zero: rounded to four decimals it prints as 0.0000, and that is "
                "where this claim comes from. The weight still moves, about 5,500 times more "
                "slowly than at z = 0.",
            ),
            Mistake(
                "value",
                lambda z: float(right.sigmoid(z)),
                "This is σ(10), the value, close to 1. The slope is asked for.",
            ),
            Mistake(
                "z for s",
                lambda z: z * (1 - z),
                "In s·(1 − s), s is the output σ(10), not the input 10. A slope of the sigmoid lies between 0 and ¼.",
            ),
            Mistake(
                "the peak",
                0.25,
                "¼ is the largest slope, at z = 0. At z = 10 the curve is almost flat.",
            ),
            Mistake(
                "wrong sign in the exponent",
                lambda z: math.exp(z),
                "This is e¹⁰. In the sigmoid stands e⁻ᶻ, which is tiny at z = 10. A slope of "
                "the sigmoid is never above ¼.",
            ),
            Mistake(
                "percent",
                lambda z: 100 * float(right.d_sigmoid(z)),
                "This is the slope in percent. Give the plain number, a hundred times smaller.",
            ),
        ],
        remember="4.54e-05, not 0: a saturated unit learns slowly, it is not dead.",
    )
)

zero_output = SET.add(
    Choice(
        name="zero_output",
        prompt="""
A tanh unit has the pre-activation z = 0, so its output is 0. What follows for the next
gradient step?""",
        options=[
            Option(
                "No weight of the network can change, because the output is 0.",
                "The chain rule multiplies slopes, and tanh'(0) = 1. The output 0 enters the "
                "gradient of those weights only that read it.",
                name="nothing learns",
            ),
            Option(
                "The unit's own weights cannot change, because the slope of tanh at 0 is 0.",
                "The value tanh(0) is 0; the slope is 1 − tanh(0)² = 1, the largest it ever is.",
                name="slope taken for value",
            ),
            Option(
                "The weights that read this output get the gradient 0 from this record; the "
                "unit's own weights get the strongest signal tanh can pass.",
                "∂L/∂w of a weight that reads the output contains that output, which is 0; the "
                "unit's own weights are reached through tanh'(0) = 1.",
                right=True,
            ),
            Option(
                "The unit is dead for good, as a ReLU unit with z < 0 for all records is.",
                "A dead ReLU unit has the slope 0 for every record. Here the slope is 1, and "
                "another record gives another z.",
                name="dead unit",
            ),
            Option(
                "Everything doubles, because the slope of tanh at 0 is 2.",
                "tanh'(0) = 1 − tanh(0)² = 1. It is the largest slope of tanh, but it doubles nothing.",
                name="slope 2",
            ),
        ],
        hints=[
            "Keep two numbers apart: the value tanh(0), and the slope tanh'(0).",
            "tanh' = 1 − tanh². What is that at z = 0?",
            "A weight's gradient is what the weight reads, times what comes back to the unit it "
            "feeds. The output 0 is read by the next layer's weights only.",
        ],
    )
)
