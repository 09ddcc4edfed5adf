"""Exercises of notebook 06: how far a step goes, when it goes too far, finding a rate."""

import math

import numpy as np

from .. import quadratic
from ..checks import number, whole
from ..datasets import circles
from ..training import Settings, train
from .engine import (
    ExerciseSet,
    Function,
    Mistake,
    Number,
    Option,
    Prediction,
    Setting,
)

SET = ExerciseSet("06_learning_rate")

predict_ten = SET.add(
    Prediction(
        name="predict_ten",
        prompt=r"""
Gradient descent on the parabola $L = \frac12 w^2$ starts at $w = 1$ with `lr = 10`.
What happens?""",
        options=[
            Option(
                "It takes big jumps, so it arrives sooner than with lr = 0.1.",
                "Big jumps help only while they land nearer: here each lands nine times as far away.",
            ),
            Option(
                "It zig-zags across the valley and comes nearer each time.",
                "It does change sides, but a zig-zag comes nearer only for rates between 1/c and 2/c, here 1 and 2.",
            ),
            Option(
                "It jumps between two points for ever.",
                "That is what exactly 2/c does. Beyond it every jump is longer than the last.",
            ),
            Option(
                "Every step lands farther away than the one before.",
                "So it is: the slope grows with the distance, and the step grows with the slope.",
                right=True,
            ),
            Option(
                "It does not move at all.",
                "Standing still would need the slope 0, and at w = 1 the slope is 1.",
            ),
        ],
        measured=lambda: (
            "One step takes w = 1 to 1 − 10·1 = −9; five steps: "
            + ", ".join(f"{w:g}" for w in _path(1.0, 10.0, 1.0, 5))
            + "."
        ),
        hints=[
            "The slope of ½w² at w = 1 is 1. How long is the first step?",
            "lr · slope = 10: from 1 to −9. What is the slope there?",
            "Each step multiplies w by 1 − lr = −9.",
        ],
        remember="On a parabola of curvature c, each step multiplies w by 1 − lr·c.",
    )
)

one_step = SET.add(
    Number(
        name="one_step",
        prompt=r"""
$L(w) = \frac12 c\,w^2$ with $c = {c}$. You stand at $w = {w}$ and take one step of gradient
descent with `lr = {lr}`. Where do you stand then?""",
        values={"w": 0.5, "lr": 0.01, "c": 3.0},
        oracle=lambda w, lr, c: w * (1 - lr * c),
        rtol=1e-3,
        precision="give three decimals",
        working="""
slope = {c} * {w}          # ∂L/∂w = c·w = 1.5
{w} - {lr} * slope        # the step is 0.01 · 1.5 = 0.015, so 0.485""",
        hints=[
            "First the slope ∂L/∂w: what is the derivative of ½·c·w²?",
            "The slope is c·w = 3 · 0.5 = 1.5. The step is the rate times the slope.",
            "The step is 0.01 · 1.5 = 0.015, and it goes downhill: take it off.",
        ],
        mistakes=[
            Mistake(
                "uphill",
                lambda w, lr, c: w + lr * c * w,
                "You went uphill. The slope points to where L rises; the step is taken off: w − lr·slope.",
            ),
            Mistake(
                "the step alone",
                lambda w, lr, c: lr * c * w,
                "0.015 is the length of the step. Where do you stand after it?",
            ),
            Mistake(
                "rate forgotten",
                lambda w, lr, c: w - c * w,
                "You took off the whole slope, as if lr were 1. The step is only 0.01 of it.",
            ),
            Mistake(
                "curvature forgotten",
                lambda w, lr, c: w - lr * w,
                "The slope of ½·c·w² is c·w = 1.5, not w: the curvature is missing.",
            ),
            Mistake(
                "loss for slope",
                lambda w, lr, c: w - lr * c * w * w / 2,
                "You multiplied the rate by the loss ½·c·w². The step follows the slope, c·w.",
            ),
            Mistake(
                "factor 2 too many",
                lambda w, lr, c: w - lr * 2 * c * w,
                "Your slope is twice as large. The ½ in the loss is there to cancel the 2 of the derivative.",
            ),
        ],
        remember="A slope of 1.5 and a rate of 0.01 move the weight by 0.015.",
    )
)


def _path(w, lr, c, steps):
    """Where gradient descent on ½cw² is after 0, 1, … steps: each multiplies w by 1 - lr·c."""
    return [w * (1 - lr * c) ** k for k in range(steps + 1)]


def _walk(slope, back=lambda path, w: path):
    """A descent whose step is lr·slope(w, c, start), for the mistakes below."""

    def descend(w, lr, c, steps):
        start, path = w, [w]
        for _ in range(steps):
            w = w - lr * slope(w, c, start)
            path.append(w)
        return back(path, w)

    return descend


descend = SET.add(
    Function(
        prompt=r"""
Write **gradient descent** on $L(w) = \frac12 c\,w^2$. Start at `w`, take `steps` steps, and give
back the list of all places: the start first, so `steps + 1` numbers.""",
        solution_code='''
def descend(w, lr, c, steps):
    """All places on the way down, the start first."""
    path = [w]
    for _ in range(steps):
        w = w - lr * c * w
        path.append(w)
    return path
''',
        oracle=_path,
        inputs=lambda rng: (
            rng.uniform(-3, 3),
            (lr := rng.uniform(0.05, 0.5)),
            rng.uniform(0.2, 2.4) / lr,
            int(rng.integers(3, 7)),
        ),
        edge_cases=[
            (1.0, 0.1, 2.0, 3),
            (-2.0, 0.25, 4.0, 4),
            (1.5, 0.3, 2.0, 0),
            (2.0, 0.5, 3.0, 1),
        ],
        alternatives=[
            lambda w, lr, c, steps: w * np.cumprod([1.0] + [1 - lr * c] * steps),
            lambda w, lr, c, steps: np.array([(1 - c * lr) ** k * w for k in range(steps + 1)]),
        ],
        hints=[
            "Start with `path = [w]`, and let a loop append one place per step.",
            "In each step the slope is that of the place where you are now: c·w.",
            "The new place is `w - lr * c * w`; `w` itself must become it before the next step.",
            "`for _ in range(steps):`, in it `w = w - lr * c * w` and `path.append(w)`; at the end `return path`.",
        ],
        mistakes=[
            Mistake(
                "uphill",
                _walk(lambda w, c, start: -c * w),
                "It climbs: the step is added. Downhill is against the slope, so take `lr * c * w` off.",
            ),
            Mistake(
                "slope of the start",
                _walk(lambda w, c, start: c * start),
                "The slope is taken once, at the start, and used for every step. It changes as "
                "you move: compute `c * w` anew inside the loop.",
            ),
            Mistake(
                "curvature forgotten",
                _walk(lambda w, c, start: w),
                "The slope of ½·c·w² is c·w; the curvature `c` is missing.",
            ),
            Mistake(
                "factor 2 too many",
                _walk(lambda w, c, start: 2 * c * w),
                "Every step is twice as long as it should be: the ½ in the loss cancels the 2 "
                "of the derivative, so the slope is c·w.",
            ),
            Mistake(
                "start left out",
                _walk(lambda w, c, start: c * w, lambda path, w: path[1:]),
                "The place you start from is missing: put it in the list before the loop, `path = [w]`.",
            ),
            Mistake(
                "last step left out",
                _walk(lambda w, c, start: c * w, lambda path, w: path[:-1] or path),
                "The last place is missing: `append` must come after the step, or the loop ends one early.",
            ),
            Mistake(
                "only the end",
                _walk(lambda w, c, start: c * w, lambda path, w: w),
                "Only the last place is given back. The whole list is asked for: append each "
                "place, and return the list.",
            ),
        ],
        remember="Every place is the one before times 1 − lr·c: that number decides everything.",
    )
)

largest_stable_rate = SET.add(
    Function(
        prompt=r"""
A loss has a valley in several directions, with the curvatures `c` (an array of positive numbers).
In each direction a step multiplies the distance by $1 - \mathrm{lr}\cdot c_i$. Write the function
that gives the **limit of the rate**: below it, the distance shrinks in every direction.""",
        solution_code='''
def largest_stable_rate(c):
    """The limit of the learning rate in a valley with curvatures c."""
    return 2 / np.max(c)
''',
        oracle=lambda c: min(2 / float(one) for one in c),
        inputs=lambda rng: (rng.uniform(0.2, 40, rng.integers(2, 6)),),
        edge_cases=[(np.array([4.0, 1.0]),), (np.array([1, 10, 100]),), (np.array([0.5]),)],
        alternatives=[
            lambda c: 2.0 / sorted(c)[-1],
            lambda c: (2 / c).min(),
        ],
        hints=[
            "The distance shrinks while |1 − lr·c| < 1. For which lr is that so, with one c?",
            "1 − lr·c must stay above −1, so lr·c must stay below 2: lr < 2/c.",
            "Every direction has its own limit 2/c. All must hold, so the smallest limit "
            "counts: that of the steepest direction.",
            "`return 2 / …`, and the dots are the largest curvature.",
        ],
        mistakes=[
            Mistake(
                "fastest, not largest",
                lambda c: 1 / np.max(c),
                "1/c is the rate that reaches the bottom in one step. Beyond it the path "
                "zig-zags, but it still comes nearer, up to 2/c.",
            ),
            Mistake(
                "flattest direction",
                lambda c: 2 / np.min(c),
                "This is the limit of the flattest direction. At that rate the steepest one has "
                "long diverged: the largest curvature sets the limit.",
            ),
            Mistake(
                "average direction",
                lambda c: 2 / np.mean(c),
                "The average curvature protects no direction: those steeper than the average diverge.",
            ),
            Mistake(
                "sum",
                lambda c: 2 / np.sum(c),
                "The directions do not add up: each has its own limit 2/c, and the smallest counts.",
            ),
            Mistake(
                "one limit per direction",
                lambda c: 2 / c,
                "This is the limit of each direction. One rate serves them all, so give the smallest.",
            ),
            Mistake(
                "upside down",
                lambda c: np.max(c) / 2,
                "Upside down: the steeper the valley, the smaller the rate it bears.",
            ),
        ],
        remember="The steepest direction sets the limit 2/c; the flattest one then has to wait.",
    )
)


def _regimes(monotone, arriving):
    """Names a regime by two tests on (lr, c)."""

    def name_regime(lr, c):
        if monotone(lr, c):
            return "monotone"
        return "zig-zag" if arriving(lr, c) else "diverging"

    return name_regime


name_regime = SET.add(
    Function(
        prompt=r"""
On $L = \frac12 c\,w^2$ a step multiplies $w$ by $1 - \mathrm{lr}\cdot c$. Write the function that
names what becomes of it: `"monotone"` if $w$ goes to 0 without changing sides (0 in one step
counts), `"zig-zag"` if it changes sides and comes nearer, `"diverging"` if it comes no nearer.""",
        solution_code='''
def name_regime(lr, c):
    """What gradient descent with rate lr does in a valley of curvature c."""
    if lr * c <= 1:
        return "monotone"
    if lr * c < 2:
        return "zig-zag"
    return "diverging"
''',
        oracle=lambda lr, c: quadratic.regime(lr, c, steps=1000),
        inputs=lambda rng: (
            (rng.integers(3) + rng.uniform(0.1, 0.9)) / (c := rng.uniform(0.2, 10)),
            c,
        ),
        edge_cases=[
            (0.25, 2.0),
            (0.75, 2.0),
            (10.0, 0.05),
            (0.001, 3000.0),
            (1.0, 1.0),
            (2.0, 1.0),
            (10.0, 1.0),
        ],
        alternatives=[
            lambda lr, c: "monotone" if lr <= 1 / c else "zig-zag" if lr < 2 / c else "diverging",
            lambda lr, c: ["monotone", "zig-zag", "diverging"][int(lr * c > 1) + int(lr * c >= 2)],
        ],
        hints=[
            "Only the product lr·c matters. For which products is 1 − lr·c positive, negative, below −1?",
            "1 − lr·c ≥ 0 means lr·c ≤ 1: no change of sides. Below −1 the distance grows.",
            "So the borders of lr·c are 1 and 2; at exactly 2 it jumps between two points for ever.",
            "`if lr * c <= 1:` is the first branch, `if lr * c < 2:` the second.",
        ],
        mistakes=[
            Mistake(
                "rate alone",
                _regimes(lambda lr, c: lr <= 1, lambda lr, c: lr < 2),
                "You judge the rate alone. 0.001 is too large in a valley of curvature 3000, "
                "and 10 is fine at curvature 0.05: only the product lr·c counts.",
            ),
            Mistake(
                "zig-zag forgotten",
                _regimes(lambda lr, c: lr * c < 2, lambda lr, c: False),
                "Between 1/c and 2/c it does arrive, but it changes sides at every step, since "
                "1 − lr·c is negative: that is the zig-zag.",
            ),
            Mistake(
                "zig-zag taken for divergence",
                _regimes(lambda lr, c: lr * c <= 1, lambda lr, c: False),
                "Changing sides is not diverging: below lr·c = 2 every place is nearer than the one before.",
            ),
            Mistake(
                "jumping for ever",
                _regimes(lambda lr, c: lr * c <= 1, lambda lr, c: lr * c <= 2),
                "At exactly lr·c = 2 the factor is −1: it jumps between two points and comes no nearer.",
            ),
            Mistake(
                "one step",
                _regimes(lambda lr, c: lr * c < 1, lambda lr, c: lr * c < 2),
                "At exactly lr·c = 1 the factor is 0: it reaches 0 in one step, without changing sides.",
            ),
            Mistake(
                "big jumps arrive",
                _regimes(lambda lr, c: lr * c <= 1, lambda lr, c: True),
                "Large rates do not arrive after some zig-zag: from lr·c = 2 on, every jump is "
                "at least as long as the last.",
            ),
        ],
        remember="Whether a rate is large depends on the curvature: 10 may be small, 0.001 large.",
    )
)


def _rate_test(rng):
    """Rising rates and their costs: down after a bump, up again, at last not finite."""
    best, after = int(rng.integers(3, 5)), int(rng.integers(2, 4))
    falling = np.linspace(rng.uniform(0.7, 0.9), rng.uniform(0.1, 0.2), best + 1)
    falling[1] = falling[0] + rng.uniform(0.01, 0.05)
    rising = np.cumsum(rng.uniform(0.3, 2, after)) + 0.5
    tail = [rng.choice([np.nan, np.inf])]
    rates = 10.0 ** -rng.integers(4, 7) * float(rng.choice([3, 10])) ** np.arange(best + after + 2)
    return rates, np.concatenate([falling, rising, tail])


def _lowest(costs):
    return int(np.argmin(np.where(np.isfinite(costs), costs, np.inf)))


def _next_smaller(rates, costs):
    best = min((cost, rate) for rate, cost in zip(rates, costs, strict=True) if math.isfinite(cost))[1]
    return max(float(rate) for rate in rates if rate < best)


suggest_rate = SET.add(
    Function(
        prompt="""
A **rate finder** trained briefly with each of the `rates` (rising) and got these `costs`. Write the
function that suggests a rate for the long training: find the trial with the lowest cost and take a
little less, the rate of the trial just before it. Costs of diverged trials are `nan` or `inf`.""",
        solution_code='''
def suggest_rate(rates, costs):
    """The rate to take for the long training."""
    costs = np.where(np.isfinite(costs), costs, np.inf)
    return rates[np.argmin(costs) - 1]
''',
        oracle=_next_smaller,
        inputs=_rate_test,
        edge_cases=[
            (np.array([0.001, 0.01, 0.1, 1.0]), np.array([0.8, 0.6, 0.2, 3.0])),
            (np.array([0.01, 0.03, 0.1, 0.3, 1.0]), np.array([0.7, 0.72, 0.3, 0.9, np.nan])),
        ],
        alternatives=[
            lambda rates, costs: rates[np.nanargmin(costs) - 1],
            lambda rates, costs: rates[
                sorted(range(len(costs)), key=lambda i: np.nan_to_num(costs[i], nan=1e9))[0] - 1
            ],
        ],
        hints=[
            "`np.argmin(costs)` says at which place the lowest cost stands; the rate stands at the same place.",
            "The trial just before it has the place minus 1.",
            "`np.argmin` takes a `nan` for the lowest. Put `inf` in its place first, with "
            "`np.where(np.isfinite(costs), costs, np.inf)`.",
            "With these cleaned costs: `rates[np.argmin(costs) - 1]`.",
        ],
        mistakes=[
            Mistake(
                "the lowest itself",
                lambda rates, costs: rates[_lowest(costs)],
                "This rate won a short test, and it stands next to the cliff: over a long "
                "training it may diverge. Take a little less: one trial before.",
            ),
            Mistake(
                "one too many",
                lambda rates, costs: rates[_lowest(costs) + 1],
                "You went up instead of down: this rate is already beyond the lowest cost.",
            ),
            Mistake(
                "place, not rate",
                lambda rates, costs: _lowest(costs) - 1,
                "This is the number of the trial. The rate is asked for: `rates[…]` at that place.",
            ),
            Mistake(
                "cost, not rate",
                lambda rates, costs: costs[_lowest(costs) - 1],
                "This is a cost. Look the rate up at the same place: `rates[…]`.",
            ),
            Mistake(
                "nan taken for the lowest",
                lambda rates, costs: rates[np.argmin(costs) - 1],
                "`np.argmin` takes `nan` for the lowest of all, so a trial that diverged wins. "
                "Replace what is not finite by `np.inf` first.",
            ),
            Mistake(
                "first rise",
                lambda rates, costs: rates[max(int(np.argmax(np.diff(costs) > 0)) - 1, 0)],
                "You stop at the first rise. Short trainings are noisy, and a small bump before "
                "the valley is common: look for the lowest cost of all.",
            ),
        ],
        remember="A rate finder costs a few short trainings, and saves a long one.",
    )
)

EPOCHS, RECORDS = 20, 200


def _train_on_circles(lr, batch_size):
    """Always 20 epochs: the smaller the batch, the more updates."""
    updates = EPOCHS * math.ceil(RECORDS / batch_size)
    every = updates // EPOCHS
    return train(
        Settings(lr=lr, batch_size=batch_size, steps=updates, evaluate_every=every, seed=0),
        circles(RECORDS, noise=0.05),
    )


def _final(history):
    cost = float(history.cost[-1])
    return cost if math.isfinite(cost) else math.inf


def _rises(history):
    return int((np.diff(history.cost) > 0.01).sum())


GOAL = 0.05

reach_cost = SET.add(
    Setting(
        name="reach_cost",
        prompt=f"""
A 2-16-16-1 tanh network sees the {RECORDS} records of a disc inside a ring {EPOCHS} times, with
plain gradient descent. Find a learning rate `lr` and a `batch_size` (8 to {RECORDS}) with which its
cost ends below **{GOAL}**.""",
        controls={
            "lr": lambda v: number("lr", v, 0, 1000, above=True),
            "batch_size": lambda v: whole("batch_size", v, 8, RECORDS),
        },
        run=_train_on_circles,
        reached=lambda h: _final(h) < GOAL,
        in_words=lambda h: f"cost {_final(h):.2g} after {h.settings.steps} updates, from {h.cost[0]:.2g}",
        goal=f"a cost below {GOAL}",
        solved_by=[{"lr": 0.3, "batch_size": 8}, {"lr": 0.6, "batch_size": 16}],
        hints=[
            f"All runs last {EPOCHS} epochs. How many updates does that make with 200 records per batch, and with 8?",
            "Take a small batch for many updates. Then try rates a factor of 3 or 10 apart, as "
            "the rate finder does, and read what became of the cost.",
            "With `batch_size=8` there are 500 updates, enough. A rate between 0.1 and 1 is right for them.",
        ],
        mistakes=[
            Mistake(
                "rate too large",
                {"lr": 100.0, "batch_size": 16},
                "The cost ended above where it began: the steps overshoot. Divide the rate by 3 "
                "or 10 until the cost falls.",
                when=lambda s, h: _final(h) > h.cost[0],
            ),
            Mistake(
                "rate too small",
                {"lr": 0.001, "batch_size": 16},
                "The cost falls, but far too slowly: every step is tiny. Multiply the rate by 10.",
                when=lambda s, h: s["lr"] <= 0.03,
            ),
            Mistake(
                "rate on the edge",
                {"lr": 2.0, "batch_size": 100},
                "The cost goes up and down instead of down: with this rate the steps overshoot "
                "the valley again and again. Take a third of it.",
                when=lambda s, h: _rises(h) >= 3,
            ),
            Mistake(
                "too few updates",
                {"lr": 0.3, "batch_size": 200},
                f"The rate is fine, but with so large a batch {EPOCHS} epochs make few updates. "
                "Make the batch smaller: each step is noisier then, and there are many more of "
                "them.",
                when=lambda s, h: s["batch_size"] > 32,
            ),
            Mistake(
                "still falling",
                {"lr": 0.1, "batch_size": 16},
                "The cost was still falling when the time was up. A larger rate, or a smaller "
                "batch (more updates in the same 20 epochs), gets there.",
                when=lambda s, h: h.cost[-1] < h.cost[len(h.cost) // 2],
            ),
        ],
        remember="The rate sets how long a step is, the batch size how many there are.",
    )
)
