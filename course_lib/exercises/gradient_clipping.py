"""Exercises of notebook 11: clipping by norm, all layers together, and a limit read off the history."""

import numpy as np

from .. import clipping
from ..checks import number
from ..datasets import noisy_sine
from ..training import Settings, train
from .engine import ExerciseSet, Function, Mistake, Option, Prediction, Setting

SET = ExerciseSet("11_gradient_clipping")


def _turned_in_words():
    g = np.array([10.0, 1.0])
    by_value, by_norm = clipping.clip_value(g, 1.0), clipping.clip_norm(g, 1.0)
    return (
        f"By value at 1: ({by_value[0]:g}, {by_value[1]:g}), turned by {clipping.angle(g, by_value):.1f} degrees. "
        f"By norm at 1: ({by_norm[0]:.3f}, {by_norm[1]:.3f}), turned by {abs(clipping.angle(g, by_norm)):.1f} degrees."
    )


predict_direction = SET.add(
    Prediction(
        name="predict_direction",
        prompt="""
The gradient is (10, 1): ten times as steep along w₁ as along w₂. You clip **by value** at 1: every entry is cut to
−1 … 1. What becomes of the direction in which the update goes?""",
        options=[
            Option(
                "Nothing. Clipping makes the gradient shorter, that is all.",
                "That holds for clipping by norm. Here the two entries are cut by different amounts.",
            ),
            Option(
                "It turns to (1, 1): as far along w₂ as along w₁.",
                "10 becomes 1 and 1 stays 1. The step has forgotten that w₁ was ten times as steep.",
                right=True,
            ),
            Option(
                "It turns to the w₁ axis, where the gradient is largest.",
                "The other way round: the large entry is what is cut.",
            ),
            Option(
                "It becomes (1, 0.1): a tenth of it.",
                "That would be one factor for both entries: clipping by the largest entry, and nearly that by norm.",
            ),
            Option(
                "It turns around: cutting too much makes the step go uphill.",
                "No entry changes its sign, so the step still goes downhill. But not the steepest way.",
            ),
        ],
        measured=_turned_in_words,
        hints=[
            "Cut each entry for itself: what is 10, cut to at most 1? And 1?",
            "Draw (10, 1) and the result from the origin.",
            "(1, 1) points half-way between the two axes. And (10, 1)?",
        ],
        remember="By value is entry by entry, and may turn the gradient; by norm is one factor for all.",
    )
)


def _gradient(rng):
    g = rng.normal(0, 3, rng.integers(2, 6))
    return g, float(np.linalg.norm(g) * rng.choice([0.2, 0.5, 1.7]))


clip_by_norm = SET.add(
    Function(
        prompt=r"""
Write **clipping by norm**: a gradient `g` (a row of numbers) whose length $\lVert g\rVert = \sqrt{\sum g_i^2}$
is above `limit` is shortened to that length; a shorter one stays as it is.""",
        solution_code='''
def clip_by_norm(g, limit):
    """The gradient g, at most `limit` long."""
    length = np.sqrt(np.sum(g**2))
    return g * limit / length if length > limit else g
''',
        oracle=lambda g, limit: np.array([x / max(1.0, sum(y * y for y in g) ** 0.5 / limit) for x in g]),
        inputs=_gradient,
        edge_cases=[
            (np.array([3.0, 4.0]), 1.0),
            (np.array([0.3, -0.4]), 1.0),
            (np.array([0.0, 0.0]), 2.0),
            (np.array([6, 8]), 5.0),
        ],
        alternatives=[
            lambda g, limit: g * min(1, limit / max(np.linalg.norm(g), 1e-12)),
            lambda g, limit: np.where(g @ g > limit**2, g * limit / np.sqrt(max(g @ g, 1e-300)), g),
        ],
        hints=[
            "First the length: the root of the sum of squares, `np.sqrt(np.sum(g**2))`.",
            "Multiplying `g` by limit/length makes it exactly `limit` long, in the same direction.",
            "Only if it is too long! A short gradient must stay short: an `if`, or the smaller of 1 and limit/length.",
        ],
        mistakes=[
            Mistake(
                "always scaled",
                lambda g, limit: g * limit / max(np.sqrt(np.sum(g**2)), 1e-300),
                "Short gradients are made *longer*, up to the limit. Near a minimum that is harmful: scale down only.",
            ),
            Mistake(
                "by value",
                lambda g, limit: np.clip(g, -limit, limit),
                "This clips by value, entry by entry, and turns the gradient. By norm all entries get the same factor.",
            ),
            Mistake(
                "no root",
                lambda g, limit: g * min(1, limit / max(np.sum(g**2), 1e-300)),
                "You divided by the sum of squares. The length is its root.",
            ),
            Mistake(
                "largest entry",
                lambda g, limit: g * min(1, limit / max(np.max(np.abs(g)), 1e-300)),
                "You scaled by the largest entry. That keeps the direction, but the length stays above the limit.",
            ),
            Mistake(
                "sum of sizes",
                lambda g, limit: g * min(1, limit / max(np.sum(np.abs(g)), 1e-300)),
                "The sum of |g| is another norm (L1), and longer. Take the root of the sum of squares.",
            ),
        ],
        remember="One factor, min(1, limit/‖g‖): the direction stays, the length is capped.",
    )
)


def _layers(rng):
    shapes = [(rng.integers(1, 4), rng.integers(1, 4)) for _ in range(3)]
    grads = [rng.normal(0, scale, shape) for scale, shape in zip((0.4, 1.0, 3.0), shapes)]
    return grads, float(_length(grads) * rng.choice([0.2, 0.5, 1.5]))


def _length(grads):
    return float(np.linalg.norm(np.concatenate([np.ravel(g) for g in grads])))


common_factor = SET.add(
    Function(
        prompt=r"""
A network has one gradient array per layer, `grads` (a list). They are clipped by norm **together**: the length is that
of all their numbers as one long vector, and every array is multiplied by the same factor. Return that factor.""",
        solution_code='''
def common_factor(grads, limit):
    """The number by which every gradient of the list is multiplied."""
    length = np.sqrt(sum(np.sum(g**2) for g in grads))
    return min(1, limit / length)
''',
        oracle=lambda grads, limit: 1 / max(1, _length(grads) / limit),
        inputs=_layers,
        edge_cases=[
            ([np.array([[3.0]]), np.array([[4.0]])], 1.0),
            ([np.array([[0.1, 0.2]]), np.array([[0.3], [0.1]])], 1.0),
        ],
        alternatives=[
            lambda grads, limit: min(1, limit / np.linalg.norm([np.linalg.norm(g) for g in grads])),
            lambda grads, limit: min(1, (limit**2 / sum(float(x) ** 2 for g in grads for x in g.flat)) ** 0.5),
        ],
        hints=[
            "Add up the squares of all arrays before you take the root.",
            "`np.sqrt(sum(np.sum(g**2) for g in grads))` is the length of all together.",
            "Never above 1: `min(1, limit / length)`.",
        ],
        mistakes=[
            Mistake(
                "lengths added",
                lambda grads, limit: min(1, limit / sum(np.linalg.norm(g) for g in grads)),
                "You added the lengths of the layers. The *squares* add up: 3 and 4 make 5, not 7.",
            ),
            Mistake(
                "no root",
                lambda grads, limit: min(1, limit / sum(np.sum(g**2) for g in grads)),
                "This divides by the square of the length. Take the root of the sum.",
            ),
            Mistake(
                "longest layer",
                lambda grads, limit: min(1, limit / max(np.linalg.norm(g) for g in grads)),
                "You took the length of the longest layer alone. All of them together are longer than that.",
            ),
            Mistake(
                "first layer",
                lambda grads, limit: min(1, limit / np.linalg.norm(grads[0])),
                "This is the length of the first array alone. All of them count.",
            ),
            Mistake(
                "always",
                lambda grads, limit: limit / _length(grads),
                "Where the gradient is shorter than the limit, your factor is above 1 and makes it longer. At most 1.",
            ),
        ],
        remember="`clip_grad_norm_` does just this: one length over all layers, one factor.",
    )
)


def _history(rng):
    return np.exp(rng.normal(0, 1, rng.integers(15, 40))), float(rng.choice([0.05, 0.1, 0.25]))


choose_limit = SET.add(
    Function(
        prompt="""
`norms` holds the lengths of the gradients of a training that went well. Give the limit that would have clipped
the longest `share` of them (0.1: one step in ten) and left the others alone. Where it falls between two lengths,
interpolate as `np.quantile` does.""",
        solution_code='''
def choose_limit(norms, share):
    """The limit above which `share` of the norms lie."""
    return np.quantile(norms, 1 - share)
''',
        oracle=lambda norms, share: float(np.percentile(np.sort(norms)[::-1], 100 * (1 - share))),
        inputs=_history,
        edge_cases=[(np.arange(11.0), 0.1), (np.array([5.0, 1.0, 2.0, 100.0, 3.0]), 0.25)],
        alternatives=[
            lambda norms, share: float(np.interp((1 - share) * (len(norms) - 1), range(len(norms)), np.sort(norms))),
            lambda norms, share: -np.quantile(-norms, share),
        ],
        hints=[
            "Sort them in your mind: the limit must lie above most of them and below the longest `share`.",
            "For share 0.1 that is the value with 90 % of the norms below it: a quantile.",
            "`np.quantile(norms, q)` has a share q *below* it. Which q leaves `share` above?",
        ],
        mistakes=[
            Mistake(
                "wrong end",
                lambda norms, share: np.quantile(norms, share),
                "This value has `share` of the norms *below* it: nearly every step would be clipped.",
            ),
            Mistake(
                "mean",
                lambda norms, share: np.mean(norms),
                "The mean does not know `share`, and one huge gradient moves it.",
            ),
            Mistake(
                "part of the largest",
                lambda norms, share: (1 - share) * np.max(norms),
                "A share of the *largest length* is no share of the *steps*. Count steps: a quantile.",
            ),
            Mistake(
                "median",
                lambda norms, share: np.median(norms),
                "The median clips half of the steps, whatever `share` says.",
            ),
            Mistake(
                "percent",
                lambda norms, share: np.percentile(norms, 1 - share),
                "`np.percentile` counts to 100, `np.quantile` to 1: so this is a value near the smallest norm.",
            ),
        ],
        remember="Record the lengths first; then a limit that only the longest steps meet.",
    )
)

DEPTH, LR, GOAL, SEEDS = 6, 0.2, 0.17, 5


def _train_clipped(limit):
    settings = Settings(
        hidden=(16,) * DEPTH, activation="relu", lr=LR, batch_size=16, steps=200, clip_norm=limit, run=range(SEEDS)
    )
    return train(settings, noisy_sine(128)).cost


def _lost(cost):
    return int((~(cost[:, -1] < 1e3)).sum())


def _clipped_in_words(cost):
    if _lost(cost):
        return f"{_lost(cost)} of {SEEDS} seeds diverged"
    return f"cost {np.median(cost[:, -1]):.2g} in the middle of {SEEDS} seeds ({cost[:, -1].max():.2g} at most)"


save_the_network = SET.add(
    Setting(
        name="save_the_network",
        prompt=f"""
{DEPTH} hidden layers of 16 ReLU units, learning rate {LR}: without clipping most seeds diverge. Find a
`limit` for the length of the gradient with which **no** seed of {SEEDS} diverges, and the cost in the middle of them
ends below **{GOAL}** after 200 updates.""",
        controls={"limit": lambda v: number("limit", v, 0, 1e9, above=True)},
        run=_train_clipped,
        reached=lambda cost: not _lost(cost) and np.median(cost[:, -1]) < GOAL,
        in_words=_clipped_in_words,
        goal=f"no seed lost, and a cost below {GOAL}",
        solved_by=[{"limit": 0.5}, {"limit": 0.7}],
        hints=[
            "In the live figure look where the lengths of the gradients lie at this learning rate.",
            "A limit of 100 lets steps of 0.2 · 100 through; a limit of 0.01 lets no step be longer than 0.002.",
            "Take something around the usual length, or somewhat below: 0.3 to 1.",
        ],
        mistakes=[
            Mistake(
                "hardly a limit",
                {"limit": 1e6},
                "At least one seed diverged: a limit as high as this lets the destructive steps through.",
                when=lambda s, cost: _lost(cost) > 0,
            ),
            Mistake(
                "too low",
                {"limit": 0.01},
                "Nothing diverges, and little moves: no step can be longer than the learning rate times the limit.",
                when=lambda s, cost: s["limit"] < 0.2,
            ),
            Mistake(
                "far too high",
                {"limit": 60.0},
                "No seed is lost, but the limit is above nearly all lengths: few steps are shortened, and those that "
                "throw a network about still do.",
                when=lambda s, cost: s["limit"] > 40,
            ),
            Mistake(
                "too high",
                {"limit": 10.0},
                "Nobody is lost, but one long step can throw a network where it hardly learns: lower the limit.",
                when=lambda s, cost: s["limit"] > 1.5,
            ),
        ],
        remember="Where long steps are common, a limit near the usual length or below keeps every step short enough.",
    )
)
