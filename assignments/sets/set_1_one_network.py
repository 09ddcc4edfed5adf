"""Set 1, one network: a new bend, losses for outliers, rare classes and quantiles."""

import numpy as np

from course_lib.exercises.engine import Function, Mistake, Number

from ..problems import FreeText, Problem, ProblemSet


def _mish(z):
    return z * np.tanh(np.logaddexp(0.0, z))


def _slope(z, gate=True, opening=True, sech=lambda t: 1 - t**2, squash=lambda z: 0.5 * (1 + np.tanh(z / 2))):
    """Mish's slope by the product rule, with one thing wrong."""
    t = np.tanh(np.logaddexp(0.0, z))
    return gate * t + opening * z * sech(t) * squash(z)


def _by_dual_numbers(z):
    """Mish's slope from one evaluation at z + 1e-30i; its imaginary part, and so no formula for the slope."""
    w = np.asarray(z, float) + 1e-30j
    large = np.where(w.real > 0, w, -w)  # the softplus of a complex number, with the larger part taken out
    softplus = np.where(w.real > 0, w, 0) + np.log1p(np.exp(-large))
    return (w * np.tanh(softplus)).imag / 1e-30


d_mish = Problem(
    points=4,
    exercise=Function(
        prompt=r"""
**Softplus** is a ReLU with a round corner, $s(z) = \ln(1 + e^z)$. **Mish** (Misra 2019) lets it open a gate,
$\mathrm{mish}(z) = z \cdot \tanh(s(z))$. Backpropagation needs its slope. By product and chain rule,

$$ \mathrm{mish}'(z) = \tanh(s) + z\,\bigl(1 - \tanh^2(s)\bigr)\, s'(z). $$

What is $s'(z)$? Work it out, then write the slope for arrays of any shape. It has to hold for *every* $z$: for 1000 and
$-1000$, too, `nan` is no answer. Some values to hold on to:

| $z$ | −2 | 0 | 1 | 1000 |
|---|---|---|---|---|
| mish | −0.252501 | 0 | 0.865098 | 1000 |
| its slope | −0.108336 | 0.6 | 1.049006 | 1 |""",
        solution_code='''
def d_mish(z):
    """The slope of mish."""
    e = np.exp(-np.abs(z))
    gate = np.tanh(np.maximum(z, 0) + np.log1p(e))
    opening = np.where(z >= 0, 1, e) / (1 + e)
    return gate + z * (1 - gate**2) * opening
''',
        oracle=_by_dual_numbers,
        inputs=lambda rng: (rng.normal(scale=3, size=(rng.integers(2, 5), rng.integers(1, 4))),),
        edge_cases=[
            (np.array([[-1.5, 0.5], [3.0, -6.0]]),),
            (np.array([900.0, -900.0, 45.0, -45.0, 720.0]),),
        ],
        alternatives=[_slope],
        hints=[
            "The slope of ln(1 + eᶻ) is an old acquaintance from lesson 02. Which one?",
            "It is the sigmoid. `np.exp(1000)` is `inf`, and `inf / inf` is `nan`: raise e to numbers below 0 only.",
            "For z ≥ 0 the softplus is z + ln(1 + e⁻ᶻ) and the sigmoid 1/(1 + e⁻ᶻ); below 0 the forms with eᶻ do. "
            "`np.where` chooses per entry.",
        ],
        mistakes=[
            Mistake(
                "literally",
                lambda z: _slope(z, squash=lambda z: np.exp(z) / (1 + np.exp(z))),
                "Right for ordinary numbers. But eᶻ/(1 + eᶻ) is inf/inf, `nan`, from z = 710 on: raise e to negative "
                "numbers only.",
            ),
            Mistake(
                "gate alone",
                lambda z: _slope(z, opening=False),
                "This is the gate, tanh(softplus(z)), as if it did not depend on z: a term is missing.",
            ),
            Mistake(
                "gate held open",
                lambda z: _slope(z, gate=False),
                "This is the second term of the product rule. The first, the gate itself, is missing.",
            ),
            Mistake(
                "no inner slope",
                lambda z: _slope(z, squash=lambda z: 1.0),
                "The chain rule stops too early: softplus has a slope of its own, the sigmoid.",
            ),
            Mistake(
                "square forgotten",
                lambda z: _slope(z, sech=lambda t: 1 - t),
                "The slope of tanh is 1 − tanh², with the square.",
            ),
            Mistake("mish itself", _mish, "This is mish. Its slope is asked for."),
            Mistake(
                "slope of swish",
                lambda z: (s := 0.5 * (1 + np.tanh(z / 2))) + z * s * (1 - s),
                "This is the slope of z · sigmoid(z), called SiLU or Swish. Mish's gate is tanh(softplus(z)).",
            ),
        ],
        remember="The dip below 0 has a slope of its own sign: there more input gives less output.",
    ),
    public=[(np.array([-2.0, 0.0, 1.0]),), (np.array([[0.5, -0.5], [3.0, -4.0]]),), (np.array([1000.0, -1000.0]),)],
    parts={"literally": 0.5},
    look="""
if check("d_mish", d_mish).tone == "good":  # the picture comes when the public cases are right
    z = np.linspace(-6, 3, 300)
    plt.plot(z, z > 0, "--", label="slope of ReLU")
    plt.plot(z, d_mish(z), label="your slope of mish")
    plt.gca().set(xlabel="z", ylabel="slope", title="Mish goes down before it goes up")
    plt.legend()
    plt.show()
""",
)

pinball = Problem(
    points=3,
    exercise=Number(
        name="pinball",
        prompt=r"""
The **quantile loss** weighs what falls short and what overshoots differently. For a target $y$, a prediction $p$ and a
share $\tau$ it is

$$ \ell(p, y) = \begin{cases} \tau\,(y - p) & y \ge p \\ (1-\tau)\,(p - y) & y < p \end{cases} $$

Three targets are `y1`, `y2` and `y3`, and the prediction for all of them is `p`; the share is `tau`. What is the
**mean** quantile loss?""",
        values={
            "y1": tuple(np.arange(1.2, 3.9, 0.1).round(1).tolist()),
            "y2": tuple(np.arange(7.2, 9.9, 0.1).round(1).tolist()),
            "y3": tuple(np.arange(10.3, 13.9, 0.1).round(1).tolist()),
            "p": tuple(np.arange(4.5, 6.4, 0.1).round(1).tolist()),
            "tau": (0.7, 0.75, 0.8, 0.85, 0.9, 0.95),
        },
        oracle=lambda y1, y2, y3, p, tau: sum(max(tau * (y - p), (tau - 1) * (y - p)) for y in (y1, y2, y3)) / 3,
        rtol=5e-3,
        precision="three significant digits are enough",
        working="(1 − {tau})·({p} − {y1}), then {tau}·({y2} − {p}) and {tau}·({y3} − {p}); a third of their sum.",
        hints=[
            "Which of the three targets lie above the prediction, which below?",
            "One lies below: its distance counts 1 − τ. Two lie above: their distances count τ.",
            "Add the three and divide by 3.",
        ],
        mistakes=[
            Mistake(
                "sides swapped",
                lambda y1, y2, y3, p, tau: sum(max((1 - tau) * (y - p), -tau * (y - p)) for y in (y1, y2, y3)) / 3,
                "The two weights are swapped: τ belongs to targets *above* the prediction.",
            ),
            Mistake(
                "sum",
                lambda y1, y2, y3, p, tau: sum(max(tau * (y - p), (tau - 1) * (y - p)) for y in (y1, y2, y3)),
                "This is the sum over the three targets; their mean is asked for.",
            ),
            Mistake(
                "no sides",
                lambda y1, y2, y3, p, tau: tau * sum(abs(y - p) for y in (y1, y2, y3)) / 3,
                "You weighed every distance with τ. The target below the prediction counts 1 − τ.",
            ),
            Mistake(
                "sign lost",
                lambda y1, y2, y3, p, tau: (
                    sum(max(tau * (y - p), 0) - (1 - tau) * max(p - y, 0) for y in (y1, y2, y3)) / 3
                ),
                "The target below the prediction was taken off. A loss is never negative: its distance is p − y.",
            ),
        ],
        remember="With τ = 0.9 the best constant prediction is one that nine of ten targets stay below.",
    ),
    parts={"sum": 0.5},
)

ninety_percent = Problem(
    points=4,
    exercise=FreeText(
        name="ninety_percent",
        prompt=r"""
An emergency department wants a number on its screen: a waiting time that **nine of ten** patients do not exceed. Most
wait for about 20 minutes; a few wait for hours. A colleague has trained a network on past visits with the mean
squared error, and shows what it predicts.

In 80 to 200 words: What does her number mean, and what would it mean had she used the mean absolute error? Which loss
should the
network be trained with, with which setting, and how would you check on unseen visits that it does what was asked
for?""",
        rubric=[
            (1, "MSE leads to the mean, which the few long waits pull up; it is not the time that 90% stay below"),
            (1, "MAE leads to the median: half of the patients wait longer"),
            (1, "the quantile loss with τ = 0.9, and why: falling short costs nine times as much as overshooting"),
            (
                1,
                "on visits not trained on, count the share that waited no longer than predicted: it should be near 90%",
            ),
        ],
        model=r"""
The mean squared error is least at the mean. The few who wait for hours pull it up, so it says neither what a usual
patient waits nor what
nine of ten stay below. The absolute error is least at the median: half of all patients would wait longer than the
screen says. The quantile
loss with tau = 0.9 makes falling short nine times as dear as overshooting, so it is least where a tenth of the
targets lie above: exactly
what was asked for. To check, keep visits aside that the network has not seen, and count how many of them waited no
longer than
predicted. It should be about 90%, not only overall but also at night and on weekends.""",
        hints=[
            "Which number makes the mean squared error to a handful of targets least? Which the mean absolute error?",
            "The exercise on the quantile loss has a share τ in it. What is its best constant prediction?",
            "A promise about nine of ten can be checked by counting.",
        ],
    ),
)

SET = ProblemSet(
    name="set_1",
    title="Problem set 1 · One network",
    part="lessons 01 to 04: neurons and layers, activation functions, loss functions, backpropagation",
    intro="The lessons gave you the usual bends and losses; here are some they left out, and what each is good for.",
    problems=[d_mish, pinball, ninety_percent],
)
