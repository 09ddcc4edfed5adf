"""Set 2, how it descends: three optimizers the lessons left out, fading restarts, and the noise of a batch."""

import math

import numpy as np

from course_lib.exercises.engine import Function, Mistake, Number

from ..problems import FreeText, Problem, ProblemSet, spread


def _amsgrad(grows=lambda top, v, c: np.maximum(top, v), correct=True, divisor=lambda top, v: top, fed_back=False):
    """One step of AMSGrad with one thing wrong."""

    def step(w, m, v, top, g, t, lr):
        m = 0.9 * m + 0.1 * g
        v = 0.999 * v + 0.001 * g**2
        c1, c2 = (1 - 0.9**t, 1 - 0.999**t) if correct else (1, 1)
        top = grows(top, v, c2)
        w = w - lr * (m / c1) / (np.sqrt(divisor(top, v) / c2) + 1e-8)
        return w, m, (top if fed_back else v), top

    return step


def _amsgrad_one_by_one(w, m, v, top, g, t, lr):
    """AMSGrad in Python's own floats, weight by weight."""
    rows = []
    for wi, mi, vi, ti, gi in zip(w, m, v, top, g):
        mi += (gi - mi) / 10
        vi += (gi * gi - vi) / 1000
        ti = max(ti, vi)
        size = math.sqrt(ti) / math.sqrt(1 - math.pow(0.999, t)) + 1e-8
        rows.append((wi - lr / (1 - math.pow(0.9, t)) * mi / size, mi, vi, ti))
    return [np.array(column) for column in zip(*rows)]


amsgrad_step = Problem(
    title="Adam that never forgives",
    points=4,
    exercise=Function(
        prompt=r"""
Adam forgets: a large gradient that comes once in a thousand steps is out of $v$ when the next one comes, and
meanwhile the steps have grown. There are simple problems on which Adam runs the wrong way for that reason.
**AMSGrad** (Reddi et al. 2018) keeps the largest $v$ there has ever been, and divides by that:

$$ m \leftarrow \beta_1 m + (1-\beta_1)\,g, \qquad v \leftarrow \beta_2 v + (1-\beta_2)\,g^2, \qquad
   \hat v_{\max} \leftarrow \max(\hat v_{\max}, v), $$

$$ w \leftarrow w - \mathrm{lr}\,\frac{m/(1-\beta_1^t)}{\sqrt{\hat v_{\max}/(1-\beta_2^t)}+\varepsilon}. $$

The maximum is taken per weight, of $v$ *before* the correction. Write step number `t` (the first is 1) with $\beta_1
= 0.9$, $\beta_2 = 0.999$, $\varepsilon = 10^{-8}$. Give back the new `w`, `m`, `v` and `top`, the largest $v$ so far,
in this order.""",
        solution_code='''
def amsgrad_step(w, m, v, top, g, t, lr):
    """The weights, both averages, and the largest average of squares so far, after step t."""
    m = 0.9 * m + 0.1 * g
    v = 0.999 * v + 0.001 * g**2
    top = np.maximum(top, v)
    m_hat = m / (1 - 0.9**t)
    top_hat = top / (1 - 0.999**t)
    return w - lr * m_hat / (np.sqrt(top_hat) + 1e-8), m, v, top
''',
        oracle=_amsgrad_one_by_one,
        inputs=lambda rng: (
            rng.normal(size=(n := rng.integers(2, 5))),
            rng.normal(size=n),
            (v := rng.uniform(0.1, 2, n)),
            v * rng.uniform(1.2, 3, n),
            rng.normal(size=n),
            int(rng.integers(2, 9)),
            float(rng.uniform(0.01, 0.3)),
        ),
        edge_cases=[
            (np.array([0.5, -1.0]), np.zeros(2), np.zeros(2), np.zeros(2), np.array([-3.0, 0.02]), 1, 0.1),
            (np.ones(2), np.ones(2), np.array([0.4, 0.2]), np.array([0.4, 0.9]), np.array([30.0, 0.1]), 5, 0.2),
        ],
        alternatives=[_amsgrad()],
        hints=[
            "It is Adam (lesson 08) with one more line. Where does it belong?",
            "`np.maximum` compares two arrays entry by entry; `np.max` looks for the largest of one array.",
            "`v` goes on as it is, without the maximum: it must be able to fall.",
        ],
        mistakes=[
            Mistake(
                "Adam",
                _amsgrad(divisor=lambda top, v: v),
                "The maximum is kept but not used: you divide by the root of v, as Adam does.",
            ),
            Mistake(
                "one maximum for all",
                _amsgrad(grows=lambda top, v, c: np.maximum(top, v.max())),
                "The largest v of *all* weights has entered: the maximum is taken per weight, with `np.maximum`.",
            ),
            Mistake(
                "maximum fed back",
                _amsgrad(fed_back=True),
                "You gave the maximum back as v. v itself goes on as a moving average, and may fall.",
            ),
            Mistake(
                "no correction",
                _amsgrad(correct=False),
                "Both corrections are missing: m is divided by 1 − 0.9ᵗ, the largest v by 1 − 0.999ᵗ.",
            ),
            Mistake(
                "corrected maximum",
                lambda w, m, v, top, g, t, lr: _corrected_maximum(w, m, v, top, g, t, lr),
                "You compare after the correction. The maximum is that of v itself, and corrected when it is used.",
            ),
            Mistake(
                "smallest",
                _amsgrad(grows=lambda top, v, c: np.minimum(top, v)),
                "You keep the *smallest* v: the steps can then only grow, which is the trouble doubled.",
            ),
        ],
        remember="A v that cannot fall makes a rate that cannot rise: AMSGrad is Adam that never forgives.",
    ),
    public=[
        (np.array([1.0, 2.0]), np.zeros(2), np.zeros(2), np.zeros(2), np.array([4.0, -0.01]), 1, 0.1),
        (
            np.array([1.0, 2.0]),
            np.array([0.4, -0.2]),
            np.array([1.0, 0.5]),
            np.array([1.6, 3.0]),
            np.array([-2.0, 0.3]),
            2,
            0.1,
        ),
    ],
    parts={"corrected maximum": 0.5, "maximum fed back": 0.5},
)


def _corrected_maximum(w, m, v, top, g, t, lr):
    m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
    top = np.maximum(top, v / (1 - 0.999**t))
    return w - lr * m / (1 - 0.9**t) / (np.sqrt(top) + 1e-8), m, v, top


def _lion(
    fast=0.9, slow=0.99, turn=lambda w, c, g, lr, decay: w - lr * (np.sign(c) + decay * w), kept=None, early=False
):
    """One step of Lion with one thing wrong."""

    def step(w, m, g, lr, decay):
        after = slow * m + (1 - slow) * g
        c = fast * (after if early else m) + (1 - fast) * g
        return turn(w, c, g, lr, decay), (c if kept == "c" else after)

    return step


def _lion_one_by_one(w, m, g, lr, decay):
    """Lion in Python's own floats, weight by weight."""
    new_w, new_m = [], []
    for wi, mi, gi in zip(w, m, g):
        c = (9 * mi + gi) / 10
        way = 0.0 if c == 0 else math.copysign(1.0, c)
        new_w.append(wi * (1 - lr * decay) - lr * way)
        new_m.append((99 * mi + gi) / 100)
    return [np.array(new_w), np.array(new_m)]


lion_step = Problem(
    title="Lion",
    points=4,
    exercise=Function(
        prompt=r"""
**Lion** (Chen et al. 2023) was found by a search over programs. It keeps one average, not two, and every weight moves
by exactly the rate (plus the decay): only the *sign* counts. Two memories are at work. A short one, 0.9, decides
where to go; a long one, 0.99, is kept:

$$ c = 0.9\,m + 0.1\,g, \qquad w \leftarrow w - \mathrm{lr}\,\bigl(\mathrm{sign}(c) + \lambda w\bigr), \qquad
   m \leftarrow 0.99\,m + 0.01\,g $$

Write one step; $\lambda$ is `decay`. Give back the new `w` and `m`.""",
        solution_code='''
def lion_step(w, m, g, lr, decay):
    """The weights and the average after one step."""
    c = 0.9 * m + 0.1 * g
    return w - lr * (np.sign(c) + decay * w), 0.99 * m + 0.01 * g
''',
        oracle=_lion_one_by_one,
        inputs=lambda rng: (
            rng.normal(size=(n := rng.integers(3, 6))),
            (m := rng.normal(size=n)),
            # The first gradient turns over what has the short memory only, the second barely fails to.
            np.concatenate([[-20 * m[0], -8.5 * m[1]], rng.normal(size=n - 2)]),
            float(rng.uniform(0.01, 0.3)),
            float(rng.uniform(0.05, 0.5)),
        ),
        edge_cases=[
            (np.array([1.0, -1.0, 2.0]), np.zeros(3), np.array([0.0, 5.0, -0.001]), 0.1, 0.1),
            (np.array([1.0, 0.5]), np.array([0.3, -0.3]), np.array([-6.0, 1.0]), 0.05, 0.3),
        ],
        alternatives=[_lion()],
        hints=[
            "Three formulas, in their order: c, the weights, the average. Which m does each of them want?",
            "All of them want the m that you were given. So do not overwrite it before you are done with it.",
            "`np.sign` gives −1, 0 or 1 for every entry. The decay is not under it.",
        ],
        mistakes=[
            Mistake(
                "average first",
                _lion(early=True),
                "You renewed m first and made c of the new one, so this gradient counts twice. Take the old m.",
            ),
            Mistake("one memory", _lion(kept="c"), "You kept c. What is kept has the long memory: 0.99 m + 0.01 g."),
            Mistake(
                "memories swapped",
                _lion(fast=0.99, slow=0.9),
                "The two memories are swapped: 0.9 decides where to go, 0.99 is kept.",
            ),
            Mistake(
                "sign of the gradient",
                _lion(turn=lambda w, c, g, lr, decay: w - lr * (np.sign(g) + decay * w)),
                "The sign is that of the gradient alone: this one has no memory. Take that of c.",
            ),
            Mistake(
                "no sign",
                _lion(turn=lambda w, c, g, lr, decay: w - lr * (c + decay * w)),
                "The sign is missing: every weight should move by the same length, whatever the size of c.",
            ),
            Mistake(
                "decay under the sign",
                _lion(turn=lambda w, c, g, lr, decay: w - lr * np.sign(c + decay * w)),
                "The decay came under the sign. It pulls beside the step, in proportion to w.",
            ),
            Mistake(
                "decay without rate",
                _lion(turn=lambda w, c, g, lr, decay: w - lr * np.sign(c) - decay * w),
                "The decay is multiplied by the rate, too: lr · λ · w.",
            ),
        ],
        remember="Every weight moves by the rate: so Lion's rates are some ten times smaller than Adam's.",
    ),
    public=[
        (np.array([1.0, -2.0, 0.5]), np.array([0.5, -0.1, 0.2]), np.array([-1.0, 3.0, 0.1]), 0.1, 0.2),
        (np.array([0.4, 0.8]), np.array([1.0, -1.0]), np.array([-10.0, 1.0]), 0.01, 0.5),
    ],
    parts={"average first": 0.5, "one memory": 0.5, "decay without rate": 0.5},
)


def _fading(
    step, steps, longer, fade, power=lambda cycle, step: cycle, grow=True, height=lambda x: (1 + math.cos(x)) / 2
):
    """The factor with one thing wrong."""
    cycle, into, length = 0, step, steps
    while into >= length:
        into, cycle = into - length, cycle + 1
        length *= longer if grow else 1
    return fade ** power(cycle, step) * height(math.pi * into / length)


def _fading_by_ends(step, steps, longer, fade):
    """The factor found from the steps at which the cycles begin, listed beforehand."""
    starts = [sum(steps * longer**k for k in range(cycle)) for cycle in range(60)]
    cycle = sum(start <= step for start in starts) - 1
    share = (step - starts[cycle]) / (starts[cycle + 1] - starts[cycle])
    return fade**cycle * math.cos(math.pi * share / 2) ** 2


fading_restarts = Problem(
    title="Restarts that fade",
    points=4,
    exercise=Function(
        prompt=r"""
A cosine with restarts (lesson 07) jumps back to the full rate again and again. Late in training that may be more than
the network bears, so let each restart be lower. A cycle falls from its peak towards 0 as half a cosine,

$$ \text{factor} = \mathrm{fade}^{\,c}\cdot\tfrac12\Bigl(1 + \cos\frac{\pi\, s}{S_c}\Bigr), $$

where $c = 0, 1, 2, \dots$ is the number of the cycle, $s = 0, 1, \dots, S_c - 1$ the step within it, and $S_c$ its
length: the first has `steps` steps, each further one is `longer` times as long as the one before. Write the factor at
`step`, counted from 0.

| step | 0 | 1 | 2 | 3 | 4 | 5 | 6 |
|---|---|---|---|---|---|---|---|
| factor for steps = 2, longer = 2, fade = 0.5 | 1 | 0.5 | 0.5 | 0.427 | 0.25 | 0.073 | 0.25 |""",
        solution_code='''
def fading_restarts(step, steps, longer, fade):
    """The factor of the learning rate at a step, counted from 0."""
    peak = 1.0
    while step >= steps:
        step = step - steps
        steps = steps * longer
        peak = peak * fade
    return peak * (1 + np.cos(np.pi * step / steps)) / 2
''',
        oracle=_fading_by_ends,
        inputs=lambda rng: (
            int((steps := rng.integers(3, 6)) * rng.integers(1, 8) + rng.integers(1, 3)),
            int(steps),
            int(rng.integers(2, 4)),
            float(rng.uniform(0.4, 0.9)),
        ),
        edge_cases=[(4, 4, 2, 0.7), (3, 4, 1, 0.7), (57, 5, 1, 0.9), (13, 4, 3, 1.0)],
        alternatives=[_fading],
        hints=[
            "In which cycle is the step? As long as it lies beyond the end of a cycle, take that cycle's length off.",
            "Each time you leave a cycle, the next one is `longer` times as long, and the peak is lower by `fade`.",
            "At the end, `step` is the step within the cycle and `steps` its length: half a cosine of their quotient.",
        ],
        mistakes=[
            Mistake(
                "does not fade",
                lambda step, steps, longer, fade: _fading(step, steps, longer, 1.0),
                "Every cycle begins at 1: `fade` has no effect.",
            ),
            Mistake(
                "fades from the first",
                lambda step, steps, longer, fade: _fading(step, steps, longer, fade, power=lambda c, s: c + 1),
                "The first cycle is lowered already. It is number 0, and fade⁰ = 1.",
            ),
            Mistake(
                "fades every step",
                lambda step, steps, longer, fade: _fading(step, steps, longer, fade, power=lambda c, s: s),
                "It fades with every step. Only a restart lowers the peak.",
            ),
            Mistake(
                "all equally long",
                lambda step, steps, longer, fade: _fading(step, steps, longer, fade, grow=False),
                "Your cycles are all of the same length: each is `longer` times as long as the one before.",
            ),
            Mistake(
                "straight line",
                lambda step, steps, longer, fade: _fading(step, steps, longer, fade, height=lambda x: 1 - x / math.pi),
                "It falls in a straight line. Half a cosine is asked for: slow, fast, slow.",
            ),
            Mistake(
                "no restart",
                lambda step, steps, longer, fade: (1 + math.cos(math.pi * step / steps)) / 2,
                "The cosine simply goes on: it rises again by itself, instead of starting over at a peak.",
            ),
        ],
        remember="Late restarts should disturb less: the network has more to lose.",
    ),
    public=[(0, 2, 2, 0.5), (1, 2, 2, 0.5), (3, 2, 2, 0.5), (6, 2, 2, 0.5), (9, 4, 1, 0.8)],
    parts={"fades from the first": 0.5, "all equally long": 0.5},
    look="""
# A picture appears once the public cases are right.
if check("fading_restarts", fading_restarts).tone == "good":
    plt.plot([fading_restarts(step, 20, 2, 0.6) for step in range(300)])
    plt.gca().set(xlabel="step", ylabel="factor of the rate", title="Every cycle twice as long, every peak lower")
    plt.show()
""",
)


def _rectifier(
    t, beta2, ratio=lambda r, top: (r - 4) * (r - 2) * top / ((top - 4) * (top - 2) * r), root=True, bend=True
):
    top = 2 / (1 - beta2) - 1
    r = top - (2 * t * beta2**t / (1 - beta2**t) if bend else 2 * t * beta2**t)
    return math.sqrt(ratio(r, top)) if root else ratio(r, top)


radam_factor = Problem(
    title="How sure is Adam yet?",
    points=3,
    exercise=Number(
        name="radam_factor",
        prompt=r"""
In its first steps Adam divides by a $\sqrt{\hat v}$ that rests on a handful of gradients, so its steps vary wildly.
**RAdam** (Liu et al. 2020) counts how many gradients the average is worth and shortens the steps while there are few.
With

$$ \rho_\infty = \frac{2}{1-\beta_2} - 1, \qquad \rho_t = \rho_\infty - \frac{2\,t\,\beta_2^t}{1-\beta_2^t}, \qquad
   r_t = \sqrt{\frac{(\rho_t-4)(\rho_t-2)\,\rho_\infty}{(\rho_\infty-4)(\rho_\infty-2)\,\rho_t}}, $$

each step of Adam is multiplied by $r_t$. What is $r_t$ at your step `t` with your `beta2`?""",
        values={"t": tuple(range(8, 31)), "beta2": spread(0.97, 0.995, 0.001)},
        oracle=_rectifier,
        rtol=5e-3,
        working="ρ∞ = 2/(1 − {beta2}) − 1, then ρ with t = {t}, then the root of the quotient.",
        hints=[
            "Three lines of Python, one for each formula; `beta2**t` is a power.",
            "ρ∞ is near 66 for β₂ = 0.97 and 399 for 0.995. ρₜ is far below, not far from t.",
            "The result lies between 0 and 1.",
        ],
        mistakes=[
            Mistake(
                "no root",
                lambda t, beta2: _rectifier(t, beta2, root=False),
                "The root is missing: this is the square of r.",
            ),
            Mistake(
                "no correction",
                lambda t, beta2: _rectifier(t, beta2, bend=False),
                "The denominator 1 − β₂ᵗ is missing in ρₜ.",
            ),
            Mistake(
                "share of ρ",
                lambda t, beta2: _rectifier(t, beta2, ratio=lambda r, top: r / top, root=False),
                "This is ρₜ/ρ∞, the share of gradients gathered so far; r follows from it by the longer formula.",
            ),
            Mistake(
                "upside down",
                lambda t, beta2: 1 / _rectifier(t, beta2),
                "Upside down: r shortens the steps, so it is below 1.",
            ),
        ],
        remember="A warm-up that follows from counting: the shorter the memory, the sooner it is over.",
    ),
    parts={"no root": 0.5},
)


def _noise(b_small, b_big, g_small, g_big):
    """(S, |G|²) from the mean squared lengths of the gradient at two batch sizes."""
    noise = (g_small - g_big) / (1 / b_small - 1 / b_big)
    return noise, g_small - noise / b_small


noise_scale = Problem(
    title="How large should a batch be?",
    points=3,
    exercise=Number(
        name="noise_scale",
        prompt=r"""
How large should a batch be? The gradient of a batch is the true one plus noise, which a larger batch averages away.
Its squared length is on average

$$ \overline{|g_B|^2} = |G|^2 + \frac{S}{B}, $$

with $G$ the true gradient, $S$ the noise of a single record, and $B$ the batch size. Where noise and gradient are
equally strong, at $B = S/|G|^2$, lies the **noise scale** (McCandlish et al. 2018): well below it, twice the batch is
worth nearly twice the steps; well above it, next to nothing. You have measured $\overline{|g_B|^2}$ at two batch
sizes: it is `g_small` at `B_small` and `g_big` at `B_big`. What is the noise scale?""",
        values={
            "B_small": (8, 10, 12, 16, 20),
            "B_big": (256, 320, 400, 512),
            "g_small": spread(4, 7, 0.1),
            "g_big": spread(1.5, 2.1, 0.05),
        },
        oracle=lambda *given: _noise(*given)[0] / _noise(*given)[1],
        rtol=5e-3,
        working="S = ({g_small} − {g_big})/(1/{B_small} − 1/{B_big}), and |G|² = {g_small} − S/{B_small}; S/|G|² "
        "is asked for.",
        hints=[
            "Write the formula down twice, once for each batch size. What are the two unknowns?",
            "Subtract one equation from the other: |G|² goes, S stays.",
            "With S known, either equation gives |G|². Then divide.",
        ],
        mistakes=[
            Mistake(
                "noise alone",
                lambda *given: _noise(*given)[0],
                "This is S. Divide it by the square of the true gradient.",
            ),
            Mistake(
                "upside down",
                lambda *given: _noise(*given)[1] / _noise(*given)[0],
                "Upside down: the noise scale is S/|G|², a number of records.",
            ),
            Mistake(
                "large batch for truth",
                lambda b, bb, g, gg: _noise(b, bb, g, gg)[0] / gg,
                "You took the large batch's gradient for the true one. It has noise, too: S/B of it.",
            ),
            Mistake(
                "small batch for truth",
                lambda b, bb, g, gg: _noise(b, bb, g, gg)[0] / g,
                "You divided by the small batch's squared length, which is mostly noise.",
            ),
            Mistake(
                "batch sizes subtracted",
                lambda b, bb, g, gg: (g - gg) * (bb - b) / gg,
                "S is divided by B in the formula, so the difference is that of 1/B, not of B.",
            ),
        ],
        remember="Two measurements say how large a batch pays: as long as noise outweighs the gradient.",
    ),
    parts={"noise alone": 0.5, "large batch for truth": 0.5},
)

fair_race = Problem(
    title="In words: a race to be believed",
    points=4,
    exercise=FreeText(
        name="fair_race",
        prompt=r"""
A blog post: "We trained the same network with SGD and with Lion, both with learning rate 0.001, one run each, and
looked at the training cost after 10 epochs. Lion's was 0.31, SGD's 0.52. **Lion is the better optimizer.**"

In 80 to 200 words: name what is wrong with this comparison, and describe one that you would believe, with the numbers
that you would show.""",
        rubric=[
            (
                1,
                "one rate for both: their best rates lie orders of magnitude apart, and each is to be searched for",
            ),
            (1, "one run each: several seeds, and the spread beside the mean"),
            (
                1,
                "training cost after 10 epochs is not the goal: validation cost, at an equal budget",
            ),
            (1, "a concrete design: same budget of search for both, ranges and number of runs named, what is reported"),
        ],
        model=r"""
The rate belongs to the optimizer. At 0.001 plain descent hardly moves, while each of Lion's weights moves by 0.001 in
every step whatever the gradient. One run each tells nothing of luck: the next two seeds may turn the order round. And
the training cost after ten epochs rewards whoever starts fastest, not who is best on records that were not trained
on. I would give both the same budget: say eleven rates from 1e-5 to 1, same schedule, same batch size, same number of
steps. The rate with the least validation cost is then trained anew with five fresh seeds, the same initial weights
and batches for both. I would show the curve of validation cost against the rate for both, since the width of the
floor counts as well; the mean and the spread over seeds at the best rate; and the test accuracy once, at the end. If
the spreads overlap, I would say that no difference was found.""",
        hints=[
            "Lesson 08: what did the fair race vary, and why?",
            "What would you see if both runs were repeated with another seed?",
            "What is the network trained for, and on which records does that show?",
        ],
    ),
)

SET = ProblemSet(
    name="set_2",
    title="Problem set 2 · How it descends",
    part="lessons 05 to 08: gradient descent, learning rate, schedules, optimizers",
    intro="Once you can write Adam, most of what came after it is a line or two away. Here are those lines.",
    problems=[amsgrad_step, lion_step, fading_restarts, radam_factor, noise_scale, fair_race],
)
