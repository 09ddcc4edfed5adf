"""Exercises of notebook 05: batches, updates, one epoch by hand and in code, minima and saddles."""

import numpy as np

from ..gradient_descent import descend_line, line_cost, line_gradient, noisy_line
from .engine import ExerciseSet, Function, Mistake, Number, Option, Prediction

SET = ExerciseSet("05_gradient_descent")


def _after_ten_epochs(batch_size, lr):
    data = noisy_line(64)
    steps = 10 * 64 // batch_size
    path = descend_line(data, batch_size, lr, steps, (-1.0, 2.4), np.random.default_rng(0))
    return steps, float(line_cost(path[-1], data))


predict_walkers = SET.add(
    Prediction(
        name="predict_walkers",
        prompt="""
Three walkers start at the same place with the same learning rate, 0.02. Each may look at the 64 records ten times
(10 epochs). The first looks at all of them before each step, the second at 8, the third at one. Who is lowest at the
end?""",
        options=[
            Option(
                "The first: its direction is exact.",
                "Exact, and rare: 10 epochs are only 10 steps for it, and they are short.",
            ),
            Option(
                "The second: exact enough, and often enough.",
                "A fair guess, and at higher rates it is right. At this low rate it has too few steps, 80.",
            ),
            Option(
                "The third: its steps are crooked, but there are 640 of them.",
                "The same ten looks at the records make 10, 80 or 640 steps; at a low rate their number decides.",
                right=True,
            ),
            Option(
                "All the same: they have seen the same records equally often.",
                "They have, but between two looks the third has already moved, and uses the better place.",
            ),
            Option(
                "The third walks about at random and gets nowhere.",
                "Single records disagree, but on average they point downhill; the errors partly cancel.",
            ),
        ],
        measured=lambda: (
            "Cost after 10 epochs at learning rate 0.02: "
            + ", ".join(
                "{}: {:.2f} ({} steps)".format(name, *_after_ten_epochs(size, 0.02)[::-1])
                for name, size in (("all 64", 64), ("8 of 64", 8), ("one", 1))
            )
            + "."
        ),
        hints=[
            "How many steps does each take in ten epochs?",
            "64 / 64 = 1 step an epoch, 64 / 8 = 8, 64 / 1 = 64.",
            "At a rate this low no step goes far. What matters then?",
        ],
        remember="An epoch of small batches is many steps. At a low rate it is their number that counts.",
    )
)

step_by_hand = SET.add(
    Number(
        name="step_by_hand",
        prompt=r"""
One step of **stochastic** gradient descent. The line has slope $w = {w}$ and offset $b = {b}$. The next record is
$x = {x}$, $y = {y}$; its loss is $(wx + b - y)^2$, the learning rate is {lr}. What is the **slope** after the step?""",
        values={"w": 1.0, "b": 0.5, "x": 3.0, "y": 4.0, "lr": 0.1},
        oracle=lambda w, b, x, y, lr: float(
            (np.array([w, b]) - lr * line_gradient(np.array([w, b]), np.array([[x]]), np.array([[y]])))[0]
        ),
        rtol=1e-3,
        precision="give two decimals",
        working="""
error = {w} * {x} + {b} - {y}        # 3.5 − 4 = −0.5: the line is too low here
slope = 2 * error * {x}           # ∂loss/∂w = 2 · error · x = −3
{w} - {lr} * slope                # 1 − 0.1 · (−3) = 1.3""",
        hints=[
            "First the error, prediction minus target: w·x + b − y.",
            "The chain rule: ∂(error²)/∂w = 2 · error · ∂error/∂w, and ∂error/∂w = x.",
            "The step: w − lr · 2 · error · x. Mind the sign of the error.",
        ],
        mistakes=[
            Mistake(
                "uphill",
                lambda w, b, x, y, lr: w + lr * 2 * (w * x + b - y) * x,
                "That step goes uphill. The gradient points up, so it is taken off: w − lr · gradient.",
            ),
            Mistake(
                "two forgotten",
                lambda w, b, x, y, lr: w - lr * (w * x + b - y) * x,
                "The 2 from the square is missing: the derivative of e² is 2e.",
            ),
            Mistake(
                "x forgotten",
                lambda w, b, x, y, lr: w - lr * 2 * (w * x + b - y),
                "That is the step of the *offset*. The slope is multiplied by x, so its gradient is too.",
            ),
            Mistake(
                "offset forgotten",
                lambda w, b, x, y, lr: w - lr * 2 * (w * x - y) * x,
                "The prediction is w·x + b; the offset is missing in the error.",
            ),
            Mistake(
                "no rate",
                lambda w, b, x, y, lr: w - 2 * (w * x + b - y) * x,
                "The learning rate is missing: the step is lr times the gradient.",
            ),
        ],
        remember="One record: error, times 2, times the input, times the rate, and downhill.",
    )
)

updates = SET.add(
    Function(
        prompt="""
How many **steps** (updates) are there in `epochs` epochs over `n` records in batches of `batch_size`? If the records do
not divide evenly, the last batch of each epoch is a smaller one, and it counts as a step too.""",
        solution_code='''
def updates(n, batch_size, epochs):
    """Number of steps."""
    return epochs * ((n + batch_size - 1) // batch_size)
''',
        oracle=lambda n, batch_size, epochs: sum(len(range(0, n, batch_size)) for _ in range(epochs)),
        inputs=lambda rng: (int(rng.integers(20, 200)), int(rng.integers(2, 19)), int(rng.integers(2, 9))),
        edge_cases=[(100, 25, 1), (100, 30, 1), (100, 30, 3), (64, 64, 10), (64, 1, 2)],
        alternatives=[
            lambda n, batch_size, epochs: int(np.ceil(n / batch_size)) * epochs,
            lambda n, batch_size, epochs: epochs * -(-n // batch_size),
        ],
        hints=[
            "100 records in batches of 25 are 4 steps an epoch. And in batches of 30?",
            "30 + 30 + 30 + 10: four steps. So divide and round *up*.",
            "Rounding up without floats: `-(-n // batch_size)`. Each epoch starts anew, so round before multiplying.",
        ],
        mistakes=[
            Mistake(
                "rounded down",
                lambda n, batch_size, epochs: epochs * (n // batch_size),
                "Rounded down: the smaller last batch of each epoch is lost. (PyTorch does that with drop_last=True.)",
            ),
            Mistake(
                "rounded at the end",
                lambda n, batch_size, epochs: -(-epochs * n // batch_size),
                "Rounded too late: a batch does not reach into the next epoch. Round up per epoch, then multiply.",
            ),
            Mistake(
                "not rounded",
                lambda n, batch_size, epochs: epochs * n / batch_size,
                "A step cannot be taken by a fraction: round up in each epoch.",
            ),
            Mistake(
                "records",
                lambda n, batch_size, epochs: epochs * n,
                "That is how many records are looked at. Each step looks at `batch_size` of them.",
            ),
            Mistake(
                "one epoch",
                lambda n, batch_size, epochs: -(-n // batch_size),
                "That is one epoch. Multiply by the number of epochs.",
            ),
            Mistake(
                "always one more",
                lambda n, batch_size, epochs: epochs * (n // batch_size + 1),
                "When the records divide evenly, no smaller batch is left over: 100 in batches of 25 are 4.",
            ),
        ],
        remember="Steps = epochs · ⌈n / batch size⌉.",
    )
)


def _epoch(theta, x, y, batch_size, lr):
    """One epoch, by the course's own lines."""
    for start in range(0, len(x), batch_size):
        rows = slice(start, start + batch_size)
        theta = theta - lr * line_gradient(theta, x[rows, None], y[rows, None])
    return theta


def _slip(gradient, stay=False, first_only=False):
    """An epoch with a gradient of one's own; `stay` takes every gradient at the start."""

    def one_epoch(theta, x, y, batch_size, lr):
        theta = here = np.asarray(theta, float)
        for start in range(0, len(x), batch_size):
            u, v = x[start : start + batch_size], y[start : start + batch_size]
            at = here if stay else theta
            theta = theta - lr * gradient(at[0] * u + at[1] - v, u)
            if first_only:
                break
        return theta

    return one_epoch


def _right(error, x):
    return np.array([2 * np.mean(error * x), 2 * np.mean(error)])


def _divided_by_batch_size(theta, x, y, batch_size, lr):
    theta = np.asarray(theta, float)
    for start in range(0, len(x), batch_size):
        u, v = x[start : start + batch_size], y[start : start + batch_size]
        e = theta[0] * u + theta[1] - v
        theta = theta - lr * np.array([2 * np.sum(e * u), 2 * np.sum(e)]) / batch_size
    return theta


def _offset_after_slope(theta, x, y, batch_size, lr):
    slope, offset = theta
    for start in range(0, len(x), batch_size):
        u, v = x[start : start + batch_size], y[start : start + batch_size]
        slope = slope - lr * 2 * np.mean((slope * u + offset - v) * u)
        offset = offset - lr * 2 * np.mean(slope * u + offset - v)
    return np.array([slope, offset])


def _whole_batches_only(theta, x, y, batch_size, lr):
    whole = len(x) // batch_size * batch_size
    return _epoch(theta, x[:whole], y[:whole], batch_size, lr)


one_epoch = SET.add(
    Function(
        prompt=r"""
**One epoch of mini-batch gradient descent.** `theta = [slope, offset]`; the records `x` and `y` (both `(n,)`) are
already shuffled. Walk through them in batches of `batch_size`, in the order they have; the last batch may be smaller.
For each batch of $m$ records, with the errors $e_i = \text{slope}\cdot x_i + \text{offset} - y_i$, take one step
down the gradient of its *mean* squared error: $\tfrac{2}{m}\sum e_i x_i$ for the slope, $\tfrac{2}{m}\sum e_i$ for
the offset. Return the new `theta`.""",
        solution_code='''
def one_epoch(theta, x, y, batch_size, lr):
    """The new [slope, offset] after all records were looked at once."""
    for start in range(0, len(x), batch_size):
        u, v = x[start : start + batch_size], y[start : start + batch_size]
        e = theta[0] * u + theta[1] - v
        gradient = np.array([2 * np.mean(e * u), 2 * np.mean(e)])
        theta = theta - lr * gradient
    return theta
''',
        oracle=_epoch,
        inputs=lambda rng: (
            rng.normal(size=2),
            rng.normal(size=(n := int(rng.integers(5, 12)))),
            rng.normal(size=n),
            int(rng.integers(2, 4)),
            0.1,
        ),
        edge_cases=[
            (np.array([0.0, 0.0]), np.array([1.0, 2.0]), np.array([2.0, 3.0]), 2, 0.1),
            (np.array([0.0, 0.0]), np.array([1.0, 2.0]), np.array([2.0, 3.0]), 1, 0.1),
            (np.array([1.0, -1.0]), np.array([1.0, 2.0, -1.0]), np.array([2.0, 3.0, 0.5]), 2, 0.1),
        ],
        alternatives=[
            _slip(_right),
            _slip(lambda e, u: 2 / len(u) * np.stack([u, np.ones_like(u)]) @ e),
        ],
        hints=[
            "`range(0, len(x), batch_size)` gives where a batch starts, `x[start : start + batch_size]` is the batch.",
            "Inside the loop: the errors of this batch with the *present* theta, then the gradient, then the step.",
            "`np.mean(e * u)` divides by the size of this batch, also when the last one is smaller.",
            "`theta = theta - lr * np.array([2 * np.mean(e * u), 2 * np.mean(e)])`.",
        ],
        mistakes=[
            Mistake(
                "sum",
                _slip(lambda e, u: np.array([2 * np.sum(e * u), 2 * np.sum(e)])),
                "This is the sum over the batch, not the mean: a larger batch takes longer steps, and may diverge.",
            ),
            Mistake(
                "two forgotten",
                _slip(lambda e, u: np.array([np.mean(e * u), np.mean(e)])),
                "The 2 from the square is missing: each step is half as long.",
            ),
            Mistake(
                "uphill",
                _slip(lambda e, u: -_right(e, u)),
                "These steps go uphill. Take lr times the gradient *off* theta.",
            ),
            Mistake(
                "gradients at the start",
                _slip(_right, stay=True),
                "All gradients are taken where the epoch began. After each step the errors must be computed anew, "
                "with the theta of this moment.",
            ),
            Mistake(
                "one batch only",
                _slip(_right, first_only=True),
                "Only the first batch was used. Is there a `return` or a `break` inside the loop?",
            ),
            Mistake(
                "all at once",
                lambda theta, x, y, batch_size, lr: _epoch(theta, x, y, len(x), lr),
                "This is one step on all records: batch gradient descent. Take one step per batch.",
            ),
            Mistake(
                "smaller last batch dropped",
                _whole_batches_only,
                "The smaller batch at the end is left out. A slice may reach beyond the end: it just gets shorter.",
            ),
            Mistake(
                "always the full batch size",
                _divided_by_batch_size,
                "Right, but for a smaller last batch: there you divide by `batch_size` too. Divide by the number of "
                "records that are in the batch, as `np.mean` does.",
            ),
            Mistake(
                "offset after the slope",
                _offset_after_slope,
                "The slope has moved already when you work out the offset's gradient. Both belong to the same place: "
                "compute both, then move both.",
            ),
            Mistake(
                "slope's gradient twice",
                _slip(lambda e, u: 2 * np.mean(e * u) * np.ones(2)),
                "The offset got the slope's gradient. It is not multiplied by x, so its gradient has no x.",
            ),
        ],
        remember="Batch, mini-batch and stochastic are one loop; only the length of the slice differs.",
    )
)

kind_of_point = SET.add(
    Function(
        prompt=r"""
A point where the gradient is 0 can be a **minimum**, a **maximum** or a **saddle**. The matrix of second derivatives,
`H` (symmetric, `(n, n)`), tells: its eigenvalues are the curvatures along the n main directions. Return `"minimum"` if
all are positive, `"maximum"` if all are negative, `"saddle"` if there are both. (None is 0 here.)""",
        solution_code='''
def kind_of_point(H):
    """One of "minimum", "maximum", "saddle"."""
    curvatures = np.linalg.eigvalsh(H)
    if (curvatures > 0).all():
        return "minimum"
    return "maximum" if (curvatures < 0).all() else "saddle"
''',
        oracle=lambda H: _by_pivots(np.array(H, float)),
        inputs=lambda rng: (_drawn_curvatures(rng),),
        edge_cases=[
            (np.array([[1.0, 0.0], [0.0, 3.0]]),),
            (np.array([[1.0, 0.0], [0.0, -1.0]]),),
            (np.array([[-2.0, 0.0], [0.0, -1.0]]),),
            (np.array([[1.0, 2.0], [2.0, 1.0]]),),
            (np.array([[1.0, 2.0], [2.0, 1.5]]),),
            (np.diag([1.0, -2.0, -3.0]),),
            (np.diag([-1.0, -1.0, -1.0]),),
        ],
        alternatives=[
            lambda H: {len(H): "minimum", -len(H): "maximum"}.get(int(np.sign(np.linalg.eigvalsh(H)).sum()), "saddle"),
            lambda H: _by_pivots(np.array(H, float)),
        ],
        hints=[
            "`np.linalg.eigvalsh(H)` gives the eigenvalues of a symmetric matrix.",
            "`(e > 0).all()` asks whether all of them are positive.",
            "Two questions, three answers: all above 0? all below 0? Else there are both.",
        ],
        mistakes=[
            Mistake(
                "diagonal only",
                lambda H: _named(np.diag(H)),
                "You looked at the diagonal: the curvatures along the axes. A surface can rise along both axes and "
                "fall in between, as [[1, 2], [2, 1]] does. Take the eigenvalues.",
            ),
            Mistake(
                "determinant",
                lambda H: "saddle" if np.linalg.det(H) < 0 else "minimum" if H[0, 0] > 0 else "maximum",
                "The test by the determinant is one for two directions. With three, two negative eigenvalues make a "
                "positive product, and −1·−1·−1 a negative one.",
            ),
            Mistake(
                "trace",
                lambda H: "minimum" if np.trace(H) > 0 else "maximum",
                "The trace is the *sum* of the curvatures. One large positive can hide a negative one.",
            ),
            Mistake(
                "any instead of all",
                lambda H: "minimum" if (np.linalg.eigvalsh(H) > 0).any() else "maximum",
                "One direction that rises does not make a minimum: all must. With both kinds it is a saddle.",
            ),
            Mistake(
                "minimum and maximum swapped",
                lambda H: {"minimum": "maximum", "maximum": "minimum"}.get(k := _named(np.linalg.eigvalsh(H)), k),
                "Swapped: positive curvature bends upwards, so the point is the lowest one around: a minimum.",
            ),
        ],
        remember="Gradient 0 is not yet a minimum: one direction that falls makes it a saddle.",
    )
)


def _named(curvatures):
    if min(curvatures) > 0:
        return "minimum"
    return "maximum" if max(curvatures) < 0 else "saddle"


def _by_pivots(H):
    """By Sylvester's law: the pivots of an elimination have the signs of the eigenvalues."""
    pivots = []
    while len(H):
        if not H[0, 0]:
            return "saddle"  # flat along one axis, and none of the eigenvalues is 0
        pivots.append(H[0, 0])
        H = H[1:, 1:] - np.outer(H[1:, 0], H[0, 1:]) / H[0, 0]
    return _named(pivots)


def _drawn_curvatures(rng):
    """A symmetric matrix of one of the three kinds, turned at random."""
    n = int(rng.integers(2, 5))
    sizes = rng.uniform(0.5, 3, n)
    signs = (np.ones(n), -np.ones(n), np.where(np.arange(n) < max(1, n // 2), -1, 1))[int(rng.integers(3))]
    turn = np.linalg.qr(rng.normal(size=(n, n)))[0]
    H = turn @ np.diag(sizes * signs) @ turn.T
    return (H + H.T) / 2
