"""Set 4, learning for the unseen: can its confidence be trusted, when to stop, and what makes weights exactly 0."""

import math

import numpy as np

from course_lib.exercises.engine import Function, Mistake, Number

from ..problems import FreeText, Problem, ProblemSet, spread


def _bin_of(c, bins):
    return np.minimum((np.asarray(c) * bins).astype(int), bins - 1)


def _gaps(confidence, right, bins, place=_bin_of):
    """(records, right share less mean confidence) of every bin that has records."""
    where = place(confidence, bins)
    return [
        (int((where == b).sum()), right[where == b].mean() - confidence[where == b].mean()) for b in sorted({*where})
    ]


def _calibration(gather):
    """The calibration error gathered from the gaps in another way."""
    return lambda confidence, right, bins: float(gather(_gaps(confidence, right, bins), len(right), bins))


def _by_sums(confidence, right, bins):
    """Each bin's share of records times its gap is a plain sum over its records, divided by all."""
    sums = dict.fromkeys(range(bins), 0.0)
    for c, r in zip(confidence.tolist(), right.tolist()):
        b = next(k for k in range(bins) if c < (k + 1) / bins or k == bins - 1)
        sums[b] += r - c
    return sum(map(abs, sums.values())) / len(right)


def _confident(rng):
    n, bins = int(rng.integers(8, 16)), int(rng.integers(3, 7))
    # From the middle of a bin, so that rounding moves none over its border.
    confidence = (rng.integers(0, bins, n) + rng.uniform(0.2, 0.8, n)) / bins
    return confidence, (rng.uniform(size=n) < 0.6).astype(int), bins


calibration_error = Problem(
    title="Does it know how often it is right?",
    points=4,
    exercise=Function(
        prompt=r"""
A network that says "90%" a hundred times should be right about ninety times. The **expected calibration error**
(Naeini et al. 2015) measures by how much it is not. Cut the confidences into `bins` equally wide intervals: bin $b =
0, 1, \dots$ takes those with $\frac{b}{\text{bins}} \le c < \frac{b+1}{\text{bins}}$, and the last one takes 1 as
well. Then

$$ \mathrm{ECE} = \sum_b \frac{n_b}{n}\,\bigl|\,\mathrm{acc}_b - \mathrm{conf}_b\,\bigr|, $$

where $n_b$ is the number of records in bin $b$, $\mathrm{acc}_b$ the share of them that were right, and
$\mathrm{conf}_b$ their mean confidence. Empty bins count nothing. Write it for arrays `confidence` (from 0 to 1) and
`right` (1 or 0).

| confidence | right | in bin | gap (2 bins) |
|---|---|---|---|
| 0.2, 0.4 | 0, 1 | 0 | 0.5 − 0.3 |
| 0.9, 1.0 | 1, 0 | 1 | 0.5 − 0.95 |

So its ECE is ½ · 0.2 + ½ · 0.45 = 0.325.""",
        solution_code='''
def calibration_error(confidence, right, bins):
    """By how much confidence and success differ, over the bins."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for b in range(bins):
        inside = which == b
        if inside.any():
            total += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return total
''',
        oracle=_by_sums,
        inputs=_confident,
        edge_cases=[
            (np.array([1.0, 1.0, 0.3, 0.75]), np.array([1, 0, 1, 1]), 4),
            (np.array([0.55, 0.6, 0.65]), np.array([1, 1, 0]), 5),
            (np.array([0.0, 1.0]), np.array([0, 1]), 3),
        ],
        alternatives=[_calibration(lambda gaps, n, bins: sum(k * abs(gap) for k, gap in gaps) / n)],
        hints=[
            "In which bin is a confidence? Multiply by the number of bins and cut off the decimals; 1.0 needs care.",
            "A loop over the bins; a comparison marks the records of one, and `right[marked]` picks them.",
            "The mean of an empty array is `nan`: skip empty bins. The mean of the marks is the share n_b/n.",
        ],
        mistakes=[
            Mistake(
                "bins count alike",
                _calibration(lambda gaps, n, bins: np.mean([abs(gap) for _, gap in gaps])),
                "Every bin counts the same, whether it holds one record or hundreds: weigh it with its share of "
                "the records.",
            ),
            Mistake(
                "gaps cancel",
                _calibration(lambda gaps, n, bins: abs(sum(k * gap for k, gap in gaps) / n)),
                "Gaps of opposite sign cancel: too sure here, not sure enough there. Take the size of each gap first.",
            ),
            Mistake(
                "largest gap",
                _calibration(lambda gaps, n, bins: max(abs(gap) for _, gap in gaps)),
                "This is the largest gap, called the maximum calibration error.",
            ),
            Mistake(
                "squares",
                _calibration(lambda gaps, n, bins: math.sqrt(sum(k * gap**2 for k, gap in gaps) / n)),
                "You averaged the squares of the gaps. Here it is their size.",
            ),
            Mistake(
                "record by record",
                lambda confidence, right, bins: np.mean(np.abs(right - confidence)),
                "You compare each record with its own confidence, which no bin is needed for. Average within each "
                "bin first.",
            ),
            Mistake(
                "gaps added",
                _calibration(lambda gaps, n, bins: sum(abs(gap) for _, gap in gaps)),
                "The gaps are added up without their weights n_b/n.",
            ),
        ],
        remember="0 means: it may be wrong, but it knows how often.",
    ),
    public=[
        (np.array([0.2, 0.4, 0.9, 1.0]), np.array([0, 1, 1, 0]), 2),
        (np.array([0.15, 0.9, 0.85, 0.55, 0.95]), np.array([0, 1, 0, 1, 1]), 5),
    ],
    parts={"bins count alike": 0.5, "gaps added": 0.5},
)


def _stop(costs, alpha, least=min, percent=100, give=lambda last, best: (last, best), late=False, compare=None):
    """Prechelt's first rule with one thing wrong."""
    last = len(costs) - 1
    for t in range(len(costs)):
        reference = compare(costs, t) if compare else least(costs[: t + 1])
        if percent * (costs[t] / reference - 1) > alpha:
            last = min(t + late, len(costs) - 1)
            break
    seen = list(costs[: last + 1])
    return give(last, seen.index(min(seen)))


def _stop_at_once(costs, alpha):
    """The rule without a loop: running minima of the whole row, then the first place above them."""
    low = np.minimum.accumulate(costs)
    above = np.flatnonzero(costs > low * (1 + alpha / 100))
    last = int(above[0]) if len(above) else len(costs) - 1
    return [last, int(np.argmin(costs[: last + 1]))]


def _validation(rng):
    """A cost that falls, bumps up a little, falls lower and then rises for good."""
    down = 2 - np.cumsum(rng.uniform(0.15, 0.25, rng.integers(3, 5)))
    bump = down[-1] * np.array([1.03, 1.05])
    lower = down[-1] * np.array([0.9, 0.8])
    rise = lower[-1] * np.array([1.06, 1.04, 1.14, 1.2])
    return np.concatenate([down, bump, lower, rise]), float(rng.choice([7.0, 9.0, 11.0]))


stop_at = Problem(
    title="Stop when too much is lost",
    points=4,
    exercise=Function(
        prompt=r"""
Patience (lesson 14) counts evaluations. Prechelt (1998) looks at *how much* has been lost instead. After evaluation
$t$, the **generalization loss** is the rise of the validation cost above the least so far, in percent:

$$ GL(t) = 100\,\Bigl(\frac{E(t)}{\min_{s \le t} E(s)} - 1\Bigr), $$

and training stops at the first $t$ with $GL(t) > \alpha$; if there is none, at the last evaluation. Write it for an
array of `costs`, counted from 0. Give back two whole numbers: the evaluation at which it stops, and that of the least
cost until then (the first, if there are several): that is what training goes back to.

For costs 2, 1, 1.04, 0.9, 0.95, 1 and $\alpha = 5$ the losses are 0, 0, 4, 0, 5.6, …: it stops at 4 and goes back to
3.""",
        solution_code='''
def stop_at(costs, alpha):
    """Where training stops, and where its least cost was until then."""
    best = 0
    for t in range(len(costs)):
        if costs[t] < costs[best]:
            best = t
        if 100 * (costs[t] / costs[best] - 1) > alpha:
            break
    return t, best
''',
        oracle=_stop_at_once,
        inputs=_validation,
        edge_cases=[
            (np.array([3.0, 2.0, 2.5, 1.0, 1.02]), 10.0),
            (np.array([1.0, 0.8, 0.8, 0.7, 0.72, 0.71]), 20.0),
            (np.array([1.0, 2.0, 0.1, 0.5]), 50.0),
            (np.array([2.0, 1.0, 1.04, 1.08, 1.12, 0.5]), 5.0),
        ],
        alternatives=[lambda costs, alpha: [*_stop(costs.tolist(), alpha)]],
        hints=[
            "Walk through the costs and remember where the least so far was.",
            "In each round: is this one the new least? Then, how many percent above the least is it?",
            "`break` leaves the loop with t where it stopped; without it t is the last one.",
        ],
        mistakes=[
            Mistake(
                "looks ahead",
                lambda costs, alpha: _stop(costs.tolist(), alpha, least=lambda seen: costs.min()),
                "You compare with the least cost of the whole row. When training stands at t, what comes later is "
                "unknown.",
            ),
            Mistake(
                "compared with the one before",
                lambda costs, alpha: _stop(costs.tolist(), alpha, compare=lambda c, t: c[max(t - 1, 0)]),
                "You compare with the evaluation before. A cost that creeps up would never be stopped: take the "
                "least so far.",
            ),
            Mistake(
                "compared with the start",
                lambda costs, alpha: _stop(costs.tolist(), alpha, compare=lambda c, t: c[0]),
                "You compare with the first cost. It is the least so far that counts.",
            ),
            Mistake(
                "percent forgotten",
                lambda costs, alpha: _stop(costs.tolist(), alpha, percent=1),
                "α is in percent: the factor 100 is missing, so it hardly ever stops.",
            ),
            Mistake(
                "one too late",
                lambda costs, alpha: _stop(costs.tolist(), alpha, late=True),
                "It stops one evaluation too late.",
            ),
            Mistake(
                "order swapped",
                lambda costs, alpha: _stop(costs.tolist(), alpha, give=lambda last, best: (best, last)),
                "Both numbers are right, in the wrong order: where it stops comes first.",
            ),
            Mistake(
                "stop alone",
                lambda costs, alpha: _stop(costs.tolist(), alpha, give=lambda last, best: last),
                "Where to go back to is missing: two numbers are asked for, with a comma between.",
            ),
        ],
        remember="A rule in percent needs no idea of how often one evaluates; patience does.",
    ),
    public=[
        (np.array([2.0, 1.0, 1.04, 0.9, 0.95, 1.0]), 5.0),
        (np.array([1.0, 0.9, 0.8, 0.7]), 5.0),
        (np.array([1.0, 1.05, 0.9, 1.2, 0.1, 0.3]), 10.0),
    ],
    parts={"order swapped": 0.5, "one too late": 0.5, "stop alone": 0.5},
)


def _prox(w, g, lr, l1, l2, u=lambda w, g, lr: w - lr * g, pull=lambda lr, l1: lr * l1, soft=None, after=None):
    """One proximal step with one thing wrong."""
    soft = soft or (lambda u, k: np.sign(u) * np.maximum(np.abs(u) - k, 0))
    after = after or (lambda v, lr, l2: v / (1 + lr * l2))
    return after(soft(u(w, g, lr), pull(lr, l1)), lr, l2)


def _least_by_cases(w, g, lr, l1, l2):
    """The minimum of (x − u)²/2 + lr(l1|x| + l2 x²/2), found on each side of 0 and at 0, weight by weight."""
    result = []
    for u in (w - lr * g).tolist():
        places = [0.0] + [x for s in (1, -1) if (x := (u - s * lr * l1) / (1 + lr * l2)) * s > 0]
        result.append(min(places, key=lambda x: (x - u) ** 2 / 2 + lr * (l1 * abs(x) + l2 * x * x / 2)))
    return np.array(result)


shrink = Problem(
    title="Zeros that are zeros",
    points=4,
    exercise=Function(
        prompt=r"""
L1 should make weights exactly 0, but plain descent with $\pm\lambda_1$ in the gradient only lets them jump about 0
for ever. The cure is a **proximal step**: first go along the gradient of the cost alone, then let the penalties act
on what came out, exactly. For L1 and L2 together (the *elastic net*):

$$ u = w - \mathrm{lr}\,g, \qquad
   w \leftarrow \frac{\mathrm{sign}(u)\,\max(|u| - \mathrm{lr}\,\lambda_1,\, 0)}{1 + \mathrm{lr}\,\lambda_2} $$

So a weight comes nearer to 0 by $\mathrm{lr}\,\lambda_1$ and stops there; then L2 shrinks it. Write the step; `l1`
and `l2` are $\lambda_1$ and $\lambda_2$.

| $u$ | −2 | −0.3 | 0.1 | 0.5 | 1 |
|---|---|---|---|---|---|
| $w$ for lr·λ₁ = 0.4, lr·λ₂ = 0 | −1.6 | 0 | 0 | 0.1 | 0.6 |""",
        solution_code='''
def shrink(w, g, lr, l1, l2):
    """The weights after one proximal step."""
    u = w - lr * g
    return np.sign(u) * np.maximum(np.abs(u) - lr * l1, 0) / (1 + lr * l2)
''',
        oracle=_least_by_cases,
        inputs=lambda rng: (
            rng.permutation([0.05, -0.08, 1.2, -0.9, 0.4]) * rng.uniform(0.8, 1.2, 5),
            rng.normal(scale=0.3, size=5),
            float(rng.uniform(0.1, 0.4)),
            float(rng.uniform(0.6, 1.5)),
            float(rng.uniform(0.3, 2)),
        ),
        edge_cases=[
            (np.array([0.0, 0.05, -2.0]), np.array([0.0, 0.1, 1.0]), 0.1, 1.0, 0.5),
            (np.array([0.5, -0.5, 0.01]), np.array([0.0, 0.0, 0.0]), 0.5, 0.0, 2.0),
            (np.array([3.0, -0.1, 0.02]), np.array([1.0, -1.0, 0.3]), 0.2, 0.8, 0.0),
        ],
        alternatives=[
            _prox,
            lambda w, g, lr, l1, l2: (u := w - lr * g, u - np.clip(u, -lr * l1, lr * l1))[1] / (1 + lr * l2),
        ],
        hints=[
            "First u, by the gradient of the cost alone. The penalties are not in g.",
            "How far is each entry of u from 0? Take lr·λ₁ off that, but not beyond 0: `np.maximum` compares with 0.",
            "Then give it its sign back, and divide.",
        ],
        mistakes=[
            Mistake(
                "through 0",
                lambda w, g, lr, l1, l2: _prox(w, g, lr, l1, l2, soft=lambda u, k: u - k * np.sign(u)),
                "Small weights jump through 0 to the other side: that is the jumping about which this step is to end. "
                "Stop at 0.",
            ),
            Mistake(
                "cut, not shrunk",
                lambda w, g, lr, l1, l2: _prox(w, g, lr, l1, l2, soft=lambda u, k: np.where(np.abs(u) > k, u, 0)),
                "Small weights become 0, but large ones keep their size: L1 takes lr·λ₁ off every one.",
            ),
            Mistake(
                "rate forgotten",
                lambda w, g, lr, l1, l2: _prox(w, g, lr, l1, l2, pull=lambda lr, l1: l1),
                "The threshold is λ₁ itself; the penalty acts for one step of length lr, so it is lr·λ₁.",
            ),
            Mistake(
                "no L2",
                lambda w, g, lr, l1, l2: _prox(w, g, lr, l1, 0),
                "λ₂ has no effect: divide by 1 + lr·λ₂.",
            ),
            Mistake(
                "L2 taken off",
                lambda w, g, lr, l1, l2: _prox(w, g, lr, l1, l2, after=lambda v, lr, l2: v * (1 - lr * l2)),
                "You multiply by 1 − lr·λ₂, as a step of descent on the L2 penalty would. The exact step divides "
                "by 1 + lr·λ₂.",
            ),
            Mistake(
                "gradient last",
                lambda w, g, lr, l1, l2: _prox(w, 0, lr, l1, l2) - lr * g,
                "You shrink the old weights and step afterwards, which moves the zeros away again. The gradient "
                "comes first.",
            ),
            Mistake(
                "sign lost",
                lambda w, g, lr, l1, l2: _prox(w, g, lr, l1, l2, soft=lambda u, k: np.maximum(np.abs(u) - k, 0)),
                "Negative weights come out positive: give each its sign back.",
            ),
        ],
        remember="Zeros that are zeros: what cannot pay λ₁ for itself is switched off.",
    ),
    public=[
        (np.array([-2.0, -0.3, 0.1, 0.5, 1.0]), np.zeros(5), 0.4, 1.0, 0.0),
        (np.array([1.0, -0.2, 0.6]), np.array([0.5, 0.1, -1.0]), 0.2, 1.5, 0.5),
    ],
    parts={"L2 taken off": 0.5, "no L2": 0.5, "cut, not shrunk": 0.5},
)


def _matthews(tp, fp, fn, tn, root=True, both=True):
    top, below = tp * tn - (fp * fn if both else 0), (tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)
    return top / (math.sqrt(below) if root else below)


matthews = Problem(
    title="One number for four counts",
    points=3,
    exercise=Number(
        name="matthews",
        prompt=r"""
When one class is rare, even F1 can flatter: it never looks at the true negatives. The **Matthews correlation** (1975)
uses all four counts. It is 1 for a perfect classifier, 0 for guessing, −1 for one that is always wrong:

$$ \mathrm{MCC} = \frac{TP\cdot TN - FP\cdot FN}{\sqrt{(TP+FP)(TP+FN)(TN+FP)(TN+FN)}} $$

A test for a disease found `tp` of the ill and missed `fn`; of the healthy it cleared `tn` and alarmed `fp`. What is
its Matthews correlation?""",
        values={
            "tp": tuple(range(21, 33)),
            "fp": tuple(range(90, 141)),
            "fn": tuple(range(5, 13)),
            "tn": tuple(range(700, 960, 10)),
        },
        oracle=_matthews,
        rtol=5e-3,
        working="({tp}·{tn} − {fp}·{fn}) divided by the root of ({tp}+{fp})({tp}+{fn})({tn}+{fp})({tn}+{fn}).",
        hints=[
            "Four counts, four sums: one for each row and each column of the confusion matrix.",
            "The root is taken of the product of all four sums.",
            "The result should lie between 0.2 and 0.5.",
        ],
        mistakes=[
            Mistake(
                "no root",
                lambda *c: _matthews(*c, root=False),
                "The root is missing: correlations lie between −1 and 1.",
            ),
            Mistake(
                "errors forgotten",
                lambda *c: _matthews(*c, both=False),
                "The product of the two kinds of error, FP·FN, is to be taken off in the numerator.",
            ),
            Mistake(
                "accuracy",
                lambda tp, fp, fn, tn: (tp + tn) / (tp + fp + fn + tn),
                "This is the accuracy. Clearing everybody would look as good: most are healthy.",
            ),
            Mistake(
                "F1",
                lambda tp, fp, fn, tn: 2 * tp / (2 * tp + fp + fn),
                "This is F1, which knows nothing of the true negatives.",
            ),
            Mistake(
                "FP and FN taken for TN",
                lambda tp, fp, fn, tn: (tp * fn - fp * tn) / math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)),
                "You have multiplied along the wrong diagonal: TP with TN, and FP with FN.",
            ),
        ],
        remember="Four counts, one number, and guessing gets 0 whatever the class sizes.",
    ),
    parts={"errors forgotten": 0.5},
)

temperature = Problem(
    title="Less sure of itself",
    points=3,
    exercise=Number(
        name="temperature",
        prompt=r"""
A network was too sure of itself. **Temperature scaling** (Guo et al. 2017) divides all logits by one number $T > 1$,
found on validation data, before the softmax: the order of the classes stays, the confidence falls. For one record
with two classes the logits are `z1` and `z2`. Which $T$ makes the probability of the first class exactly `p`?""",
        values={"z1": spread(3.2, 6.8, 0.1), "z2": spread(-2.5, -0.5, 0.1), "p": spread(0.78, 0.93, 0.01)},
        oracle=lambda z1, z2, p: (z1 - z2) / math.log(p / (1 - p)),
        rtol=5e-3,
        working="p/(1 − p) = e^((z1 − z2)/T), so T = ({z1} − {z2}) / ln({p}/(1 − {p})).",
        hints=[
            "With two classes the softmax is a sigmoid of the difference of the logits.",
            "σ(d/T) = p. Which number has p as its sigmoid?",
            "It is ln(p/(1 − p)), the log-odds. So d/T is that.",
        ],
        mistakes=[
            Mistake(
                "second logit forgotten",
                lambda z1, z2, p: z1 / math.log(p / (1 - p)),
                "You used the first logit alone. With two classes it is the difference of both that counts.",
            ),
            Mistake(
                "logarithm of p",
                lambda z1, z2, p: (z1 - z2) / -math.log(p),
                "You took the logarithm of p. The odds are p/(1 − p): the second class has its share of the softmax.",
            ),
            Mistake(
                "upside down",
                lambda z1, z2, p: math.log(p / (1 - p)) / (z1 - z2),
                "Upside down: this is what to multiply the logits by. T divides them, and is above 1.",
            ),
            Mistake(
                "logits added",
                lambda z1, z2, p: (z1 + z2) / math.log(p / (1 - p)),
                "You added the logits, or lost the sign of the second: it is negative, so the difference is larger "
                "than the first.",
            ),
        ],
        remember="One number, and no prediction changes: only how loudly it is said.",
    ),
    parts={"upside down": 0.5, "second logit forgotten": 0.5},
)

too_good = Problem(
    title="In words: too good to be true",
    points=4,
    exercise=FreeText(
        name="too_good",
        prompt=r"""
From a report: "We collected 5 pictures each of 400 skin lesions, 2000 in all. Each feature was scaled to mean 0 and
variance 1. Then we split the pictures at random, 80% for training and 20% for testing. We trained 60 networks with
other settings and report the best: **97.5% on the test set.** A week later, in the clinic, it was 84%."

In 80 to 200 words: find the ways in which the test set was no longer unseen, order them by how much you think they
cost, and say how the study should have been done.""",
        rubric=[
            (1, "pictures of the same lesion on both sides of the split: split by lesion (or patient)"),
            (1, "the best of 60 chosen on the test set: choose on a validation set, open the test set once"),
            (1, "scaled with the mean and variance of all pictures: from the training set alone"),
            (1, "a reasoned order (the lesions first, the scaling last) and a consistent design put together"),
        ],
        model=r"""
The worst comes first: five pictures of one lesion were dealt at random, so nearly every test picture has sisters in
the training set. The network may recognise the lesion instead of the disease. This alone may explain most of the gap.
Second, the best of sixty was chosen by its test result, so the test set took part in the choice; the best of sixty
lucky draws lies a percent or two above what it is worth. Third, mean and variance were computed with the test
pictures among them; with 2000 pictures that moves little, but it is wrong for the same reason. I would split by
lesion, better by patient, into training, validation and test; take the scaling from the training part; choose among
the sixty on the validation part; and open the test part once, for the one network that was chosen. Pictures of
another clinic would tell still more.""",
        hints=[
            "Five pictures of one lesion: where do they go in a random split?",
            "What was the test set used for sixty times?",
            "What did the scaling know?",
        ],
    ),
)

SET = ProblemSet(
    name="set_4",
    title="Problem set 4 · Learning for the unseen",
    part="lessons 13 and 14: overfitting, regularization",
    intro="How good is it, really, how sure may it be, and when should one stop? Three tools, two numbers, and a "
    "report to take apart.",
    problems=[calibration_error, stop_at, shrink, matthews, temperature, too_good],
)
