"""Exercises of notebook 08: momentum, Adam and their numbers."""

import math

import numpy as np

from ..checks import fraction, number
from ..datasets import circles
from ..optimizers import adam, momentum, sgd
from ..training import Settings, train
from .engine import ExerciseSet, Function, Mistake, Number, Option, Prediction, Setting

SET = ExerciseSet("08_optimizers")


def _middle(optimizer, lr):
    """The middle final cost of five trainings on the circles, in words."""
    settings = Settings(optimizer=optimizer, lr=lr, run=tuple(range(5)), steps=300, evaluate_every=300)
    return f"{np.median(np.nan_to_num(train(settings, circles(128)).cost[:, -1], nan=np.inf)):.1g}"


predict_swap = SET.add(
    Prediction(
        name="predict_swap",
        prompt="""
A network learns a disc in a ring with plain gradient descent at the learning rate 1: 300 updates, and its cost has
come down from 0.7 to less than 0.01. Somebody says Adam is better, so you put Adam in its place and leave everything
else as it is, the rate too. Where does the cost end?""",
        options=[
            Option("Lower still: Adam is the better optimizer.", "At a rate of its own it may be. This one is not."),
            Option("About as low.", "The rates of two optimizers have different units; the same number says little."),
            Option(
                "Near 0.7 or above: it has learned next to nothing.",
                "So it is. Adam moves each weight by about the rate, whatever the gradient: here by 1.",
                right=True,
            ),
            Option(
                "Higher, as Adam begins slowly.", "Its first step is as long as any: that is what bias correction does."
            ),
            Option("It is no number any more.", "Adam's steps cannot grow without end: they are about the rate long."),
        ],
        measured=lambda: (
            f"Middle of five runs: cost {_middle('sgd', 1.0)} with plain descent at rate 1, {_middle('adam', 1.0)} "
            f"with Adam at rate 1, and {_middle('adam', 0.03)} with Adam at rate 0.03."
        ),
        hints=[
            "How long is a step of plain descent? And Adam divides the gradient by its own size …",
            "Plain descent moves a weight by rate · gradient, and most gradients here are far below 0.1.",
            "Adam moves each weight by about the rate. The weights themselves are mostly smaller than 1.",
        ],
        remember="A learning rate belongs to its optimizer: change one, and look for the other anew.",
    )
)


def _step(speed, move=lambda w, v, g, lr, beta: w - lr * v, give=lambda w, v: (w, v)):
    """A momentum step from two lines: the new velocity, and where it goes."""

    def momentum_step(w, v, g, lr, beta):
        new = speed(v, g, beta)
        return give(move(w, new, g, lr, beta), new)

    return momentum_step


def _right_speed(v, g, beta):
    return beta * v + g


def _momentum_oracle(w, v, g, lr, beta):
    w, (v,) = momentum(beta).update(w, g, (v,), lr, 1)
    return w, v


momentum_step = SET.add(
    Function(
        prompt=r"""
**Momentum.** Write one step: first the velocity, $v \leftarrow \beta v + g$, then the weights,
$w \leftarrow w - \mathrm{lr}\cdot v$ with the *new* velocity. Give back the new `w` and the new `v`. The weights `w`,
the velocity `v` and the gradient `g` are arrays of the same length.""",
        solution_code='''
def momentum_step(w, v, g, lr, beta):
    """The weights and the velocity after one step."""
    v = beta * v + g
    return w - lr * v, v
''',
        oracle=_momentum_oracle,
        inputs=lambda rng: (
            rng.normal(size=(n := rng.integers(2, 6))),
            rng.normal(size=n),
            rng.normal(size=n),
            float(rng.uniform(0.05, 0.5)),
            float(rng.choice([0.5, 0.8, 0.95])),
        ),
        edge_cases=[
            (np.array([1.0, -1.0]), np.array([2.0, 4.0]), np.array([3.0, -1.0]), 0.1, 0.5),
            (np.array([1.0, 3.0]), np.array([0.5, -2.0]), np.array([1.0, 2.0]), 0.2, 0.9),
        ],
        alternatives=[
            lambda w, v, g, lr, beta: (w - lr * beta * v - lr * g, g + v * beta),
            lambda w, v, g, lr, beta: [w + (new := -lr * (beta * v + g)), new / -lr],
        ],
        hints=[
            "Two lines, in the order of the formulas: the velocity first.",
            "`v = beta * v + g` makes a new array and leaves the one you were given as it was.",
            "Then `return w - lr * v, v`: two values, with a comma between.",
        ],
        mistakes=[
            Mistake(
                "old velocity",
                lambda w, v, g, lr, beta: (w - lr * v, beta * v + g),
                "You move with the *old* velocity, so this gradient is felt only one step later. Renew v first.",
            ),
            Mistake(
                "moving average",
                _step(lambda v, g, beta: beta * v + (1 - beta) * g),
                "This is the moving average of gradients, with (1 − β)·g. Many texts write it so, and Adam uses it; "
                "here the gradient enters whole, as in PyTorch's SGD. At a rate 1/(1 − β) times as high, the average "
                "takes the same steps.",
            ),
            Mistake(
                "rate inside",
                _step(lambda v, g, beta: beta * v + g, lambda w, v, g, lr, beta: w - v),
                "The rate is missing in the move: w − lr·v.",
            ),
            Mistake(
                "Nesterov",
                _step(_right_speed, lambda w, v, g, lr, beta: w - lr * (g + beta * v)),
                "This is Nesterov's step, g + β·v, which looks one step ahead. Plain momentum moves by lr·v.",
            ),
            Mistake(
                "plain descent",
                _step(_right_speed, lambda w, v, g, lr, beta: w - lr * g),
                "The velocity is right, and then you move by the gradient alone: this is plain descent.",
            ),
            Mistake("uphill", _step(_right_speed, lambda w, v, g, lr, beta: w + lr * v), "Uphill: minus lr·v."),
            Mistake(
                "wrong order given back",
                _step(_right_speed, give=lambda w, v: (v, w)),
                "Both are right, in the wrong order: `w` is asked for first, then `v`.",
            ),
            Mistake(
                "velocity forgotten",
                _step(_right_speed, give=lambda w, v: w),
                "The new velocity has to come back too, or the next step knows nothing of this one: `return w, v`.",
            ),
        ],
        remember="v ← βv + g, then w ← w − lr·v: gradients that agree add up, to 1/(1−β) times one of them.",
    )
)


def _second_step(lr, g1, g2, beta1=0.9, beta2=0.999, correct=(True, True), power=0.5):
    m = beta1 * (1 - beta1) * g1 + (1 - beta1) * g2
    v = beta2 * (1 - beta2) * g1**2 + (1 - beta2) * g2**2
    m, v = (x / (1 - b**2) if c else x for x, b, c in zip((m, v), (beta1, beta2), correct, strict=True))
    return lr * m / v**power


def _second_by_the_optimizer(lr, g1, g2):
    optimizer, w = adam(), np.zeros(1)
    before, state = optimizer.update(w, np.array([g1]), optimizer.init(w), lr, 1)
    after, _ = optimizer.update(before, np.array([g2]), state, lr, 2)
    return float(before[0] - after[0])


adam_by_hand = SET.add(
    Number(
        name="adam_by_hand",
        prompt=r"""
**Adam by hand.** The first two gradients of a weight are ${g1}$ and ${g2}$; the rate is $\eta = {lr}$, $\beta_1 = 0.9$,
$\beta_2 = 0.999$, and both averages begin at 0. The first step is ${lr}$ long (why?). How long is the **second** one,
$\eta\,\hat m/\sqrt{\hat v}$? ($\varepsilon$ is too small to matter.)""",
        values={"lr": 0.1, "g1": 4.0, "g2": -2.0},
        oracle=_second_by_the_optimizer,
        working="m: 0.1·4 = 0.4, then 0.9·0.4 − 0.1·2 = 0.16; divided by 1 − 0.9² = 0.19 that is 0.842. "
        "v: 0.001·16 = 0.016, then 0.999·0.016 + 0.001·4 = 0.01998; divided by 1 − 0.999² = 0.001999 that is 10.0. "
        "The step: 0.1 · 0.842 / √10.0 = 0.0266.",
        hints=[
            "After the first gradient m = 0.1·4 = 0.4 and v = 0.001·16 = 0.016. Go on from there.",
            "m = 0.9·0.4 + 0.1·(−2) = 0.16, and v = 0.999·0.016 + 0.001·4 = 0.01998.",
            "The corrections of step 2 divide m by 1 − 0.9² = 0.19 and v by 1 − 0.999² = 0.001999.",
        ],
        mistakes=[
            Mistake(
                "no correction",
                lambda lr, g1, g2: _second_step(lr, g1, g2, correct=(False, False)),
                "Both averages began at 0 and are far too small still: divide m by 1 − 0.9² and v by 1 − 0.999².",
            ),
            Mistake(
                "m alone corrected",
                lambda lr, g1, g2: _second_step(lr, g1, g2, correct=(True, False)),
                "You corrected m and not v, so the step is some 20 times too long.",
            ),
            Mistake(
                "v alone corrected",
                lambda lr, g1, g2: _second_step(lr, g1, g2, correct=(False, True)),
                "You corrected v and not m: divide m by 1 − 0.9² too.",
            ),
            Mistake(
                "no root",
                lambda lr, g1, g2: _second_step(lr, g1, g2, power=1),
                "The root is missing: v is an average of *squares*, so take its root before you divide.",
            ),
            Mistake(
                "first step's correction",
                lambda lr, g1, g2: (
                    _second_step(lr, g1, g2, correct=(False, False)) / (1 - 0.9) * math.sqrt(1 - 0.999)
                ),
                "These are the corrections of step 1. In step 2 the β's are squared: 1 − 0.9² and 1 − 0.999².",
            ),
            Mistake(
                "as long as the first",
                lambda lr, g1, g2: lr,
                "Only a gradient that stays the same gives steps of exactly the rate. This one changed its sign.",
            ),
        ],
        remember="A gradient that turns round makes m small and v large: Adam slows down where it is unsure.",
    )
)


def _adam_like(direction=None, correct=True, size=None, beta1=0.9, beta2=0.999, eps=1e-8, late=False, squares=True):
    """One step of Adam with one thing wrong."""

    def adam_step(w, m, v, g, t, lr):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * (g * g if squares else g)
        k = t + late
        wrong = correct == "the wrong way"
        c1, c2 = ((1 - beta1**k) ** (1 - 2 * wrong), (1 - beta2**k) ** (1 - 2 * wrong)) if correct else (1, 1)
        first, second = m / c1, v / c2
        if size is not None:
            return w - lr * size(first, second), m, v
        first = direction(first, g) if direction else first
        return w - lr * first / (np.sqrt(second) + eps), m, v

    return adam_step


def _adam_oracle(w, m, v, g, t, lr):
    w, (m, v) = adam().update(w, g, (m, v), lr, t)
    return w, m, v


adam_step = SET.add(
    Function(
        prompt=r"""
**Adam.** Write step number `t` (the first is 1) with $\beta_1 = 0.9$, $\beta_2 = 0.999$, $\varepsilon = 10^{-8}$:

$$ m \leftarrow \beta_1 m + (1-\beta_1)\,g, \quad v \leftarrow \beta_2 v + (1-\beta_2)\,g^2, \quad
   \hat m = \frac{m}{1-\beta_1^t},\ \hat v = \frac{v}{1-\beta_2^t}, \quad
   w \leftarrow w - \mathrm{lr}\,\frac{\hat m}{\sqrt{\hat v}+\varepsilon}. $$

Give back the new `w`, and `m` and `v` *without* the correction, as the next step needs them.""",
        solution_code='''
def adam_step(w, m, v, g, t, lr):
    """The weights and both averages after step t."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    m_hat = m / (1 - 0.9**t)
    v_hat = v / (1 - 0.999**t)
    return w - lr * m_hat / (np.sqrt(v_hat) + 1e-8), m, v
''',
        oracle=_adam_oracle,
        inputs=lambda rng: (
            rng.normal(size=(n := rng.integers(2, 5))),
            rng.normal(size=n),
            rng.uniform(0.1, 2, n),
            rng.normal(size=n),
            int(rng.integers(2, 9)),
            float(rng.uniform(0.01, 0.3)),
        ),
        edge_cases=[
            (np.array([1.0, 2.0]), np.zeros(2), np.zeros(2), np.array([4.0, -0.01]), 1, 0.1),
            (np.array([1.0, 2.0]), np.array([0.4, -0.2]), np.array([1.0, 0.5]), np.array([-2.0, 0.3]), 2, 0.1),
        ],
        alternatives=[
            lambda w, m, v, g, t, lr: (
                w
                - lr
                * ((m * 0.9 + g / 10) / (1 - math.pow(0.9, t)))
                / (((v * 0.999 + g * g / 1000) / (1 - math.pow(0.999, t))) ** 0.5 + 1e-8),
                m * 0.9 + g / 10,
                v * 0.999 + g * g / 1000,
            ),
        ],
        hints=[
            "Six lines, one for each formula. Begin with `m = 0.9 * m + 0.1 * g`.",
            "`g**2` squares every element by itself, and `np.sqrt` takes every root by itself.",
            "Keep `m` and `v` as they are and give the corrected ones names of their own: `m_hat = m / (1 - 0.9**t)`.",
            "`return w - lr * m_hat / (np.sqrt(v_hat) + 1e-8), m, v`",
        ],
        mistakes=[
            Mistake(
                "no correction",
                _adam_like(correct=False),
                "Without the bias correction the first steps are too long: √v is far too small still, more so than m.",
            ),
            Mistake(
                "correction multiplied",
                _adam_like(correct="the wrong way"),
                "The averages are too *small* at first, so divide by 1 − βᵗ, which is below 1.",
            ),
            Mistake(
                "counting from 0",
                _adam_like(late=True),
                "You corrected with t + 1. The first step is already t = 1 here.",
            ),
            Mistake(
                "no root",
                _adam_like(size=lambda m, v: m / (v + 1e-8)),
                "The root of v̂ is missing: an average of squares has the wrong unit to divide by.",
            ),
            Mistake(
                "RMSprop",
                _adam_like(direction=lambda m, g: g),
                "You divide the gradient itself: that is RMSprop (with a correction). Adam moves by the average m̂.",
            ),
            Mistake(
                "squares forgotten",
                _adam_like(squares=False),
                "v is the average of the *squared* gradients: 0.001 · g². Of a negative average there is no root.",
            ),
            Mistake(
                "betas swapped",
                _adam_like(beta1=0.999, beta2=0.9),
                "The two memories are swapped: 0.9 is that of the gradient, 0.999 that of its square.",
            ),
            Mistake(
                "corrected ones kept",
                lambda w, m, v, g, t, lr: (
                    _adam_oracle(w, m, v, g, t, lr)[0],
                    (0.9 * m + 0.1 * g) / (1 - 0.9**t),
                    (0.999 * v + 0.001 * g**2) / (1 - 0.999**t),
                ),
                "The weights are right. But give m and v back as they were before the correction, or the next step "
                "corrects them again.",
            ),
        ],
        remember="Average, square average, correct both, divide: each weight moves by about the rate.",
    )
)

STEPS, CURVATURES, GOAL = 100, np.array([1.0, 0.01]), 1e-3


def _descend_valley(lr, beta):
    """What is left of both distances after 100 steps."""
    optimizer, w = (momentum(beta) if beta else sgd()), np.ones(2)
    state = optimizer.init(w)
    with np.errstate(all="ignore"):
        for t in range(1, STEPS + 1):
            w, state = optimizer.update(w, CURVATURES * w, state, lr, t)
    return np.nan_to_num(np.abs(w), nan=np.inf)


tune_momentum = SET.add(
    Setting(
        name="tune_momentum",
        prompt=f"""
A valley is a hundred times as steep across as along: curvatures 1 and 0.01. Momentum starts at distance 1 in both
directions and has {STEPS} steps. Find a rate `lr` and a momentum `beta` with which **both** distances end below
**{GOAL:g}**. (Plain descent comes no nearer than about 0.13, whatever its rate.)""",
        controls={
            "lr": lambda v: number("lr", v, 0, 100, above=True),
            "beta": lambda v: fraction("beta", v),
        },
        run=_descend_valley,
        reached=lambda left: bool((left < GOAL).all()),
        in_words=lambda left: f"left after {STEPS} steps: {left[0]:.2g} across the valley, {left[1]:.2g} along it",
        goal=f"both distances below {GOAL:g}",
        solved_by=[{"lr": 3.0, "beta": 0.7}, {"lr": 1.5, "beta": 0.8}],
        hints=[
            "In the third live figure put the valley to its narrowest. Where is the star, and where do both points go?",
            "The long run of a swinging direction is √β per step. For 0.001 in 100 steps you need √β below 0.93.",
            "So β is about 0.8 or less. Now the flat direction must swing too: the rate has to be high, up to 2 + 2β.",
        ],
        mistakes=[
            Mistake(
                "diverged",
                {"lr": 4.0, "beta": 0.8},
                "The steep direction goes off: from lr = 2 + 2β on there is no arriving. Take a smaller rate.",
                when=lambda s, left: left[0] > 1,
            ),
            Mistake(
                "no momentum",
                {"lr": 1.9, "beta": 0.0},
                "This is nearly plain descent: the flat direction has hardly moved. Give it momentum.",
                when=lambda s, left: s["beta"] < 0.5,
            ),
            Mistake(
                "too little friction",
                {"lr": 1.0, "beta": 0.98},
                "With so high a β it swings through the bottom again and again: √β per step is too slow. Lower it.",
                when=lambda s, left: s["beta"] > 0.87,
            ),
            Mistake(
                "rate too small",
                {"lr": 0.1, "beta": 0.8},
                "The steep direction is at rest, the flat one still on its way. The rate may go up to 2 + 2β, farther "
                "than without momentum.",
                when=lambda s, left: s["lr"] < 1.2,
            ),
            Mistake(
                "nearly",
                {"lr": 3.55, "beta": 0.86},
                "Nearly: close to the border one direction is slow. Move away from it a little.",
                when=lambda s, left: True,
            ),
        ],
        remember="In a narrow valley momentum's gain is large: the rate near its limit, β as high as the valley asks.",
    )
)
