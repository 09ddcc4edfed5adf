"""Exercises of notebook 10: how large the first weights should be, and why they must differ."""

import numpy as np

from ..checks import number
from ..datasets import circles
from ..initializers import constant, scaled_normal
from ..training import Settings, train
from .engine import ExerciseSet, Function, Mistake, Number, Option, Prediction, Setting

SET = ExerciseSet("10_initialization")


def _units_after_training():
    """How many of 16 equal units differ after 300 updates, and from which to which cost they got."""
    settings = Settings(hidden=(16,), initializer=constant(0.5), lr=0.3, steps=300)
    history = train(settings, circles(128))
    return len(np.unique(history.params["W1"].T.round(3), axis=0)), history.cost[0], history.cost[-1]


def _symmetry_in_words():
    units, first, last = _units_after_training()
    return (
        f"After 300 updates there is {units} different unit in the layer of 16; the cost went from {first:.2f} to "
        f"{last:.2f}, and guessing costs 0.69."
    )


predict_equal_start = SET.add(
    Prediction(
        name="predict_equal_start",
        prompt="""
A hidden layer has 16 tanh units. **Every weight starts at 0.5**, every bias at 0. The network then trains for 300
updates. What has become of the 16 units?""",
        options=[
            Option(
                "16 different ones: the records differ, so the gradients do.",
                "They differ, but every unit sees *all* of them with the same weights: its gradient is the same, too.",
            ),
            Option(
                "Nothing: with equal weights every gradient is 0.",
                "The weights do move. They all move together.",
            ),
            Option(
                "Still one unit, sixteen times.",
                "The same weights give the same outputs, these the same gradients, and these the same weights again.",
                right=True,
            ),
            Option(
                "2 groups: those that feed the output with plus, and those with minus.",
                "That would need output weights of different signs. They start equal too, and stay so.",
            ),
            Option(
                "It depends on the batch: small batches are noisy and tell the units apart.",
                "A batch is chance, but it is the same batch for all units. It moves them all in the same way.",
            ),
        ],
        measured=_symmetry_in_words,
        hints=[
            "Take two units of the layer. What do they put out for the same record?",
            "Their outputs are equal, and so are the weights that read them. What comes back to the two?",
            "Equal weights, equal inputs, equal errors: equal updates. And then again.",
        ],
        remember="What starts equal stays equal. Chance in the weights is what tells units apart; biases may all be 0.",
    )
)


def _draws(rng):
    return (rng.normal(size=(rng.integers(2, 6), rng.integers(6, 9))),)


he = SET.add(
    Function(
        prompt=r"""
`draws` is an $(n_\text{in}, n_\text{out})$ array of standard normal numbers (mean 0, variance 1). Turn it into weights
by **He's** rule for ReLU: mean 0, variance $2/n_\text{in}$.""",
        solution_code='''
def he(draws):
    """Initial weights for a ReLU layer out of standard normal numbers."""
    n_in, n_out = draws.shape
    return draws * np.sqrt(2 / n_in)
''',
        oracle=lambda draws: np.stack([row * (2 / len(draws)) ** 0.5 for row in draws]),
        inputs=_draws,
        edge_cases=[(np.array([[1.0, -1.0, 0.5], [2.0, 0.0, -3.0]]),), (np.array([[1.0, -2.0]]),)],
        alternatives=[
            lambda draws: draws / np.sqrt(draws.shape[0] / 2),
            lambda draws: 2**0.5 * draws / len(draws) ** 0.5,
        ],
        hints=[
            "Which of the two sizes of `draws` is the number of inputs? A weight is (n_in, n_out).",
            "Multiplying by s multiplies the variance by s². So which s gives the variance 2/n_in?",
            "`return draws * np.sqrt(…)`, with 2 over `draws.shape[0]` under the root.",
        ],
        mistakes=[
            Mistake(
                "no root",
                lambda draws: draws * 2 / len(draws),
                "You multiplied by the variance. A factor s makes the variance s²: take the root.",
            ),
            Mistake(
                "outputs counted",
                lambda draws: draws * np.sqrt(2 / draws.shape[1]),
                "This is the number of *outputs*. A unit adds up its inputs, n_in of them: that is `draws.shape[0]`.",
            ),
            Mistake(
                "xavier",
                lambda draws: draws * np.sqrt(2 / sum(draws.shape)),
                "2/(n_in + n_out) is Xavier's variance, made for tanh. He's has n_in alone.",
            ),
            Mistake(
                "lecun",
                lambda draws: draws * np.sqrt(1 / len(draws)),
                "1/n_in is LeCun's variance. ReLU throws half of the signal away: He's 2 puts it back.",
            ),
            Mistake(
                "all entries counted",
                lambda draws: draws * np.sqrt(2 / draws.size),
                "`draws.size` is the number of all weights. One unit reads n_in of them: `draws.shape[0]`.",
            ),
        ],
        remember="Variance 2/n_in for ReLU: wide layers get small weights.",
    )
)

signal_after = SET.add(
    Number(
        name="signal_after",
        prompt=r"""
Layers of {n} linear units, weights drawn with standard deviation {std}, biases 0. Records go in with
standard deviation 1. About which standard deviation do they have after **{layers} layers**?""",
        values={"n": 100, "std": 0.05, "layers": 8},
        oracle=lambda n, std, layers: (std * n**0.5) ** layers,
        precision="give two significant digits",
        rtol=0.03,
        working="""
per_layer = {std} * {n} ** 0.5    # 100 terms of variance 0.05²: the standard deviation is 0.05 · 10 = 0.5
per_layer ** {layers}                    # 0.5⁸ = 0.0039""",
        hints=[
            "One output is a sum of 100 terms w·x. Variances of independent terms add up.",
            "One layer multiplies the variance by n·std² = 100 · 0.0025 = 0.25. And the standard deviation?",
            "By the root, 0.5. Eight layers multiply by 0.5 eight times.",
        ],
        mistakes=[
            Mistake(
                "variance",
                lambda n, std, layers: (n * std**2) ** layers,
                "This is the variance, 0.25⁸. The standard deviation is its root.",
            ),
            Mistake(
                "one layer",
                lambda n, std, layers: std * n**0.5,
                "This is after one layer. Every further one multiplies by 0.5 again.",
            ),
            Mistake(
                "no sum",
                lambda n, std, layers: std**layers,
                "You multiplied by the standard deviation of *one* weight. A unit adds up 100 terms: times √100.",
            ),
            Mistake(
                "sum without chance",
                lambda n, std, layers: (std * n) ** layers,
                "n·std would be right if all terms had the same sign. Terms of random sign cancel: √n·std.",
            ),
            Mistake(
                "added up",
                lambda n, std, layers: std * n**0.5 * layers,
                "The factors of the layers are multiplied, not added: 0.5 · 0.5 · … eight times.",
            ),
        ],
        remember="Per layer times √n·std. Only at √n·std = 1, that is Var(w) = 1/n, does depth do no harm.",
    )
)


def _layer_and_records(rng):
    n_in, n_out = rng.integers(2, 6), rng.integers(2, 5)
    return rng.normal(size=(n_in, n_out)), rng.normal(0, rng.uniform(0.5, 4), (rng.integers(6, 12), n_in))


unit_scale = SET.add(
    Function(
        prompt=r"""
No formula at hand for your activation? Measure. Scale the weights `W` $(n_\text{in}, n_\text{out})$ by **one** number,
so that the pre-activations `x @ W` of all records and units together have standard deviation 1. Return the
new weights.""",
        solution_code='''
def unit_scale(W, x):
    """W times the number that gives x @ W the standard deviation 1."""
    return W / np.std(x @ W)
''',
        oracle=lambda W, x: W / np.sqrt(np.var([record @ W for record in x])),
        inputs=_layer_and_records,
        edge_cases=[
            (np.array([[1.0, -2.0], [0.5, 3.0]]), np.array([[1.0, 0.0], [0.0, 1.0], [2.0, -1.0]])),
            (np.array([[0.01]]), np.array([[3.0], [5.0]])),
        ],
        alternatives=[
            lambda W, x: W * np.var(x @ W) ** -0.5,
            lambda W, x: W / ((x @ W - (x @ W).mean()) ** 2).mean() ** 0.5,
        ],
        hints=[
            "Compute the pre-activations first. Which standard deviation do they have as they are?",
            "Twice the weights give twice the pre-activations, and twice their standard deviation.",
            "So divide `W` by `np.std(x @ W)`, the standard deviation of all entries.",
        ],
        mistakes=[
            Mistake(
                "variance",
                lambda W, x: W / np.var(x @ W),
                "You divided by the variance. Halving the weights quarters the variance: divide by its root.",
            ),
            Mistake(
                "weights measured",
                lambda W, x: W / np.std(W),
                "Now the *weights* have standard deviation 1. The pre-activations `x @ W` should.",
            ),
            Mistake(
                "unit by unit",
                lambda W, x: W / np.std(x @ W, axis=0),
                "You scaled every unit by its own number (`axis=0`). One number for the whole layer was asked for.",
            ),
            Mistake(
                "multiplied",
                lambda W, x: W * np.std(x @ W),
                "The wrong way round: where the pre-activations are too large, the weights must become smaller.",
            ),
            Mistake(
                "outputs returned",
                lambda W, x: x @ W / np.std(x @ W),
                "These are the scaled pre-activations. Return the weights that produce them.",
            ),
        ],
        remember="Layer by layer, from the first on, this starts any network well (LSUV: Mishkin and Matas 2015).",
    )
)

LAYERS, WIDTH, GOAL = 8, 32, 0.1


def _train_deep(std):
    settings = Settings(
        hidden=(WIDTH,) * LAYERS, activation="relu", initializer=scaled_normal(std), lr=0.03, steps=300, run=(0, 1, 2)
    )
    return train(settings, circles(128)).cost


def _middle(cost):
    """The cost in the middle of the runs; one that diverged counts as the worst."""
    return float(np.median(np.nan_to_num(cost[:, -1], nan=np.inf)))


start_a_deep_network = SET.add(
    Setting(
        name="start_a_deep_network",
        prompt=f"""
Eight hidden layers of {WIDTH} ReLU units, all weights drawn with the same standard deviation `std`, learning rate 0.03,
300 updates on a disc inside a ring. Find a `std` with which the cost ends below **{GOAL}** in the middle of three runs.
(A formula of this lesson takes you there at once.)""",
        controls={"std": lambda v: number("std", v, 0, 10, above=True)},
        run=_train_deep,
        reached=lambda cost: _middle(cost) < GOAL,
        in_words=lambda cost: f"cost {_middle(cost):.2g} in the middle of three runs, from {np.median(cost[:, 0]):.2g}",
        goal=f"a cost below {GOAL}",
        solved_by=[{"std": 0.25}, {"std": 0.27}],
        hints=[
            "A layer of 32 ReLU units should hand the signal on at the size at which it came.",
            "He: the variance is 2/n_in, and almost every layer has n_in = 32.",
            "`std=np.sqrt(2 / 32)`, which is 0.25.",
        ],
        mistakes=[
            Mistake(
                "variance for standard deviation",
                {"std": 0.0625},
                "0.0625 = 2/32 is He's *variance*. `std` is its root.",
                when=lambda s, cost: abs(s["std"] - 2 / WIDTH) < 1e-3,
            ),
            Mistake(
                "xavier for relu",
                {"std": 0.177},
                "1/√32 = 0.177 keeps tanh's signal. ReLU cuts half of it off: (1/√2)⁸ = 1/16 is left at the end.",
                when=lambda s, cost: 0.15 <= s["std"] < 0.2,
            ),
            Mistake(
                "too small",
                {"std": 0.01},
                "The signal fades from layer to layer, and so does the gradient on its way back: nothing is learned.",
                when=lambda s, cost: s["std"] < 0.2,
            ),
            Mistake(
                "too large",
                {"std": 1.0},
                "Every layer makes the signal larger, and the gradient too. The first step throws the network away.",
                when=lambda s, cost: s["std"] > 0.3,
            ),
        ],
        remember="√(2/32) = 0.25: with the right start, eight plain layers learn.",
    )
)
