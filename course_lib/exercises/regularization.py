"""Exercises of notebook 14: penalties, dropout, and when to stop."""

import numpy as np

from ..checks import number, one_of
from ..datasets import moons
from ..regularization import stopping_point
from ..training import Settings, train
from .engine import ExerciseSet, Function, Mistake, Number, Option, Prediction, Setting

SET = ExerciseSet("14_regularization")


def _train(penalty="l2", strength=0.0):
    """Final costs of five runs on 30 training records and on 600 unseen ones."""
    settings = Settings(
        hidden=(24,), lr=3.0, run=range(5), batch_size=None, steps=400, evaluate_every=400, **{penalty: strength}
    )
    history = train(settings, moons(30, 0.45, seed=1), moons(600, 0.45, seed=99))
    return [np.nan_to_num(costs[:, -1], nan=np.inf) for costs in (history.cost, history.validation_cost)]


def _middle(strength):
    return "{:.2f} on the 30 training records, {:.2f} on unseen ones".format(
        *map(np.median, _train(strength=strength))
    )


predict_penalty = SET.add(
    Prediction(
        name="predict_penalty",
        prompt="""
A network with 24 hidden units learns 30 noisy records, 400 updates. Now the same with an L2 penalty: in each step every
weight also shrinks a little. What becomes of the cost on the training records, and on unseen ones?""",
        options=[
            Option("Both fall: smaller weights are better weights.", "The penalty stands in the way of fitting."),
            Option(
                "Training cost rises, cost on unseen records falls.",
                "It may no longer bend the border around single records: worse there, better everywhere else.",
                right=True,
            ),
            Option("Training cost falls, cost on unseen records rises.", "That is what overfitting does."),
            Option("Both rise: a handicap is a handicap.", "Fitting 30 noisy records exactly is no aim in itself."),
            Option("Nothing changes: it finds the same minimum.", "The minimum of another sum is another one."),
        ],
        measured=lambda: f"Middle of five runs, no penalty: {_middle(0.0)}. With λ = 0.03: {_middle(0.03)}.",
        hints=[
            "What is minimised now? The cost plus something: can the cost alone still be as low as before?",
            "Some of the 30 records are noise. A border that winds around them: what does it do to others nearby?",
            "To wind around single records a border needs steep places, and those need large weights.",
        ],
        remember="Regularization gives away some cost on the training records to gain on all others.",
    )
)

l2_step = SET.add(
    Number(
        name="l2_step",
        prompt=r"""
One weight $w = {w}$, one record $x = {x}$ with target $y = {y}$, loss $\frac12(wx - y)^2$, and the penalty
$\frac{\lambda}{2}w^2$ with $\lambda = {strength}$. What is $w$ after one step of gradient descent with
the learning rate $\eta = {lr}$?""",
        values={"w": 3, "x": 1, "y": 1, "strength": 0.5, "lr": 0.2},
        oracle=lambda w, x, y, strength, lr: w - lr * ((w * x - y) * x + strength * w),
        working="Gradient of the loss: (3·1 − 1)·1 = 2. Of the penalty: 0.5·3 = 1.5. Step: 3 − 0.2·(2 + 1.5) = 2.3.",
        hints=[
            "Two gradients are added: that of the loss, and that of the penalty.",
            "The gradient of ½(wx − y)² is (wx − y)·x; that of ½λw² is λw.",
            "w − η·((wx − y)·x + λw), with (wx − y)·x = 2 and λw = 1.5.",
        ],
        mistakes=[
            Mistake(
                "no penalty",
                lambda w, x, y, strength, lr: w - lr * (w * x - y) * x,
                "That step has no penalty in it: its gradient λw = 1.5 belongs to the sum.",
            ),
            Mistake(
                "penalty alone",
                lambda w, x, y, strength, lr: w * (1 - lr * strength),
                "This is the shrinking alone, w·(1 − ηλ). The gradient of the loss, 2, pulls as well.",
            ),
            Mistake(
                "penalty not differentiated",
                lambda w, x, y, strength, lr: w - lr * ((w * x - y) * x + strength / 2 * w * w),
                "You added the penalty itself, ½λw². Its *gradient* is wanted: λw.",
            ),
            Mistake(
                "penalty without the rate",
                lambda w, x, y, strength, lr: w - lr * (w * x - y) * x - strength * w,
                "The learning rate goes before the whole gradient, the penalty's part too.",
            ),
            Mistake(
                "sign of the penalty",
                lambda w, x, y, strength, lr: w - lr * ((w * x - y) * x - strength * w),
                "With a minus the penalty makes weights grow. It is added to the loss.",
            ),
            Mistake(
                "twice the penalty",
                lambda w, x, y, strength, lr: w - lr * ((w * x - y) * x + 2 * strength * w),
                "The ½ in ½λw² is there so that the 2 cancels: the gradient is λw.",
            ),
        ],
        remember="L2: w ← w·(1 − ηλ) − η·gradient. First it shrinks, then it steps.",
    )
)

dropout = SET.add(
    Function(
        prompt=r"""
**Dropout while training.** `a` are the outputs of a layer (records, units), `u` as many random numbers between 0 and 1.
Switch off every output whose `u` is below `p`, and scale the others so that the mean stays what it was.""",
        solution_code='''
def dropout(a, u, p):
    """The outputs with some of them switched off."""
    return a * (u >= p) / (1 - p)
''',
        oracle=lambda a, u, p: np.where(u < p, 0.0, a / (1 - p)),
        inputs=lambda rng: (
            rng.normal(size=(shape := (rng.integers(2, 4), rng.integers(3, 6)))),
            rng.random(shape),
            float(rng.choice([0.2, 0.3, 0.6])),
        ),
        edge_cases=[
            (np.array([[1.0, 2.0, 3.0, 4.0]]), np.array([[0.1, 0.9, 0.4, 0.6]]), 0.2),
            (np.array([[1.0, -2.0]]), np.array([[0.3, 0.7]]), 0.0),
            (np.array([[5.0, 6.0]]), np.array([[0.05, 0.85]]), 0.75),
        ],
        alternatives=[lambda a, u, p: np.where(u < p, 0, a) * (1 / (1 - p))],
        hints=[
            "Which outputs stay? Those with `u >= p`: an array of True and False, which counts as 1 and 0.",
            "`a * (u >= p)` switches off. On average only the share 1 − p of the sum is left.",
            "To bring the mean back, divide what is left by `1 - p`.",
        ],
        mistakes=[
            Mistake(
                "not scaled",
                lambda a, u, p: a * (u >= p),
                "The right ones are off, but the mean has fallen to 1 − p of what it was. In evaluation, when all are "
                "on, the next layer would get too much. Divide by 1 − p.",
            ),
            Mistake(
                "scaled the wrong way",
                lambda a, u, p: a * (u >= p) * (1 - p),
                "This shrinks the survivors. They have to stand in for the missing ones: divide by 1 − p.",
            ),
            Mistake(
                "kept the dropped",
                lambda a, u, p: a * (u < p) / (1 - p),
                "The wrong ones are off: `u < p` are those to switch off.",
            ),
            Mistake(
                "divided by p",
                lambda a, u, p: a * (u >= p) / p if p else a,
                "p is the share that is dropped. What is left is 1 − p, and that is what to divide by.",
            ),
            Mistake(
                "scaled, none dropped",
                lambda a, u, p: a / (1 - p),
                "All outputs are scaled and none is switched off.",
            ),
        ],
        remember="Dropped: 0. Kept: × 1/(1 − p). Then evaluation needs nothing at all.",
    )
)


def _best(costs):
    """Where the cost was lowest so far, at each look."""
    return [int(np.argmin(costs[: i + 1])) for i in range(len(costs))]


stop_at = SET.add(
    Function(
        prompt=r"""
**Early stopping.** `costs` are validation costs, one each epoch. Training stops as soon as `patience` epochs in a row
have brought no cost lower than the best so far. Give back the **index** of the epoch after which it stops
(the last index, if it never does).""",
        solution_code='''
def stop_at(costs, patience):
    """Index of the last epoch that is trained."""
    best, waited = np.inf, 0
    for i, cost in enumerate(costs):
        if cost < best:
            best, waited = cost, 0
        else:
            waited += 1
        if waited == patience:
            return i
    return len(costs) - 1
''',
        oracle=lambda costs, patience: stopping_point(costs, patience)[0],
        inputs=lambda rng: (
            np.round(1 / (1 + np.arange(n := rng.integers(8, 16))) + rng.uniform(0, 0.4, n), 2),
            int(rng.integers(1, 5)),
        ),
        edge_cases=[
            (np.array([0.9, 0.7, 0.8, 0.75, 0.6]), 2),
            (np.array([0.9, 0.7, 0.8, 0.75, 0.6, 0.65]), 3),
            (np.array([0.5, 0.5, 0.5, 0.5]), 1),
            (np.array([0.9, 0.8, 0.85, 0.7, 0.75, 0.72, 0.71, 0.8]), 3),
            (np.array([0.4, 0.3, 0.2]), 2),
        ],
        alternatives=[
            lambda costs, patience: next(
                (i for i, best in enumerate(_best(costs)) if i - best == patience), len(costs) - 1
            )
        ],
        hints=[
            "Go through the epochs and remember two things: the best cost so far, and how long you have waited.",
            "A lower cost than the best: it is the new best, and waiting starts again at 0. Otherwise wait one more.",
            "As soon as `waited == patience`, give back the index `i`. After the loop: `len(costs) - 1`.",
            "`for i, cost in enumerate(costs):` with `if cost < best: best, waited = cost, 0`, `else: waited += 1`.",
        ],
        mistakes=[
            Mistake(
                "the best epoch",
                lambda costs, patience: stopping_point(costs, patience)[1],
                "This is the epoch with the best cost, whose parameters are kept. Asked for is where training stops.",
            ),
            Mistake(
                "one more",
                lambda costs, patience: min(stopping_point(costs, patience)[0] + 1, len(costs) - 1),
                "One epoch too many: it stops right after the one that used up the patience.",
            ),
            Mistake(
                "compared with the epoch before",
                lambda costs, patience: next(
                    (
                        i
                        for i in range(patience, len(costs))
                        if all(costs[j] >= costs[j - 1] for j in range(i - patience + 1, i + 1))
                    ),
                    len(costs) - 1,
                ),
                "You compare with the epoch before. A cost that falls back, but not below the best, still waits.",
            ),
            Mistake(
                "not in a row",
                lambda costs, patience: next(
                    (
                        i
                        for i in range(len(costs))
                        if sum(costs[j] >= min(costs[:j]) for j in range(1, i + 1)) >= patience
                    ),
                    len(costs) - 1,
                ),
                "A new best has to set the waiting back to 0; you add up all epochs without one.",
            ),
            Mistake(
                "an equal cost taken for lower",
                lambda costs, patience: next(
                    (
                        i
                        for i in range(len(costs))
                        if i - max(j for j in range(i + 1) if costs[j] == min(costs[: i + 1])) == patience
                    ),
                    len(costs) - 1,
                ),
                "An equal cost is no improvement: only a *lower* one ends the waiting.",
            ),
        ],
        remember="Stop after the patience is used up, then go back to the parameters of the best epoch.",
    )
)

GOAL = 0.425

hold_back = SET.add(
    Setting(
        name="hold_back",
        prompt=f"""
The network of the first live figure, learning rate 3, all 30 records in a batch. With which `penalty` ("l1" or "l2")
and `strength` does the cost on the 600 unseen records end below **{GOAL}**, in the middle of five runs?""",
        controls={
            "penalty": lambda v: one_of("penalty", v, ("l1", "l2")),
            "strength": lambda v: number("strength", v, 0, 10),
        },
        run=lambda penalty, strength: _train(penalty, strength)[1],
        reached=lambda costs: np.median(costs) < GOAL,
        in_words=lambda c: f"cost {np.median(c):.3f} in the middle of five runs ({min(c):.3f} to {max(c):.3f})",
        goal=f"a cost below {GOAL}",
        solved_by=[{"penalty": "l2", "strength": 0.03}, {"penalty": "l2", "strength": 0.02}],
        hints=[
            "In the live figure: which strength stops the dashed curve from rising?",
            "L2, and between 0.01, which is a little weak, and 0.1, which is too strong.",
            "L2 with 0.03.",
        ],
        mistakes=[
            Mistake(
                "no penalty",
                {"penalty": "l2", "strength": 0.0},
                "Strength 0 is no penalty at all: the network learns the noise of its 30 records.",
                when=lambda s, costs: s["strength"] == 0,
            ),
            Mistake(
                "shrinks past 0",
                {"penalty": "l2", "strength": 1.0},
                "Each step multiplies the weights by 1 − ηλ. With η = 3 that is below −1 here, and they explode.",
                when=lambda s, costs: s["penalty"] == "l2" and 3 * s["strength"] > 2,
            ),
            Mistake(
                "too strong",
                {"penalty": "l2", "strength": 0.3},
                "The weights are held too small: the cost is higher on the training records too. Take less.",
                when=lambda s, costs: s["strength"] > 0.04,
            ),
            Mistake(
                "too weak",
                {"penalty": "l2", "strength": 0.003},
                "It still learns the noise: the cost on unseen records rises. Take more.",
                when=lambda s, costs: s["strength"] < 0.012,
            ),
            Mistake(
                "the other penalty",
                {"penalty": "l1", "strength": 0.02},
                "Close; L1 leaves only a few large weights here. Try L2.",
                when=lambda s, costs: s["penalty"] == "l1",
            ),
        ],
        remember="Too little learns noise, too much learns nothing; the strength is searched on validation data.",
    )
)
