"""Exercises of notebook 15: drawing rates, keeping the best, sharing out the variance, beating the tuner."""

import numpy as np

from .. import search as right
from ..checks import number, one_of
from ..training import train
from .engine import ExerciseSet, Function, Mistake, Option, Prediction, Setting

SET = ExerciseSet("15_hyperparameter_search")


def _median_best(name, trials):
    return np.median([right.search(name, 30, seed).best_so_far[trials - 1] for seed in range(20)])


def _measured_lead():
    said = [
        f"after {n} trials random search {_median_best('random', n):.3f}, TPE {_median_best('tpe', n):.3f}"
        for n in (10, 30)
    ]
    return f"Lowest validation cost, median of 20 seeds: {'; '.join(said)}."


predict_lead = SET.add(
    Prediction(
        name="predict_lead",
        prompt="""
Random search draws every trial blindly. Optuna's default sampler, TPE, looks at earlier trials and draws where the good
ones were. Both search our space of four hyper-parameters, 20 seeds each. How do they compare after **10 trials**?""",
        options=[
            Option("TPE is far ahead: it learns from trial 2 on.", "It needs some trials to learn from."),
            Option("TPE is a little ahead.", "Its settings say from which trial on it begins to choose: look for 10."),
            Option(
                "They are exactly equal.",
                "By default the first ten trials of TPE are drawn at random, and here with the same seeds.",
                right=True,
            ),
            Option("Random search is ahead.", "It would have to draw better than TPE does, and TPE draws the same."),
            Option("Neither has found anything yet.", "One good point of ten at random is no rare luck here."),
        ],
        measured=_measured_lead,
        hints=[
            "What can TPE know before the first trial? And after three?",
            "TPE compares good trials with bad ones. Ten trials are not many for that.",
            "Its parameter is called `n_startup_trials`, and its default is 10.",
        ],
        remember="With few trials a clever sampler is a random one: it has to see before it can choose.",
    )
)

log_uniform = SET.add(
    Function(
        prompt=r"""
**Draw learning rates.** `u` is an array of numbers spread evenly between 0 and 1. Turn them into rates between `low`
and `high` that are spread evenly **on a logarithmic scale**: $u = 0$ gives `low`, $u = 1$ gives `high`, and as many lie
between 0.001 and 0.01 as between 0.1 and 1.""",
        solution_code='''
def log_uniform(u, low, high):
    """Rates between low and high, even on a logarithmic scale."""
    return low * (high / low) ** u
''',
        oracle=lambda u, low, high: np.exp(np.log(low) + u * (np.log(high) - np.log(low))),
        inputs=lambda rng: (
            rng.random(rng.integers(3, 7)),
            float(rng.choice([1e-4, 1e-3, 0.02])),
            float(rng.choice([0.5, 3.0, 10.0])),
        ),
        edge_cases=[
            (np.array([0.0, 0.5, 1.0]), 0.001, 10.0),
            (np.array([0.25, 0.75]), 1.0, 16.0),
            (np.array([0.1, 0.9]), 0.2, 0.2),
        ],
        alternatives=[
            lambda u, low, high: 10 ** (np.log10(low) + u * np.log10(high / low)),
            lambda u, low, high: low ** (1 - u) * high**u,
        ],
        hints=[
            "u = 0.5 lies in the middle of the *logarithms*: between 0.001 and 10 that is 0.1, not 5.",
            "Draw the exponent evenly: log(low) + u·(log(high) − log(low)). Then take the exponential.",
            "The same without logarithms: start at `low` and multiply by (high / low) to the power u.",
            "`return low * (high / low) ** …`",
        ],
        mistakes=[
            Mistake(
                "even on a linear scale",
                lambda u, low, high: low + u * (high - low),
                "These are even on the ordinary scale: nine of ten rates between 0.001 and 10 would be above 1.",
            ),
            Mistake(
                "the exponent alone",
                lambda u, low, high: np.log(low) + u * (np.log(high) - np.log(low)),
                "This is the logarithm of the rate, and mostly negative. Take the exponential of it.",
            ),
            Mistake(
                "two kinds of logarithm",
                lambda u, low, high: 10 ** (np.log(low) + u * (np.log(high) - np.log(low))),
                "`np.log` is the natural logarithm; its way back is `np.exp`. `10 ** …` belongs to `np.log10`.",
            ),
            Mistake(
                "from high to low",
                lambda u, low, high: high * (low / high) ** u,
                "u = 0 gives `high` here, and u = 1 gives `low`. It should be the other way round.",
            ),
            Mistake(
                "low left out",
                lambda u, low, high: (high / low) ** u,
                "u = 0 gives 1. The factor `low`, from which everything starts, is missing.",
            ),
            Mistake(
                "limits taken for exponents",
                lambda u, low, high: np.exp(low + u * (high - low)),
                "You use the limits themselves as exponents. Take their logarithms first.",
            ),
        ],
        remember="Rates, penalties, widths: what matters by factors is drawn on a logarithmic scale.",
    )
)


def _lowest(costs):
    return np.minimum.accumulate(np.where(np.isnan(costs), np.inf, costs))


best_so_far = SET.add(
    Function(
        prompt=r"""
**The curve of every search.** `costs` holds the cost of each trial, in order; a training that diverged left `nan`. Give
back, for each trial, the lowest cost found **up to and including it**. A `nan` is never the lowest; before the first
real cost give `np.inf`.""",
        solution_code='''
def best_so_far(costs):
    """The lowest cost up to each trial."""
    best, lowest = np.inf, []
    for cost in costs:
        if cost < best:
            best = cost
        lowest.append(best)
    return np.array(lowest)
''',
        oracle=_lowest,
        inputs=lambda rng: (
            np.where(rng.random(n := rng.integers(6, 10)) < 0.25, np.nan, np.round(rng.uniform(0.1, 2, n), 2)),
        ),
        edge_cases=[
            (np.array([0.7, 0.9, 0.5, 0.6, 0.2]),),
            (np.array([0.7, np.nan, 0.4, 0.5]),),
            (np.array([np.nan, 0.8, 0.3, 0.9]),),
        ],
        alternatives=[
            lambda costs: np.minimum.accumulate(np.nan_to_num(costs, nan=np.inf)),
            lambda costs: np.array([np.fmin.reduce(costs[: i + 1], initial=np.inf) for i in range(len(costs))]),
        ],
        hints=[
            "Go through the costs and remember the lowest; note it for each trial, whether it has changed or not.",
            "`nan < best` is False in Python, so a simple `if cost < best` leaves a nan aside by itself.",
            "Start with `best = np.inf`: then it is also right before the first real cost.",
            "`for cost in costs:` `if cost < best: best = cost`, then `lowest.append(best)`.",
        ],
        mistakes=[
            Mistake(
                "nan spreads",
                np.minimum.accumulate,
                "From the first `nan` on all is `nan`: `np.minimum` hands it on. Make it infinite first, or loop.",
            ),
            Mistake(
                "one number",
                lambda costs: np.full(len(costs), np.nanmin(costs)),
                "This is the lowest of all trials, at every place. Trial 1 cannot know what trial 5 will find.",
            ),
            Mistake(
                "the highest",
                lambda costs: np.maximum.accumulate(np.where(np.isnan(costs), -np.inf, costs)),
                "This keeps the highest cost. A cost is better when it is lower.",
            ),
            Mistake(
                "nan taken for 0",
                lambda costs: np.minimum.accumulate(np.nan_to_num(costs)),
                "A diverged training counts as cost 0 here, the best of all. It should count as infinitely bad.",
            ),
            Mistake(
                "without the trial itself",
                lambda costs: np.r_[np.inf, _lowest(costs)[:-1]],
                "Each entry is one trial late: the trial itself counts too.",
            ),
            Mistake(
                "compared with the one before",
                lambda costs: np.fmin(costs, np.r_[np.inf, costs[:-1]]),
                "Each cost is compared with the one before only. The lowest may lie farther back.",
            ),
        ],
        remember="It can only fall; two searches are compared at the same number of trials.",
    )
)

importance = SET.add(
    Function(
        prompt=r"""
**Which hyper-parameter matters?** `costs` is a table: one row for each learning rate, one column for each activation.
The importance of the learning rate is the **variance of the row means, divided by the variance of all costs**.""",
        solution_code='''
def importance(costs):
    """Share of the variance that the rows explain."""
    return costs.mean(axis=1).var() / costs.var()
''',
        oracle=lambda costs: right.main_effects(costs)[0],
        inputs=lambda rng: (rng.uniform(0.1, 2, (rng.integers(3, 5), rng.integers(5, 7))),),
        edge_cases=[
            (np.array([[0.1, 0.1, 0.1], [0.5, 0.5, 0.5]]),),
            (np.array([[0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]),),
            (np.array([[0.2, 0.4, 0.9], [1.0, 0.7, 0.3]]),),
        ],
        alternatives=[
            lambda costs: 1 - costs.var(axis=1).mean() / costs.var(),
            lambda costs: ((costs.mean(1) - costs.mean()) ** 2).mean() / ((costs - costs.mean()) ** 2).mean(),
        ],
        hints=[
            "First the mean of each row: what a learning rate costs, on average over the activations.",
            "`costs.mean(axis=1)` averages along the columns and leaves one number for each row.",
            "If these means differ much, the rate matters: take their `.var()` and divide by `costs.var()`.",
        ],
        mistakes=[
            Mistake(
                "columns",
                lambda costs: costs.mean(axis=0).var() / costs.var(),
                "This is the importance of the columns, the activation. A mean for each row takes `axis=1`.",
            ),
            Mistake(
                "what is left",
                lambda costs: costs.var(axis=1).mean() / costs.var(),
                "This is the share *within* the rows, which the learning rate does not explain.",
            ),
            Mistake(
                "not divided",
                lambda costs: costs.mean(axis=1).var(),
                "A variance by itself says little. Divide by that of all costs, and it is a share.",
            ),
            Mistake(
                "standard deviations",
                lambda costs: costs.mean(axis=1).std() / costs.std(),
                "With standard deviations the shares do not add up. Use variances.",
            ),
            Mistake(
                "n − 1",
                lambda costs: costs.mean(axis=1).var(ddof=1) / costs.var(ddof=1),
                "Row means and costs are all there is, not a sample: the plain `.var()`, without `ddof=1`.",
            ),
        ],
        remember="What one hyper-parameter explains alone is its main effect; the rest is noise and interplay.",
    )
)

GOAL = 0.15


def _five_runs(**point):
    costs = train(right.settings(run=range(5), **point), right.TRAIN, right.VALIDATION).validation_cost[:, -1]
    return right.counted(costs)


beat_the_tuner = SET.add(
    Setting(
        name="beat_the_tuner",
        prompt=f"""
Find a point of the search space with a validation cost below **{GOAL}**, in the middle of **five** runs: one lucky run
does not count here. Use what you have seen in the live figures.""",
        controls={
            "lr": lambda v: number("lr", v, 1e-4, 100, above=True),
            **{
                name: lambda v, name=name: one_of(name, v, right.SPACE[name])
                for name in ("activation", "batch_size", "optimizer")
            },
        },
        run=_five_runs,
        reached=lambda costs: np.median(costs) < GOAL,
        in_words=lambda c: f"cost {np.median(c):.3f} in the middle of five runs ({min(c):.3f} to {max(c):.3f})",
        goal=f"a validation cost below {GOAL}",
        solved_by=[
            {"lr": 0.02, "activation": "prelu", "batch_size": 16, "optimizer": "adam"},
            {"lr": 0.1, "activation": "leaky_relu", "batch_size": 16, "optimizer": "momentum"},
        ],
        hints=[
            "In `explore.samplers`: where is the map blue for several activations and optimizers?",
            "Every optimizer has its own range of rates: Adam's lies a factor of ten or more below that of SGD.",
            "A small batch means more updates in the same 32 epochs. PReLU, batch size 16, Adam: which rate?",
            "Adam with 0.02.",
        ],
        mistakes=[
            Mistake(
                "Adam too fast",
                {"lr": 0.5, "activation": "relu", "batch_size": 16, "optimizer": "adam"},
                "Adam's steps have about the length of the rate, whatever the gradient: 0.2 and more is a lot.",
                when=lambda s, costs: s["optimizer"] == "adam" and s["lr"] >= 0.2,
            ),
            Mistake(
                "diverged",
                {"lr": 5.0, "activation": "prelu", "batch_size": 16, "optimizer": "momentum"},
                "Most of the runs diverged, or know no more than a guess: the rate is far too high for this optimizer.",
                when=lambda s, costs: np.median(costs) > 0.65,
            ),
            Mistake(
                "too slow",
                {"lr": 0.001, "activation": "relu", "batch_size": 32, "optimizer": "adam"},
                "So low a rate does not get there in 32 epochs. Take ten times as much.",
                when=lambda s, costs: s["lr"] <= (0.005 if s["optimizer"] == "adam" else 0.02),
            ),
            Mistake(
                "few updates",
                {"lr": 0.1, "activation": "tanh", "batch_size": 256, "optimizer": "sgd"},
                "With all records in one batch 32 epochs are 32 updates. Smaller batches take more steps.",
                when=lambda s, costs: s["batch_size"] >= 128,
            ),
            Mistake(
                "one lucky run",
                {"lr": 0.5, "activation": "relu", "batch_size": 64, "optimizer": "momentum"},
                "One run or two are below, the middle one is not: with a single run this point would have looked good "
                "by luck. Try a neighbour, a lower rate first.",
                when=lambda s, costs: np.min(costs) < GOAL,
            ),
        ],
        remember="Judge a point by several runs: the best of many single runs is partly luck.",
    )
)
