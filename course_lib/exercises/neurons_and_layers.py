"""Exercises of notebook 01: weighted sums, shapes, and stacks that are one layer."""

import numpy as np

from ..datasets import circles
from ..network import MLP
from ..training import Settings, train
from .engine import ExerciseSet, Function, Mistake, Number, Option, Prediction

SET = ExerciseSet("01_neurons_and_layers")


def _linear_stack(depth):
    """Share right of a stack of `depth` hidden layers without activation on the disc in a ring."""
    data = circles(128)
    history = train(Settings(hidden=(16,) * depth, activation="identity", lr=0.1, steps=400), data)
    return float(((history.predict(data.x) > 0.5) == data.y).mean())


predict_stack = SET.add(
    Prediction(
        name="predict_stack",
        prompt="""
A disc of one class inside a ring of the other. A network with one hidden layer of 16 units and **no** activation
function cannot part them. Now take five such layers, one after the other. What happens?""",
        options=[
            Option("It parts them: depth makes up for the activation.", "Depth without a bend adds nothing."),
            Option("It parts them, but it takes longer.", "However long: the border it can draw stays straight."),
            Option(
                "Nothing changes: it still draws one straight line.",
                "A straight map of a straight map is a straight map: five matrices multiply to one.",
                right=True,
            ),
            Option("It draws five straight lines.", "Lines would need units that bend; here all becomes one line."),
            Option("It draws 80 straight lines.", "One line for each unit is what bending units would give."),
        ],
        measured=lambda: (
            f"Share of the records on the right side: {_linear_stack(1):.0%} with one such layer, "
            f"{_linear_stack(5):.0%} with five."
        ),
        hints=[
            "Write two layers without activation as formulas, and put one into the other.",
            "(x W₁) W₂ = x (W₁ W₂): what kind of thing is W₁ W₂?",
            "A product of matrices is a matrix.",
        ],
        remember="Without an activation between them, any number of layers is one layer.",
    )
)

neuron_by_hand = SET.add(
    Number(
        name="neuron_by_hand",
        prompt=r"""
A neuron with the weights $w_1 = {w1}$, $w_2 = {w2}$, the bias $b = {b}$ and ReLU as its activation gets the
inputs $x_1 = {x1}$, $x_2 = {x2}$. What does it put out?""",
        values={"w1": 0.5, "w2": -1.5, "b": 2, "x1": 4, "x2": 1},
        oracle=lambda w1, w2, b, x1, x2: max(0.0, w1 * x1 + w2 * x2 + b),
        working="z = 0.5·4 + (−1.5)·1 + 2 = 2 − 1.5 + 2 = 2.5, and max(0, 2.5) = 2.5.",
        hints=[
            "First the weighted sum: each input times its weight, all added up.",
            "Then the bias: z = w₁x₁ + w₂x₂ + b.",
            "ReLU hands z on if it is above 0, else it gives 0.",
        ],
        mistakes=[
            Mistake("bias forgotten", lambda w1, w2, b, x1, x2: w1 * x1 + w2 * x2, "The bias b = 2 is missing."),
            Mistake(
                "sign of a weight",
                lambda w1, w2, b, x1, x2: w1 * x1 - w2 * x2 + b,
                "The second weight is negative: its part is −1.5, not +1.5.",
            ),
            Mistake(
                "bias taken off", lambda w1, w2, b, x1, x2: w1 * x1 + w2 * x2 - b, "The bias is added, not taken off."
            ),
            Mistake(
                "weights swapped",
                lambda w1, w2, b, x1, x2: w2 * x1 + w1 * x2 + b,
                "Each weight belongs to its own input: w₁ to x₁, w₂ to x₂. (Yours is z before ReLU, too.)",
            ),
            Mistake(
                "inputs added without weights", lambda w1, w2, b, x1, x2: x1 + x2 + b, "Each input is multiplied first."
            ),
        ],
        remember="A neuron: multiply, add up, add the bias, bend.",
    )
)

layer = SET.add(
    Function(
        prompt=r"""
**A whole layer at once.** `x` holds records as rows, `(n, n_in)`; `W` is `(n_in, n_out)`, `b` is `(1, n_out)`. Write
the function that gives the layer's output, tanh of the weighted sums plus bias, for all records: `(n, n_out)`.""",
        solution_code='''
def layer(x, W, b):
    """Output of a dense layer with tanh, (n, n_out)."""
    return np.tanh(x @ W + b)
''',
        oracle=lambda x, W, b: np.tanh(np.einsum("ni,io->no", x, W) + np.repeat(b, len(x), axis=0)),
        inputs=lambda rng: (
            rng.normal(size=(int(rng.integers(3, 6)), k := int(rng.integers(2, 4)))),
            rng.normal(size=(k, 4)),
            rng.normal(size=(1, 4)),
        ),
        edge_cases=[
            (np.array([[1.0, 2.0]]), np.array([[0.5], [-0.25]]), np.array([[0.1]])),
            (np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.2, 0.4], [0.6, 0.8]]), np.array([[0.5, -0.5]])),
        ],
        alternatives=[
            lambda x, W, b: np.stack([np.tanh(row @ W + b[0]) for row in x]),
            lambda x, W, b: np.tanh((W.T @ x.T).T + b),
        ],
        hints=[
            "Rows times columns: which product of `x` and `W` gives `(n, n_out)`?",
            "`x @ W` is the matrix product. `*` would multiply entry by entry.",
            "Adding `b` of shape `(1, n_out)` adds it to each row. Then `np.tanh` of everything.",
        ],
        mistakes=[
            Mistake("no activation", lambda x, W, b: x @ W + b, "These are the weighted sums z. The tanh is missing."),
            Mistake("no bias", lambda x, W, b: np.tanh(x @ W), "The bias `b` is missing."),
            Mistake(
                "bias after tanh",
                lambda x, W, b: np.tanh(x @ W) + b,
                "The bias belongs inside: it shifts z, before the bend. Outside, the output could leave −1 to 1.",
            ),
            Mistake(
                "tanh of the inputs",
                lambda x, W, b: np.tanh(x) @ W + b,
                "The tanh comes last, on the weighted sums, not on the inputs.",
            ),
            Mistake(
                "transposed result",
                lambda x, W, b: np.tanh(x @ W + b).T,
                "Transposed: records are rows here, so the result is (n, n_out).",
            ),
        ],
        remember="One layer for n records is one matrix product: (n, n_in) @ (n_in, n_out).",
    )
)

count_parameters = SET.add(
    Function(
        prompt="""
How many numbers does a network learn? `sizes` lists the units of each layer, input first: `(2, 16, 16, 1)`. Write the
function that counts all weights and biases.""",
        solution_code='''
def count_parameters(sizes):
    """Weights and biases of a network with layers of these sizes."""
    return sum(n_in * n_out + n_out for n_in, n_out in zip(sizes, sizes[1:]))
''',
        oracle=lambda sizes: MLP(tuple(sizes)).size,
        inputs=lambda rng: (tuple(int(n) for n in rng.integers(2, 9, rng.integers(3, 6))),),
        edge_cases=[((2, 1),), ((2, 2, 1),), ((2, 16, 16, 1),), ((5, 3),)],
        alternatives=[
            lambda sizes: sum((sizes[i] + 1) * sizes[i + 1] for i in range(len(sizes) - 1)),
            lambda sizes: int(np.dot(sizes[:-1], sizes[1:])) + sum(sizes[1:]),
        ],
        hints=[
            "Between a layer of 2 and a layer of 16 there is one weight for each pair: 2 · 16.",
            "Each unit that is not an input has one bias: 16 of them in that layer.",
            "`zip(sizes, sizes[1:])` walks through neighbours: (2, 16), (16, 16), (16, 1).",
            "Add up `n_in * n_out + n_out` over these pairs.",
        ],
        mistakes=[
            Mistake(
                "no biases",
                lambda sizes: sum(a * b for a, b in zip(sizes, sizes[1:])),
                "These are the weights. Each unit beyond the inputs has a bias as well.",
            ),
            Mistake(
                "biases for the inputs",
                lambda sizes: sum(a * b for a, b in zip(sizes, sizes[1:])) + sum(sizes),
                "You gave the inputs biases too. They are numbers that come in: nothing is computed there.",
            ),
            Mistake(
                "biases of the layer before",
                lambda sizes: sum(a * b + a for a, b in zip(sizes, sizes[1:])),
                "You counted a bias for each unit that a layer reads. A layer has one for each unit it puts out.",
            ),
            Mistake(
                "one bias per layer",
                lambda sizes: sum(a * b + 1 for a, b in zip(sizes, sizes[1:])),
                "Each unit has its own bias, not each layer.",
            ),
            Mistake(
                "output without bias",
                lambda sizes: sum(a * b for a, b in zip(sizes, sizes[1:])) + sum(sizes[1:-1]),
                "The output units have biases too.",
            ),
            Mistake(
                "units", lambda sizes: sum(sizes), "These are the units. Count the lines between them, and the biases."
            ),
        ],
        remember="n_in · n_out weights and n_out biases for each layer.",
    )
)

collapse = SET.add(
    Function(
        prompt=r"""
Two layers without activation, $(x W_1 + b_1)\,W_2 + b_2$, are one: $x\,W + b$. Its weight is $W = W_1 W_2$. Write the
function that gives its **bias** $b$.""",
        solution_code='''
def collapse(b1, W2, b2):
    """Bias of the one layer that two layers without activation make."""
    return b1 @ W2 + b2
''',
        oracle=lambda b1, W2, b2: np.einsum("ij,jk->ik", b1, W2) + b2,
        inputs=lambda rng: (rng.normal(size=(1, 3)), rng.normal(size=(3, 3)), rng.normal(size=(1, 3))),
        edge_cases=[
            (np.array([[1.0, -2.0]]), np.array([[0.5, 0.0], [1.0, 3.0]]), np.array([[0.1, 0.2]])),
            (np.array([[2.0]]), np.array([[3.0]]), np.array([[4.0]])),
        ],
        alternatives=[
            lambda b1, W2, b2: (W2.T @ b1.T + b2.T).T,
            lambda b1, W2, b2: (b1.T * W2).sum(axis=0, keepdims=True) + b2,
        ],
        hints=[
            "Multiply the bracket out: what becomes of $b_1$ on its way through the second layer?",
            "$(x W_1 + b_1) W_2 = x W_1 W_2 + b_1 W_2$.",
            "What has no x in it: $b_1 W_2$ and $b_2$.",
        ],
        mistakes=[
            Mistake(
                "added up",
                lambda b1, W2, b2: b1 + b2,
                "The first bias goes through the second layer too: it is multiplied by W₂ on its way.",
            ),
            Mistake("second only", lambda b1, W2, b2: b2, "The first bias has not vanished: it comes out as b₁ W₂."),
            Mistake("first only", lambda b1, W2, b2: b1 @ W2, "The bias of the second layer, b₂, is missing."),
            Mistake(
                "transposed weight",
                lambda b1, W2, b2: b1 @ W2.T + b2,
                "W₂ is transposed: a row times W₂, as in the layer itself.",
            ),
            Mistake(
                "both through W2",
                lambda b1, W2, b2: (b1 + b2) @ W2,
                "b₂ is added after the second product; it does not pass through W₂.",
            ),
        ],
        remember="Straight after straight is straight. Only a bend between the layers makes two layers more than one.",
    )
)
