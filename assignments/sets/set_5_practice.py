"""Set 5, practice: a knock-out among settings, what a best of many is worth, rates for layers that know something."""

import itertools
import math

import numpy as np

from course_lib.exercises.engine import Choice, Function, Mistake, Number, Option

from ..problems import FreeText, Problem, ProblemSet, spread


def _halving(costs, keep, best=True, reads=lambda costs, rung: costs[:, rung]):
    """The knock-out with one thing wrong."""
    alive = list(range(len(costs)))
    for rung in range(costs.shape[1]):
        cost = reads(costs, rung)
        alive.sort(key=lambda i: (cost[i] if best else -cost[i], i))
        alive = alive[: max(1, len(alive) // keep)]
    return sorted(alive)


def _everybody_again(costs, keep):
    """The mistake of ranking all settings at every rung, those that are out among them."""
    left = len(costs)
    for rung in range(costs.shape[1]):
        left = max(1, left // keep)
        alive = np.argsort(costs[:, rung], kind="stable")[:left]
    return sorted(alive.tolist())


def _positions(costs, keep):
    """The mistake of giving back places among the survivors instead of numbers of settings."""
    table = costs
    for rung in range(costs.shape[1]):
        places = sorted(np.argsort(table[:, rung], kind="stable")[: max(1, len(table) // keep)].tolist())
        table = table[places]
    return places


def _knocked_out(costs, keep):
    """The same knock-out told by who leaves: at each rung, whoever has too many better ones beside it."""
    alive = set(range(len(costs)))
    for rung in range(len(costs[0])):
        room = max(1, len(alive) // keep)
        alive = {i for i in alive if sum((costs[j][rung], j) < (costs[i][rung], i) for j in alive) < room}
    return sorted(alive)


def _curves(rng):
    """Settings that overtake each other: the late best is often poor at first."""
    n, keep = int(rng.choice([9, 12, 13, 16, 17])), int(rng.integers(2, 4))
    return rng.uniform(0.1, 2, (n, 2)), keep


survivors = Problem(
    title="A knock-out of settings",
    points=4,
    exercise=Function(
        prompt=r"""
Most settings show early that nothing will come of them. **Successive halving** (Jamieson & Talwalkar 2016) is a
knock-out: all settings train for a little while, the best part goes on to the next *rung* and trains longer, and so
on. `costs` has shape (settings, rungs): row $i$ is the validation cost of setting $i$ at each rung, if it gets that
far. At **every** rung, the last one too, those still in are ranked by their cost there, and of $m$ settings the best
$\lfloor m/\text{keep}\rfloor$ stay, at least one. Among equals the lower number is the better.

Write it, and give back the list of the numbers of those that are left at the end, in rising order.

| setting | rung 0 | rung 1 | |
|---|---|---|---|
| 0 | **0.9** | 0.5 | out at rung 1 |
| 1 | 1.1 | 0.1 | out at rung 0 |
| 2 | **0.8** | **0.4** | left |
| 3 | 1.0 | 0.2 | out at rung 0 |""",
        solution_code='''
def survivors(costs, keep):
    """The numbers of the settings that are left after the last rung."""
    alive = np.arange(len(costs))
    for cost in costs.T:
        ranked = alive[np.argsort(cost[alive], kind="stable")]
        alive = np.sort(ranked[: max(1, len(alive) // keep)])
    return alive.tolist()
''',
        oracle=_knocked_out,
        inputs=_curves,
        edge_cases=[
            (
                np.array(
                    [[3.0, 1.0], [2.0, 4.0], [4.0, 0.5], [1.0, 5.0], [0.5, 4.5], [2.5, 2.0], [9.0, 0.1], [8.0, 0.2]]
                ),
                2,
            ),
            (np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]), 2),
            (np.array([[0.3, 0.2], [0.2, 0.3]]), 3),
        ],
        alternatives=[_halving],
        hints=[
            "Keep an array of the numbers of those still in, and a loop over the rungs.",
            "`np.argsort(cost[alive], kind='stable')` ranks those still in; it gives *places* in `alive`.",
            "`alive[places]` turns places into numbers. Then the first `max(1, len(alive) // keep)` of them.",
        ],
        mistakes=[
            Mistake(
                "everybody again",
                _everybody_again,
                "You rank all settings at every rung. Who is out is out: that costs saved training time.",
            ),
            Mistake(
                "places for numbers",
                _positions,
                "You give back places among those still in, not the numbers of the settings.",
            ),
            Mistake(
                "worst kept",
                lambda costs, keep: _halving(costs, keep, best=False),
                "You keep the highest costs. A cost is good when it is low.",
            ),
            Mistake(
                "first rung for all",
                lambda costs, keep: _halving(costs, keep, reads=lambda c, rung: c[:, 0]),
                "You rank by the first rung every time. At each rung the cost there decides.",
            ),
            Mistake(
                "not at the last rung",
                lambda costs, keep: _halving(costs[:, :-1], keep),
                "The last rung decides, too: one round is missing.",
            ),
        ],
        remember="Cheap early looks at many, long ones at few. It fails for settings that start slowly.",
    ),
    public=[
        (np.array([[0.9, 0.5], [1.1, 0.1], [0.8, 0.4], [1.0, 0.2]]), 2),
        (
            np.array(
                [[0.7, 0.3], [0.2, 0.9], [0.6, 0.1], [0.9, 0.05], [0.5, 0.6], [0.3, 0.7], [0.4, 0.5], [1.0, 0.02]]
            ),
            2,
        ),
    ],
    parts={"everybody again": 0.5, "places for numbers": 0.5, "not at the last rung": 0.5},
)


def _best_of(costs, k, again=True, first=True):
    """The mean of the least of every possible draw, or of some of them."""
    draws = itertools.product(costs, repeat=k) if again else itertools.combinations(costs, k)
    ends = [min(draw) if first else max(draw) for draw in draws]
    return math.fsum(ends) / len(ends)


expected_best = Problem(
    title="The best of how many?",
    points=4,
    exercise=Function(
        prompt=r"""
"Best of 50 runs: 0.21." With more tries anybody's best gets better. So report what the best of $k$ tries is **on
average** (Dodge et al. 2019). You have the validation costs of $n$ random trials. Draw $k$ of them at random, *with*
replacement: the least of the drawn is at least the $i$-th smallest cost $c_{(i)}$ ($i = 1, \dots, n$) if none of the
$i - 1$ smaller ones is among the $k$. Hence

$$ P(\text{least} \ge c_{(i)}) = \Bigl(\frac{n-i+1}{n}\Bigr)^k, \qquad
   \overline{\text{best}}_k = \sum_{i=1}^n c_{(i)}
   \Bigl[\Bigl(\frac{n-i+1}{n}\Bigr)^k - \Bigl(\frac{n-i}{n}\Bigr)^k\Bigr]. $$

Write it for an array `costs`, in any order. For costs 3, 1 and $k = 2$ the draws are (1,1), (1,3), (3,1), (3,3), so
the best is 1.5 on average.""",
        solution_code='''
def expected_best(costs, k):
    """The mean of the least of k costs, drawn with replacement."""
    n = len(costs)
    at_least = (np.arange(n, -1, -1) / n) ** k
    return np.sum(np.sort(costs) * (at_least[:-1] - at_least[1:]))
''',
        oracle=_best_of,
        inputs=lambda rng: (rng.uniform(0.1, 3, rng.integers(4, 7)), int(rng.integers(2, 5))),
        edge_cases=[
            (np.array([0.5, 0.2, 0.9, 0.4]), 3),
            (np.array([2.0, 1.0, 1.0, 5.0]), 2),
            (np.array([4.0, 2.0, 3.0]), 1),
        ],
        alternatives=[
            lambda costs, k: sum(
                c * (((len(costs) - i) / len(costs)) ** k - ((len(costs) - i - 1) / len(costs)) ** k)
                for i, c in enumerate(sorted(costs))
            ),
        ],
        hints=[
            "The sum runs over the costs in rising order.",
            "`np.arange(n, -1, -1) / n` are the shares 1, (n−1)/n, …, 0: one more than there are costs.",
            "The brackets are differences of neighbours of these shares, each to the power k.",
        ],
        mistakes=[
            Mistake(
                "not sorted",
                lambda costs, k: float(np.sum(costs * -np.diff((np.arange(len(costs), -1, -1) / len(costs)) ** k))),
                "The costs are taken in the order in which they came. c₍ᵢ₎ is the i-th smallest: sort them first.",
            ),
            Mistake(
                "expected worst",
                lambda costs, k: _best_of(costs.tolist(), k, first=False),
                "This is the mean of the *largest* of k. A cost is good when it is low: sort upwards.",
            ),
            Mistake(
                "plain mean",
                lambda costs, k: float(np.mean(costs)),
                "This is the mean of all costs: k has no effect.",
            ),
            Mistake(
                "the least of all", lambda costs, k: float(np.min(costs)), "This is the least of all: k has no effect."
            ),
            Mistake(
                "the first k",
                lambda costs, k: float(np.min(costs[:k])),
                "This is the best of the first k, one draw of many. The mean over all draws is asked for.",
            ),
            Mistake(
                "not weighed down",
                lambda costs, k: float(np.sum(np.sort(costs) * ((np.arange(len(costs), 0, -1) / len(costs)) ** k))),
                "You weigh each cost with P(least ≥ c₍ᵢ₎). What is wanted is the probability that it *is* the least: "
                "a difference of two.",
            ),
        ],
        remember="A best without the number of tries says nothing.",
    ),
    public=[
        (np.array([3.0, 1.0]), 2),
        (np.array([0.4, 0.9, 0.3, 0.7, 0.8]), 3),
        (np.array([0.6, 0.2, 0.5]), 1),
    ],
    parts={"not sorted": 0.5, "expected worst": 0.5},
    look="""
# A picture appears once the public cases are right.
if check("expected_best", expected_best).tone == "good":
    costs = np.random.default_rng(0).lognormal(-1, 0.6, 40)
    plt.plot(range(1, 61), [expected_best(costs, k) for k in range(1, 61)])
    plt.axhline(costs.min(), color="black", ls=":", label="the best of all 40")
    plt.gca().set(xlabel="trials", ylabel="cost of the best, on average", title="The first ten trials bring the most")
    plt.legend()
    plt.show()
""",
)


def _rates(
    lr, layers, factor, epoch, down=True, thaw=lambda epoch: epoch + 1, top=True, fall=lambda lr, f, k: lr / f**k
):
    """The rates with one thing wrong: `down` if they fall towards the input, `top` if that end thaws first."""
    rates = [fall(lr, factor, layers - 1 - i if down else i) for i in range(layers)]
    return [rate if (layers - i if top else i + 1) <= thaw(epoch) else 0.0 for i, rate in enumerate(rates)]


def _rates_backwards(lr, layers, factor, epoch):
    """The rates built from the output backwards, one division at a time."""
    rates = []
    for k in range(layers):
        rates.append(lr if k <= epoch else 0.0)
        lr = lr / factor
    return np.array(rates[::-1])


layer_rates = Problem(
    title="Gentle with what is known",
    points=4,
    exercise=Function(
        prompt=r"""
What a network learned elsewhere sits mostly in its first layers, and a large step would wipe it out (lesson 16).
ULMFiT (Howard & Ruder 2018) is gentle in two ways. **Discriminative rates**: the last layer learns with `lr`, each
layer before it with `1/factor` of the rate of the layer that follows. **Gradual unfreezing**: in epoch 0 only the
last layer learns, in epoch 1 the last two, and so on; a frozen layer has rate 0.

Write the rates of all layers in epoch `epoch`, the layer next to the *input* first, as an array.

| epoch (lr = 0.08, factor = 2) | layer 0 | layer 1 | layer 2 |
|---|---|---|---|
| 0 | 0 | 0 | 0.08 |
| 1 | 0 | 0.04 | 0.08 |
| 2, 3, … | 0.02 | 0.04 | 0.08 |""",
        solution_code='''
def layer_rates(lr, layers, factor, epoch):
    """The rate of every layer in this epoch, the layer next to the input first."""
    from_the_end = np.arange(layers - 1, -1, -1)
    return np.where(from_the_end <= epoch, lr / factor**from_the_end, 0.0)
''',
        oracle=_rates_backwards,
        inputs=lambda rng: (
            float(rng.uniform(0.01, 0.5)),
            int(layers := rng.integers(4, 8)),
            float(rng.uniform(1.5, 3)),
            int(rng.integers(1, layers - 1)),
        ),
        edge_cases=[(0.1, 4, 2.0, 1), (0.3, 5, 2.6, 2), (0.2, 1, 3.0, 0), (0.05, 3, 2.0, 9)],
        alternatives=[lambda *given: np.array(_rates(*given))],
        hints=[
            "Number the layers from the end: the last is 0, the one before it 1, …",
            "`np.arange(layers - 1, -1, -1)` are these numbers, from the input to the output.",
            "The rate is lr divided by factor to the power of that number; frozen is whoever's number is larger "
            "than the epoch.",
        ],
        mistakes=[
            Mistake(
                "order reversed",
                lambda *given: np.array(_rates(*given)[::-1]),
                "Right, but from output to input. The layer next to the input comes first.",
            ),
            Mistake(
                "rates upside down",
                lambda *given: np.array(_rates(*given, down=False)),
                "The layers near the input get the large rates: they hold what is to be kept, so theirs are the "
                "small ones.",
            ),
            Mistake(
                "thaws from the input",
                lambda *given: np.array(_rates(*given, top=False)),
                "You unfreeze from the input. The last layer, which fits the new task least, goes first.",
            ),
            Mistake(
                "never frozen",
                lambda *given: np.array(_rates(*given, thaw=lambda epoch: 99)),
                "All layers learn from the start: those not yet unfrozen have rate 0.",
            ),
            Mistake(
                "one too few",
                lambda *given: np.array(_rates(*given, thaw=lambda epoch: epoch)),
                "One layer too few learns: in epoch 0 it is one already.",
            ),
            Mistake(
                "one step for all",
                lambda *given: np.array(_rates(*given, fall=lambda lr, f, k: lr / f if k else lr)),
                "All earlier layers have the same rate. Each has 1/factor of the one *after it*, so the powers rise.",
            ),
            Mistake(
                "factor times distance",
                lambda *given: np.array(_rates(*given, fall=lambda lr, f, k: lr / (f * k) if k else lr)),
                "You divide by factor · distance. Rate after rate is divided once more: factor to the power of the "
                "distance.",
            ),
        ],
        remember="The nearer to the input, the more is worth keeping: smaller rates, and later.",
    ),
    public=[(0.08, 3, 2.0, 0), (0.08, 3, 2.0, 1), (0.08, 3, 2.0, 3), (0.5, 5, 3.0, 2)],
    parts={"order reversed": 0.5, "one too few": 0.5, "never frozen": 0.5},
)

trials_needed = Problem(
    title="How many trials?",
    points=3,
    exercise=Number(
        name="trials_needed",
        prompt=r"""
Random search has a guarantee that no grid has. Call a setting *good* if it is among the best share `share` of the
whole range you draw from. Every random trial is good with that probability, and the trials know nothing of each
other. **How many trials** do you need at least, so that with a probability of `sure` or more one of them is good?
Give a whole number.""",
        values={"share": spread(0.02, 0.1, 0.001), "sure": spread(0.8, 0.9, 0.01)},
        oracle=lambda share, sure: math.ceil(math.log(1 - sure) / math.log(1 - share)),
        rtol=1e-9,
        precision="a whole number",
        working="(1 − {share})ⁿ ≤ 1 − {sure}, so n = ln(1 − {sure}) / ln(1 − {share}), rounded up.",
        hints=[
            "With what probability is a trial *not* good? And n of them, all of them?",
            "That all fail may happen with probability 1 − sure at most: (1 − share)ⁿ ≤ 1 − sure.",
            "Logarithms on both sides. A number of trials is whole, and must be enough: round up.",
        ],
        mistakes=[
            Mistake(
                "not rounded up",
                lambda share, sure: math.log(1 - sure) / math.log(1 - share),
                "Right, and now make it a whole number that is enough: round up.",
            ),
            Mistake(
                "rounded down",
                lambda share, sure: math.floor(math.log(1 - sure) / math.log(1 - share)),
                "Rounded down, the probability is a little too small: round up.",
            ),
            Mistake(
                "on average",
                lambda share, sure: math.ceil(1 / share),
                "After 1/share trials one is good *on average*; in a third of all searches still none is.",
            ),
            Mistake(
                "chances added",
                lambda share, sure: math.ceil(sure / share),
                "You added up the chances of the trials. With enough of them that would be more than 1: multiply the "
                "chances that all fail.",
            ),
        ],
        remember="For the best 5% with 95% it is 59 trials, whatever the number of settings.",
    ),
    parts={"not rounded up": 0.5, "rounded down": 0.5},
)


def _t_value(*d, ddof=1, rooted=True):
    mean = sum(d) / len(d)
    deviation = math.sqrt(sum((x - mean) ** 2 for x in d) / (len(d) - ddof))
    return mean / (deviation / math.sqrt(len(d)) if rooted else deviation)


paired_seeds = Problem(
    title="Better, or lucky?",
    points=3,
    exercise=Number(
        name="paired_seeds",
        prompt=r"""
Is setting B better than A, or was it luck? Both were trained with the same four seeds: the same initial weights, the
same batches. So compare them seed by seed. B's accuracy was higher by `d1`, `d2`, `d3` and `d4` percentage points
(below 0: lower). How many **standard errors** is the mean difference away from 0? The standard error of a mean of $n$
is $s/\sqrt n$, with $s^2 = \frac{1}{n-1}\sum (d_i - \bar d)^2$.""",
        values={
            "d1": spread(0.5, 1.5, 0.05),
            "d2": spread(1.6, 2.2, 0.05),
            "d3": spread(-1.6, -1.1, 0.05),
            "d4": spread(0.4, 2, 0.05),
        },
        oracle=_t_value,
        rtol=5e-3,
        working="The mean of {d1}, {d2}, {d3}, {d4}; s with a divisor of 3; the mean divided by s/2.",
        hints=[
            "Three steps: the mean of the four differences, their s, the standard error s/√4.",
            "For s: how far is each from the mean? Square, add, divide by 3, take the root.",
            "The mean divided by the standard error. In numpy, `d.std(ddof=1)` is s.",
        ],
        mistakes=[
            Mistake(
                "divided by n",
                lambda *d: _t_value(*d, ddof=0),
                "Your s divides by n. `np.std` does so by itself; here it is n − 1: `ddof=1`.",
            ),
            Mistake(
                "spread for error",
                lambda *d: _t_value(*d, rooted=False),
                "You divided by s, the spread of one difference. The mean of four is surer: s/√4.",
            ),
            Mistake(
                "mean alone", lambda *d: sum(d) / 4, "This is the mean difference. How many standard errors is it?"
            ),
            Mistake(
                "n for its root",
                lambda *d: _t_value(*d) * 2,
                "You divided s by n = 4. It is the root of n.",
            ),
        ],
        remember="With four seeds a difference should be some three standard errors from 0 before it is believed.",
    ),
    parts={"divided by n": 0.5, "spread for error": 0.5},
)

freeze_or_not = Problem(
    title="150 pictures",
    points=2,
    exercise=Choice(
        name="freeze_or_not",
        prompt=r"""
You have a network trained on a million photographs, and 150 labelled X-ray pictures. Trained whole at the usual rate,
it reaches 100% on those 150 within ten epochs, and 58% on others. What do you try first?""",
        options=[
            Option(
                "Train longer: 58% on other pictures shows that it has not learned enough yet.",
                "It already knows the 150 by heart. Longer training takes it farther from what it could do before.",
                name="longer",
            ),
            Option(
                "Start from random weights: photographs have nothing to do with X-ray pictures.",
                "Edges and textures are of use in both. 150 pictures are far too few to learn them anew.",
                name="from scratch",
            ),
            Option(
                "Freeze the earlier layers, train a new last layer, and then perhaps unfreeze the next at a small "
                "rate.",
                "150 pictures can settle the few weights of a last layer; what the earlier ones know is kept.",
                right=True,
            ),
            Option(
                "Freeze the last layers and train the first ones, which see the pictures.",
                "The first layers hold what carries over; the last fit the old task. It should be the other way round.",
                name="wrong end",
            ),
            Option(
                "Test on the 150 pictures, since there it reaches 100%.",
                "What was trained on says nothing about pictures to come.",
                name="tested on training",
            ),
        ],
        hints=[
            "How many weights can 150 pictures settle?",
            "Which layers hold what photographs and X-ray pictures have in common?",
            "What does 100% against 58% tell?",
        ],
    ),
)

night_budget = Problem(
    title="In words: one night of computing",
    points=4,
    exercise=FreeText(
        name="night_budget",
        prompt=r"""
You have one graphics card for one night: **100 trainings** of a network to the end, or many more cut short. To be
chosen: the learning rate, the batch size, the strength of weight decay, and one of three activations. In the morning
you have to say which setting is best and how sure you are.

In 80 to 200 words: write your plan. How do you draw the settings, how do you spend the 100 trainings, and what will
you report?""",
        rubric=[
            (
                1,
                "ranges and scales named: rate and decay on a log scale, drawn at random or by a sampler, no full grid",
            ),
            (1, "a budget that adds up: cheap early looks or pruning first, and why the card is better used so"),
            (1, "trainings kept for several seeds of the best few: the winner of one run each may be luck"),
            (1, "validation to choose, test once; reported with the spread, the number of trials and all ranges"),
        ],
        model=r"""
I draw settings at random: the rate log-uniformly from 1e-4 to 1, the decay log-uniformly from 1e-6 to 1e-2, the batch
size from 16, 32, 64 and 128, the activation from three. A grid would try few values of the rate, which matters most.
First I look at 160 settings for a quarter of a training each (40 trainings' worth), keep the better quarter at equal
validation cost, and train these 40 on to the end (30 more). That leaves 30 trainings: the best five settings get six
fresh seeds each, the same seeds for all five, so that they can be compared in pairs. I choose by the mean validation
cost of these, not by the best single run, and open the test set once, for the winner. I report its mean and spread
over seeds, the difference to the second in standard errors, the ranges, how many settings were tried, and what the
best of k tries would have been on average. If first and second lie within two standard errors, I say so.""",
        hints=[
            "On which scale do you draw a rate?",
            "Which of the exercises above tells early who may go?",
            "How sure can you be of a winner that ran once?",
        ],
    ),
)

SET = ProblemSet(
    name="set_5",
    title="Problem set 5 · Practice",
    part="lessons 15 to 17: hyperparameter search, transfer learning, the playground",
    intro="A night of computing, a hundred trials, 150 pictures: what to do with them, and what may be said in the "
    "morning.",
    problems=[survivors, expected_best, layer_rates, trials_needed, paired_seeds, freeze_or_not, night_budget],
)
