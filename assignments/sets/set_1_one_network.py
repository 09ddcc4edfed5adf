"""Set 1, one network: a new bend, losses for outliers, rare classes and quantiles."""

import math

import numpy as np

from course_lib.exercises.engine import Function, Mistake, Number

from ..problems import FreeText, Problem, ProblemSet, spread


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
    title="The slope of Mish",
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
# A picture appears once the public cases are right.
if check("d_mish", d_mish).tone == "good":
    z = np.linspace(-6, 3, 300)
    plt.plot(z, z > 0, "--", label="slope of ReLU")
    plt.plot(z, d_mish(z), label="your slope of mish")
    plt.gca().set(xlabel="z", ylabel="slope", title="Mish goes down before it goes up")
    plt.legend()
    plt.show()
""",
)


LN_2 = math.log(2)


def _log_cosh(z, y, offset=LN_2, gather=np.mean):
    d = np.abs(z - y)
    return gather(d + np.log1p(np.exp(-2 * d)) - offset)


log_cosh = Problem(
    title="A cost that forgives outliers",
    points=3,
    exercise=Function(
        prompt=r"""
The **log-cosh loss** is smooth like the squared error near 0 and grows like the absolute error far out. Its cost is

$$ L = \frac1n \sum_i \ln\cosh(z_i - y_i), \qquad \cosh d = \frac{e^d + e^{-d}}{2}. $$

Write the cost of predictions `z` and targets `y`, arrays of the same length. An error of 1000 is rare but happens,
and the cost is then about 1000, not `inf`.""",
        solution_code='''
def log_cosh(z, y):
    """The mean log-cosh loss."""
    d = np.abs(z - y)
    return np.mean(d + np.log1p(np.exp(-2 * d)) - np.log(2))
''',
        oracle=lambda z, y: sum(float(np.logaddexp(a - b, b - a)) - np.log(2.0) for a, b in zip(z, y)) / len(z),
        inputs=lambda rng: (rng.normal(scale=2, size=(n := rng.integers(2, 7))), rng.normal(scale=2, size=n)),
        edge_cases=[
            (np.array([0.5, -2.0, 3.0]), np.array([0.0, 1.0, 3.0])),
            (np.array([800.0, -2000.0]), np.array([-4.0, 1.0])),
        ],
        alternatives=[lambda z, y: (np.logaddexp(z - y, y - z) - np.log(2)).sum() / z.size],
        hints=[
            "Start with the formula as it stands. What becomes of e¹⁰⁰⁰?",
            "cosh does not mind the sign, so let d be the size of the error, and take eᵈ out of the bracket.",
            "ln cosh d = d + ln(1 + e⁻²ᵈ) − ln 2, for d ≥ 0.",
        ],
        mistakes=[
            Mistake(
                "literally",
                lambda z, y: np.mean(np.log(np.cosh(z - y))),
                "Right for ordinary errors. cosh(1000) is `inf`, though: take the large part out before the logarithm.",
            ),
            Mistake(
                "ln 2 lost",
                lambda z, y: _log_cosh(z, y, offset=0),
                "Every loss is too large by ln 2: cosh has a ½ in it. No error must cost 0.",
            ),
            Mistake("sum", lambda z, y: _log_cosh(z, y, gather=np.sum), "This is the sum; the mean is asked for."),
            Mistake(
                "one per record",
                lambda z, y: _log_cosh(z, y, gather=np.array),
                "This is the loss of each record. The cost is one number, their mean.",
            ),
            Mistake(
                "mean too early",
                lambda z, y: _log_cosh(np.mean(z), np.mean(y)),
                "The mean comes too early: errors of opposite sign have cancelled before their loss was taken.",
            ),
        ],
        remember="Half the square near 0, the distance less ln 2 far out.",
    ),
    public=[
        (np.array([1.0, 2.0]), np.array([1.0, 4.0])),
        (np.array([0.5, -1.0, 2.0]), np.array([0.0, 1.0, 2.5])),
        (np.array([1000.0, 0.0]), np.array([0.0, 0.0])),
    ],
    parts={"literally": 0.5, "sum": 0.5},
)


def _focal(z, y, gamma, weight=lambda p_t: 1 - p_t, gather=np.mean):
    """The focal cost with the weight of a record as given."""
    s = np.where(y == 1, z, -z)
    return gather(weight(np.exp(-np.logaddexp(0, -s))) ** gamma * np.logaddexp(0, -s))


def _focal_literally(z, y, gamma):
    p = 1 / (1 + np.exp(-z))
    p_t = np.where(y == 1, p, 1 - p)
    return np.mean((1 - p_t) ** gamma * -np.log(p_t))


def _focal_of_ones(z, y, gamma):
    p = 1 / (1 + np.exp(-z))
    return np.mean((1 - p) ** gamma * np.logaddexp(0, np.where(y == 1, -z, z)))


focal_loss = Problem(
    title="Rare classes",
    points=4,
    exercise=Function(
        prompt=r"""
One picture in a thousand shows what you look for; the 999 others are soon easy, and together they drown it. The
**focal loss** (Lin et al. 2017) lets easy records count less. With the logit $z$, $p = \sigma(z)$, the label $y \in
\{0, 1\}$, and $p_t$ the probability given to the *right* class ($p$ if $y = 1$, else $1 - p$):

$$ L = \frac1n \sum_i -(1 - p_{t,i})^{\gamma}\, \ln p_{t,i} $$

Write the cost. A network can be sure and wrong, $z = 1000$ with $y = 0$: that costs 1000, not `inf`.

| | $p_t$ | cross-entropy | focal, $\gamma = 2$ |
|---|---|---|---|
| easy | 0.9 | 0.105 | 0.001 |
| hard | 0.1 | 2.303 | 1.865 |""",
        solution_code='''
def focal_loss(z, y, gamma):
    """The mean focal loss of logits z and labels y of 0 and 1."""
    s = np.where(y == 1, z, -z)
    cross_entropy = np.logaddexp(0, -s)
    not_p_t = np.exp(-np.logaddexp(0, s))
    return np.mean(not_p_t**gamma * cross_entropy)
''',
        oracle=lambda z, y, gamma: float(np.mean([_one_focal(a, b, gamma) for a, b in zip(z, y)])),
        inputs=lambda rng: (
            rng.normal(scale=2, size=(n := rng.integers(3, 7))),
            rng.permutation([0, 1] + rng.integers(0, 2, n - 2).tolist()),
            float(rng.choice([0.5, 1.5, 2.0, 3.0])),
        ),
        edge_cases=[
            (np.array([0.3, -1.2, 2.2]), np.array([1, 1, 0]), 2.0),
            (np.array([900.0, -900.0, 0.5]), np.array([0, 1, 1]), 1.0),
        ],
        alternatives=[lambda z, y, gamma: _focal(z, y, gamma)],
        hints=[
            "Turn the sign of z where y is 0. Then both classes have the same formula: pₜ = σ(s).",
            "−ln σ(s) = ln(1 + e⁻ˢ), the softplus of −s. `np.logaddexp(0, x)` is the softplus for every x.",
            "1 − σ(s) = σ(−s) = e^(−softplus(s)).",
        ],
        mistakes=[
            Mistake(
                "literally",
                _focal_literally,
                "Right for ordinary logits. But σ(1000) is 1, and the logarithm of 1 − 1 is `-inf`: get the "
                "cross-entropy from the logit, not from the probability.",
            ),
            Mistake(
                "easy ones count more",
                lambda z, y, gamma: _focal(z, y, gamma, weight=lambda p_t: p_t),
                "You weigh with pₜ^γ, so the *easy* records count most. The weight is (1 − pₜ)^γ.",
            ),
            Mistake(
                "cross-entropy",
                lambda z, y, gamma: _focal(z, y, 0),
                "This is the cross-entropy: the weight (1 − pₜ)^γ is missing.",
            ),
            Mistake(
                "always p",
                _focal_of_ones,
                "The weight is (1 − p)^γ for both labels. For y = 0 the probability of the right class is 1 − p.",
            ),
            Mistake(
                "sum",
                lambda z, y, gamma: _focal(z, y, gamma, gather=np.sum),
                "This is the sum; the mean is asked for.",
            ),
            Mistake(
                "label ignored",
                lambda z, y, gamma: _focal(z, np.ones_like(y), gamma),
                "Every record is treated as if its label were 1. For y = 0 take 1 − p instead of p.",
            ),
            Mistake(
                "a factor for a power",
                lambda z, y, gamma: gamma * _focal(z, y, 1),
                "γ is an exponent of (1 − pₜ), not a factor.",
            ),
        ],
        remember="What is right with 90% counts a hundredth, with γ = 2; what is wrong counts nearly in full.",
    ),
    public=[
        (np.array([2.0, -1.0]), np.array([1, 0]), 2.0),
        (np.array([-0.5, 1.5, 0.0]), np.array([1, 0, 1]), 1.5),
        (np.array([1000.0, 1.0]), np.array([0, 1]), 2.0),
    ],
    parts={"literally": 0.5, "sum": 0.5},
)


def _one_focal(z, y, gamma):
    """The focal loss of one record, in Python's own floats."""
    s = z if y == 1 else -z
    softplus = max(-s, 0.0) + math.log1p(math.exp(-abs(s)))
    return (1 / (1 + math.exp(s)) if s < 700 else 0.0) ** gamma * softplus


def _smoothed(z, y, eps, others=None, gather=np.mean):
    """Cross-entropy against labels of which `eps` goes to all classes, or to the others alone."""
    log_p = z - np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)) - z.max(1, keepdims=True)
    n, classes = z.shape
    target = np.full(z.shape, eps / classes if others is None else others(eps, classes))
    target[np.arange(n), y] = 1 - eps + (eps / classes if others is None else 0)
    return gather(-(target * log_p).sum(axis=1))


soft_targets = Problem(
    title="Content with enough",
    points=4,
    exercise=Function(
        prompt=r"""
Cross-entropy is never content: to bring it to 0, a logit would have to grow for ever. **Label smoothing** (Szegedy et
al. 2016) takes a share $\varepsilon$ of each label and spreads it evenly over *all* $K$ classes, the right one among
them:

$$ t_k = (1 - \varepsilon)\,[k = y] + \frac{\varepsilon}{K}, \qquad L = -\frac1n \sum_i \sum_k t_{ik} \ln p_{ik},
   \qquad p_i = \mathrm{softmax}(z_i) $$

Write the cost of logits `z`, an array (n, K), and labels `y`, n whole numbers from 0 to K − 1. Logits may be as large
as 1000.""",
        solution_code='''
def soft_targets(z, y, eps):
    """The mean cross-entropy of logits z against smoothed labels."""
    shifted = z - z.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    right = log_p[np.arange(len(y)), y]
    return np.mean(-(1 - eps) * right - eps * log_p.mean(axis=1))
''',
        oracle=lambda z, y, eps: float(np.mean([_one_smoothed(row, label, eps) for row, label in zip(z, y)])),
        inputs=lambda rng: (
            rng.normal(scale=2, size=(n := rng.integers(2, 5), k := rng.integers(3, 6))),
            rng.integers(0, k, n),
            float(rng.uniform(0.05, 0.4)),
        ),
        edge_cases=[
            (np.array([[1.0, -1.0, 0.5], [0.0, 2.0, 1.0]]), np.array([2, 1]), 0.2),
            (np.array([[900.0, 0.0, -900.0], [1.0, 2.0, 3.0]]), np.array([0, 0]), 0.1),
        ],
        alternatives=[_smoothed],
        hints=[
            "First the logarithms of the softmax: subtract the largest logit of each row before `np.exp`.",
            "Build the smoothed labels as a table like z: ε/K everywhere, and 1 − ε more at the right class.",
            "`table[np.arange(n), y]` picks one entry per row, to read it or to add to it.",
        ],
        mistakes=[
            Mistake(
                "not smoothed",
                lambda z, y, eps: _smoothed(z, y, 0.0),
                "This is the plain cross-entropy: ε has no effect.",
            ),
            Mistake(
                "spread over the others",
                lambda z, y, eps: _smoothed(z, y, eps, others=lambda e, k: e / (k - 1)),
                "You spread ε over the K − 1 wrong classes. It goes to all K, the right one among them.",
            ),
            Mistake(
                "share not divided",
                lambda z, y, eps: _smoothed(z, y, eps, others=lambda e, k: e),
                "Each wrong class gets a whole ε. It is one ε for all: the targets of a record add up to 1.",
            ),
            Mistake(
                "shares swapped",
                lambda z, y, eps: _smoothed(z, y, 1 - eps),
                "The shares are swapped: the label keeps 1 − ε, and ε is spread.",
            ),
            Mistake(
                "sum",
                lambda z, y, eps: _smoothed(z, y, eps, gather=np.sum),
                "This is the sum over records, not the mean.",
            ),
            Mistake(
                "literally",
                lambda z, y, eps: _literally_smoothed(z, y, eps),
                "Right for ordinary logits. e⁹⁰⁰ is `inf`: subtract the largest logit of each row first.",
            ),
        ],
        remember="The best logits are finite now: sure enough is enough.",
    ),
    public=[
        (np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 3.0]]), np.array([0, 1]), 0.1),
        (np.array([[0.5, -0.5, 1.0, 0.0]]), np.array([2]), 0.3),
        (np.array([[1000.0, 0.0]]), np.array([0]), 0.1),
    ],
    parts={"literally": 0.5, "sum": 0.5, "spread over the others": 0.5},
)


def _one_smoothed(row, label, eps):
    """One record's loss: the log of the sum, less the mean logit that the smoothed label sees."""
    top = max(row)
    log_sum = top + math.log(sum(math.exp(v - top) for v in row))
    return log_sum - sum(((1 - eps) * (k == label) + eps / len(row)) * v for k, v in enumerate(row))


def _literally_smoothed(z, y, eps):
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    target = np.eye(z.shape[1])[y] * (1 - eps) + eps / z.shape[1]
    return np.mean(-(target * np.log(p)).sum(axis=1))


pinball = Problem(
    title="What nine of ten stay below",
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
            "y1": spread(1.2, 3.8, 0.1),
            "y2": spread(7.2, 9.8, 0.1),
            "y3": spread(10.3, 13.8, 0.1),
            "p": spread(4.5, 6.3, 0.1),
            "tau": spread(0.7, 0.95, 0.05),
        },
        oracle=lambda y1, y2, y3, p, tau: sum(max(tau * (y - p), (tau - 1) * (y - p)) for y in (y1, y2, y3)) / 3,
        rtol=5e-3,
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
    title="In words: a promise on a screen",
    points=4,
    exercise=FreeText(
        name="ninety_percent",
        prompt=r"""
An emergency department wants a number on its screen: a waiting time that **nine of ten** patients do not exceed. Most
wait for about 20 minutes; a few wait for hours. A colleague has trained a network on past visits with the mean
squared error, and shows what it predicts.

In 80 to 200 words: What does her number mean, and what would it mean had she used the mean absolute error? Which loss
should the network be trained with, with which setting, and how would you check on unseen visits that it does what was
asked for?""",
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
patient waits nor what nine of ten stay below. The absolute error is least at the median: half of all patients would
wait longer than the screen says. The quantile loss with tau = 0.9 makes falling short nine times as dear as
overshooting, so it is least where a tenth of the targets lie above: exactly what was asked for. To check, keep visits
aside that the network has not seen, and count how many of them waited no longer than predicted. It should be about
90%, not only overall but also at night and on weekends.""",
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
    problems=[d_mish, log_cosh, focal_loss, soft_targets, pinball, ninety_percent],
)
