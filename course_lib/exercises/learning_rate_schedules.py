"""Exercises of notebook 07: rates that change with the step, and when that helps."""

import math

import numpy as np

from ..checks import number, one_of
from ..datasets import circles, spirals
from ..schedules import constant, cosine, exponential, inverse_time, sequence, warm_up
from ..training import Settings, train
from .engine import ExerciseSet, Function, Mistake, Number, Option, Prediction, Setting

SET = ExerciseSet("07_learning_rate_schedules")

STEPS = 300
WAYS = {
    "constant": constant(),
    "exponential": exponential(4 / STEPS),
    "1/t": inverse_time(10 / STEPS),
    "cosine": cosine(STEPS),
}


def _train(schedule, lr, shape=spirals):
    """Final costs of five runs."""
    settings = Settings(
        lr=lr, run=tuple(range(5)), batch_size=8, steps=STEPS, evaluate_every=STEPS, schedule=WAYS[schedule]
    )
    return np.nan_to_num(train(settings, shape(128)).cost[:, -1], nan=np.inf)


def _middle(schedule, lr):
    return f"{np.median(_train(schedule, lr, circles)):.2f}"


predict_decay = SET.add(
    Prediction(
        name="predict_decay",
        prompt=f"""
A network learns a disc in a ring: {STEPS} updates at the constant rate 0.1, and it is still getting better at the
end. Now the same, but the rate falls along half a cosine from 0.1 to 0. Where does its cost end?""",
        options=[
            Option("Lower: a schedule is always better.", "A schedule helps where the rate was too large for the end."),
            Option("Lower: small steps at the end are exact.", "Exact steps are of no use while the way is long."),
            Option(
                "The same: the first steps decide.", "The first steps are the same, but the later ones count here too."
            ),
            Option(
                "Higher: it has walked a shorter way.",
                "So it is. At a rate that is on the small side, decay only takes away what is needed.",
                right=True,
            ),
            Option("It diverges.", "A smaller rate than one that works cannot make it diverge."),
        ],
        measured=lambda: (
            f"Middle of five runs: cost {_middle('constant', 0.1)} with the constant rate, {_middle('cosine', 0.1)} "
            f"with the cosine. At the rate 3 it is {_middle('constant', 3.0)} against {_middle('cosine', 3.0)}."
        ),
        hints=[
            "How long is the average step with the cosine, compared with the constant rate?",
            "Half a cosine from 1 to 0 is 0.5 on average.",
            "The constant run was still improving when the time was up. Would half the steps have been enough?",
        ],
        remember="Decay lets you begin with a rate too large for the end; it mends none that is too small.",
    )
)

halve = SET.add(
    Function(
        prompt=r"""
**Step decay.** Write the function that gives the rate at a `step`: it begins at `lr` and is multiplied by
`factor` after every `every` steps. With `every = 5` the steps 0 to 4 have the full rate,
and step 5 is the first with a lower one.""",
        solution_code='''
def halve(step, lr, every, factor=0.5):
    """The learning rate at this step."""
    return lr * factor ** (step // every)
''',
        oracle=lambda step, lr, every, factor=0.5: math.prod([lr] + [factor for k in range(every, step + 1, every)]),
        inputs=lambda rng: (
            int(rng.integers(20, 60)),
            float(rng.uniform(0.1, 2)),
            int(rng.integers(4, 9)),
            float(rng.choice([0.1, 0.3, 0.7])),
        ),
        edge_cases=[(0, 0.4, 5, 0.5), (4, 0.4, 5, 0.5), (5, 0.4, 5, 0.5), (23, 1.0, 10, 0.1), (10, 0.4, 5, 0.3)],
        alternatives=[
            lambda step, lr, every, factor=0.5: lr * math.pow(factor, math.floor(step / every)),
            lambda step, lr, every, factor=0.5: lr * np.prod([factor] * ((step - step % every) // every)),
        ],
        hints=[
            "How often has it fallen by step 12, if it falls every 5 steps? At 5 and at 10: twice.",
            "`step // every` counts the falls: whole-number division, the rest is dropped.",
            "Each fall multiplies by `factor`, so n falls multiply by `factor ** n`.",
            "`return lr * factor ** (…)`, and the dots are the number of falls.",
        ],
        mistakes=[
            Mistake(
                "falls all the time",
                lambda step, lr, every, factor=0.5: lr * factor ** (step / every),
                "This falls a little at every step: that is exponential decay. Here the rate stays level, then falls "
                "at once: count whole periods with `//`.",
            ),
            Mistake(
                "one fall early",
                lambda step, lr, every, factor=0.5: lr * factor ** (step // every + 1),
                "One fall too many: in the first period the rate is the full `lr`.",
            ),
            Mistake(
                "rounded",
                lambda step, lr, every, factor=0.5: lr * factor ** round(step / every),
                "`round` lets it fall in the middle of a period. A period has to be over: `//`.",
            ),
            Mistake(
                "falls once",
                lambda step, lr, every, factor=0.5: lr if step < every else lr * factor,
                "It falls once and never again. After each further period it falls once more.",
            ),
            Mistake(
                "times, not to the power",
                lambda step, lr, every, factor=0.5: lr * factor * (step // every),
                "Two falls multiply by factor · factor, not by factor · 2: use a power.",
            ),
            Mistake(
                "always halved",
                lambda step, lr, every, factor=0.5: lr * 0.5 ** (step // every),
                "It always halves. 0.5 is only the default: whoever calls may want another `factor`.",
            ),
            Mistake(
                "factor alone",
                lambda step, lr, every, factor=0.5: factor ** (step // every),
                "This is the factor that has been reached. The rate is asked for: times `lr`.",
            ),
        ],
        remember="lr · factor^⌊step/every⌋: level, then a fall.",
    )
)

after_twenty = SET.add(
    Number(
        name="after_twenty",
        prompt=r"""
**Exponential decay** $\alpha = \alpha_0\,e^{-kt}$ with $\alpha_0 = {start}$ and $k = {k}$. What is the rate after
$t = {t}$ steps?""",
        values={"start": 0.2, "k": 0.1, "t": 20},
        oracle=lambda start, k, t: start * math.exp(-k * t),
        working="k·t = 0.1 · 20 = 2, and e^(−2) = 0.1353. Times 0.2: 0.0271.",
        hints=[
            "First the exponent: k · t.",
            "e^(−2) is 1 / 7.389.",
            "Multiply by the rate it began with, 0.2. `import math` and `math.exp(-2)` do the rest.",
        ],
        mistakes=[
            Mistake(
                "1/t",
                lambda start, k, t: start / (1 + k * t),
                "This is 1/t decay, α₀/(1 + kt). The exponential one falls faster.",
            ),
            Mistake(
                "factor alone",
                lambda start, k, t: math.exp(-k * t),
                "This is the factor e^(−kt). Times the rate it began with, α₀.",
            ),
            Mistake("sign", lambda start, k, t: start * math.exp(k * t), "It has grown: the exponent needs its minus."),
            Mistake("power of k", lambda start, k, t: start * (1 - k * t), "The minus stands in the exponent of e."),
            Mistake(
                "share per step",
                lambda start, k, t: start * (1 - k) ** t,
                "You take 10 % off at each step. That is near, but e^(−0.1) is 0.905 and not 0.9.",
            ),
        ],
        remember="e^(−kt): after 1/k steps, 37 % of the rate is left; after 2/k, 14 %.",
    )
)

warm_then_cosine = SET.add(
    Function(
        prompt=r"""
The schedule that large models are mostly trained with. Write the **factor** of the rate at a `step`: in the
first `warm` steps it grows along a straight line from 0 (`step / warm`); from step `warm` to step `total` it falls
along half a cosine from 1 to 0: $\tfrac12\,(1 + \cos \pi s)$, where $s$ goes from 0 to 1 in these steps.""",
        solution_code='''
def warm_then_cosine(step, warm, total):
    """The factor of the learning rate at this step."""
    if step < warm:
        return step / warm
    s = (step - warm) / (total - warm)
    return (1 + np.cos(np.pi * s)) / 2
''',
        oracle=lambda step, warm, total: sequence(warm_up(warm), warm, cosine(total - warm))(step),
        inputs=lambda rng: (int(rng.integers(0, 90)), int(rng.integers(10, 40)), 100),
        edge_cases=[(5, 20, 100), (20, 20, 100), (60, 20, 100), (100, 20, 100), (0, 10, 50), (45, 10, 50)],
        alternatives=[
            lambda step, warm, total: min(
                step / warm, math.cos(math.pi / 2 * max(step - warm, 0) / (total - warm)) ** 2
            ),
        ],
        hints=[
            "Two cases: `if step < warm:` gives `step / warm`.",
            "After that, how far has the second part come? `step - warm` of its `total - warm` steps: that is s.",
            "`(1 + np.cos(np.pi * s)) / 2` is 1 for s = 0, and 0 for s = 1.",
        ],
        mistakes=[
            Mistake(
                "cosine from the start",
                lambda step, warm, total: step / warm if step < warm else (1 + np.cos(np.pi * step / total)) / 2,
                "Your cosine begins at step 0, so the rate jumps where the warm-up ends. Let s count from `warm`.",
            ),
            Mistake(
                "too long",
                lambda step, warm, total: step / warm
                if step < warm
                else (1 + np.cos(np.pi * (step - warm) / total)) / 2,
                "It does not arrive at 0: the second part has only `total - warm` steps.",
            ),
            Mistake(
                "degrees",
                lambda step, warm, total: step / warm
                if step < warm
                else (1 + np.cos(180 * (step - warm) / (total - warm))) / 2,
                "`np.cos` wants radians: half a circle is π, not 180.",
            ),
            Mistake(
                "not halved",
                lambda step, warm, total: step / warm
                if step < warm
                else 1 + np.cos(np.pi * (step - warm) / (total - warm)),
                "1 + cos goes from 2 to 0. Halve it.",
            ),
            Mistake(
                "no warm-up",
                lambda step, warm, total: (1 + np.cos(np.pi * max(step - warm, 0) / (total - warm))) / 2,
                "The warm-up is missing: before step `warm` the factor is `step / warm`.",
            ),
            Mistake(
                "straight line down",
                lambda step, warm, total: step / warm if step < warm else 1 - (step - warm) / (total - warm),
                "This falls along a straight line. Asked for is half a cosine: slow, fast, slow.",
            ),
        ],
        remember="Warm-up makes the first steps harmless; the cosine ends them gently.",
    )
)

GOAL = 0.45

reach_low_cost = SET.add(
    Setting(
        name="reach_low_cost",
        prompt=f"""
Two spirals, batch size 8, {STEPS} updates. With which `schedule` ({", ".join(f'"{w}"' for w in WAYS)}) and
top rate `lr` does the cost end below **{GOAL}**, in the middle of five runs? A constant rate does not get there.""",
        controls={
            "schedule": lambda v: one_of("schedule", v, WAYS),
            "lr": lambda v: number("lr", v, 0, 100, above=True),
        },
        run=_train,
        reached=lambda costs: np.median(costs) < GOAL,
        in_words=lambda c: f"cost {np.median(c):.2f} in the middle of five runs ({min(c):.2f} to {max(c):.2f})",
        goal=f"a cost below {GOAL}",
        solved_by=[{"schedule": "exponential", "lr": 3.0}, {"schedule": "cosine", "lr": 3.0}],
        hints=[
            "In the live figure (spirals, batch size 8) compare the schedules at the top rates 0.3, 1 and 3.",
            "A schedule that ends near 0 bears a top rate that would make a constant one jump about.",
            "Exponential or cosine, with a top rate of 3.",
        ],
        mistakes=[
            Mistake(
                "rate too small for a decay",
                {"schedule": "cosine", "lr": 0.1},
                "The rate is small from the start and then shrinks: the way walked is too short. Begin higher.",
                when=lambda s, costs: s["lr"] <= 2 and s["schedule"] != "constant",
            ),
            Mistake(
                "constant and small",
                {"schedule": "constant", "lr": 0.3},
                "At this constant rate it hardly moves on the spirals. Begin higher, and let the rate fall.",
                when=lambda s, costs: s["lr"] <= 2,
            ),
            Mistake(
                "far too large",
                {"schedule": "cosine", "lr": 60.0},
                "At such a rate the first steps throw the weights so far that no later ones bring them back.",
                when=lambda s, costs: s["lr"] > 5,
            ),
            Mistake(
                "constant and large",
                {"schedule": "constant", "lr": 3.0},
                "It got near and then jumped about, as the steps never became smaller. Keep the rate, add a schedule.",
                when=lambda s, costs: s["schedule"] == "constant",
            ),
            Mistake(
                "not quite",
                {"schedule": "cosine", "lr": 4.8},
                "Nearly. Try a somewhat smaller rate, or another schedule.",
                when=lambda s, costs: True,
            ),
        ],
        remember="A schedule is what lets you begin with large steps and still end with small ones.",
    )
)
