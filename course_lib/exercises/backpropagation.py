"""Exercises of notebook 04: factors along a path, a neuron's gradient, a layer's way back, a check that fails."""

import numpy as np

from ..activations import sigmoid
from ..graph import Node
from ..network import MLP
from ..two_two_one import LABELS, two_two_one
from .engine import Choice, ExerciseSet, Function, Mistake, Number, Option, Prediction

SET = ExerciseSet("04_backpropagation")


def _gradients(**numbers):
    """Gradients of the weight before the first hidden unit, and of the one behind it."""
    nodes = two_two_one("sigmoid", **numbers)
    return ", ".join(f"∂L/∂{LABELS[name]} = {nodes[name].gradient:.2f}" for name in ("w1_11", "w2_11"))


predict_saturated = SET.add(
    Prediction(
        name="predict_saturated",
        prompt=r"""
In the 2-2-1 network below, with sigmoid, the bias $b^1_1$ of the first hidden unit is raised from 0.1 to 4. Its output
$a_1$ comes close to 1, where the sigmoid is flat. The target stays far away. What becomes of the gradients of
$W^1_{11}$, the weight *before* that unit, and of $W^2_{11}$, the weight *behind* it?""",
        options=[
            Option("Both nearly vanish.", "Only paths that pass *through* the flat piece are cut; W² lies behind it."),
            Option(
                "That of the weight before it nearly vanishes, that of the weight behind it does not.",
                "The path to W¹ goes through the unit and picks up its slope, nearly 0. The path to W² ends before it, "
                "and reads its output, nearly 1.",
                right=True,
            ),
            Option(
                "That of the weight behind it nearly vanishes, that of the weight before it does not.",
                "It is the other way round: the way back comes from the loss, so W² is reached first.",
            ),
            Option("Both grow, as the output is larger.", "The larger output helps only the weight that reads it."),
            Option("Neither changes much.", "The slope of the sigmoid is a factor of the one, and it nearly vanishes."),
        ],
        measured=lambda: f"With b¹₁ = 0.1: {_gradients()}. With b¹₁ = 4: {_gradients(b1_1=4.0)}.",
        hints=[
            "Walk from the loss backwards to each of the two weights. What do you pass?",
            "Passing through a unit multiplies by the slope of its activation.",
            "The last factor of a weight's gradient is what the weight reads.",
        ],
        remember="A flat activation cuts off what lies before it, not what reads it.",
    )
)

hidden_gradient = SET.add(
    Number(
        name="hidden_gradient",
        prompt=r"""
A 2-2-1 network with sigmoid units and the loss $L = (y - \hat y)^2$. The target is $y = {y}$, the network
says $\hat y = {y_hat}$. The first hidden unit puts out $a_1 = {a}$, the weight behind it is $W^2_{11} = {v}$, and the
input is $x_1 = {x}$. What is $\partial L/\partial W^1_{11}$?""",
        values={"y": 1, "y_hat": 3, "a": 0.2, "v": 0.5, "x": 5},
        oracle=lambda y, y_hat, a, v, x: -2 * (y - y_hat) * v * (1 - a) * a * x,
        working="−2(1 − 3) = 4; times W²₁₁ = 0.5 is 2; times A′ = 0.2·(1 − 0.2) = 0.16 is 0.32; times x₁ = 5 is 1.6.",
        hints=[
            "Walk from the loss back to the weight: which four factors are on the way?",
            "∂L/∂ŷ · ∂ŷ/∂a₁ · ∂a₁/∂z₁ · ∂z₁/∂W¹₁₁. The first is −2(y − ŷ).",
            "The slope of the sigmoid can be had from its output: a(1 − a).",
            "4 · 0.5 · 0.16 · 5",
        ],
        mistakes=[
            Mistake(
                "slope left out",
                lambda y, y_hat, a, v, x: -2 * (y - y_hat) * v * x,
                "The path passes through the activation: its slope a(1 − a) is a factor too (B3 of the Myth check).",
            ),
            Mistake(
                "sign",
                lambda y, y_hat, a, v, x: 2 * (y - y_hat) * v * a * (1 - a) * x,
                "The sign: (y − ŷ)² has the slope −2(y − ŷ) in ŷ. The prediction is too high, so L grows with ŷ.",
            ),
            Mistake(
                "factor 2 left out",
                lambda y, y_hat, a, v, x: -(y - y_hat) * v * a * (1 - a) * x,
                "The slope of a square has a factor 2.",
            ),
            Mistake(
                "output taken for slope",
                lambda y, y_hat, a, v, x: -2 * (y - y_hat) * v * a * x,
                "You used the unit's output a₁ where its slope a₁(1 − a₁) belongs.",
            ),
            Mistake(
                "input left out",
                lambda y, y_hat, a, v, x: -2 * (y - y_hat) * v * a * (1 - a),
                "This is the gradient of z₁, or of the bias. The weight is multiplied by x₁: one factor more.",
            ),
            Mistake(
                "weight behind left out",
                lambda y, y_hat, a, v, x: -2 * (y - y_hat) * a * (1 - a) * x,
                "From ŷ to a₁ the path runs along W²₁₁: it is a factor.",
            ),
        ],
        remember="Error, weight behind, slope, input: the four factors of a hidden weight.",
    )
)


def _neuron_by_graph(x, y, w, b):
    weights = [Node(v) for v in w]
    z = sum((weight * v for weight, v in zip(weights, x)), Node(b))
    ((y - z.apply("sigmoid")) ** 2).backward()
    return np.array([weight.gradient for weight in weights])


neuron_gradient = SET.add(
    Function(
        prompt=r"""
**All of it, for one neuron.** Its inputs are the array `x`, its weights `w` (as long), its bias `b`, its output
$a = \sigma(w\cdot x + b)$ with the sigmoid $\sigma(z) = 1/(1 + e^{-z})$, its loss $L = (y - a)^2$. Write the function
that gives $\partial L/\partial w$, an array as long as `w`.""",
        solution_code='''
def neuron_gradient(x, y, w, b):
    """Gradient of the loss for the weights w."""
    a = 1 / (1 + np.exp(-(w @ x + b)))
    return -2 * (y - a) * a * (1 - a) * x
''',
        oracle=_neuron_by_graph,
        inputs=lambda rng: (
            rng.normal(size=(k := int(rng.integers(2, 5)))),
            float(rng.uniform(-1, 2)),
            rng.normal(size=k),
            float(rng.normal()),
        ),
        edge_cases=[
            (np.array([1.0, 2.0]), 1.0, np.array([0.5, -0.25]), 0.0),
            (np.array([3.0]), 0.0, np.array([1.0]), -1.0),
        ],
        alternatives=[
            lambda x, y, w, b: 2 * (sigmoid(x @ w + b) - y) * sigmoid(x @ w + b) * sigmoid(-(x @ w + b)) * x,
            _neuron_by_graph,
        ],
        hints=[
            "Forward first: `z = w @ x + b`, then `a`. The way back needs `a`.",
            "Three factors: ∂L/∂a, ∂a/∂z, and ∂z/∂w, which is `x`.",
            "−2(y − a) · a(1 − a) · x, one number for each weight.",
        ],
        mistakes=[
            Mistake(
                "slope left out",
                lambda x, y, w, b: -2 * (y - sigmoid(w @ x + b)) * x,
                "The slope of the sigmoid, a(1 − a), is missing: right only if the activation were the identity.",
            ),
            Mistake(
                "slope of the output",
                lambda x, y, w, b: -2 * (y - sigmoid(w @ x + b)) * _slope(sigmoid(w @ x + b)) * x,
                "You took the slope of the sigmoid at a. It is wanted at z: from a it is simply a(1 − a).",
            ),
            Mistake(
                "z in place of a",
                lambda x, y, w, b: -2 * (y - sigmoid(w @ x + b)) * (w @ x + b) * (1 - (w @ x + b)) * x,
                "z(1 − z) is not the slope: z has to go through the sigmoid first. From the output a it is a(1 − a).",
            ),
            Mistake(
                "factor 2 left out",
                lambda x, y, w, b: -(y - sigmoid(w @ x + b)) * _slope(w @ x + b) * x,
                "The slope of a square has a factor 2.",
            ),
            Mistake(
                "sign",
                lambda x, y, w, b: 2 * (y - sigmoid(w @ x + b)) * _slope(w @ x + b) * x,
                "The sign: L = (y − a)² has the slope −2(y − a) in a.",
            ),
            Mistake(
                "w instead of x",
                lambda x, y, w, b: -2 * (y - sigmoid(w @ x + b)) * _slope(w @ x + b) * w,
                "This is ∂L/∂x. For a weight, the last factor is the input it is multiplied by.",
            ),
            Mistake(
                "no bias",
                lambda x, y, w, b: -2 * (y - sigmoid(w @ x)) * _slope(w @ x) * x,
                "The bias is missing on the way forward: z = w·x + b.",
            ),
        ],
        remember="Forward, keep a; backward, multiply the slopes.",
    )
)


def _slope(z):
    return sigmoid(z) * (1 - sigmoid(z))


def _through_network(delta, W, a):
    """What the course's network hands back through a dense layer and the tanh before it."""
    network = MLP((1, len(W), W.shape[1]), "tanh")
    params = network.init(np.random.default_rng(0))
    params["W2"][:] = W
    deltas = []
    network.backward(params, [np.zeros((len(a), 1)), np.arctanh(a), a], delta, params.copy(), deltas)
    return deltas[0]


hand_back = SET.add(
    Function(
        prompt=r"""
**One layer back.** A layer receives `delta` $= \partial L/\partial z$ of its own sums, `(n, n_out)`, one row for each
record. Its weights are `W`, `(n_in, n_out)`. What it read was `a`, `(n, n_in)`, the output of tanh units. Write the
function that gives $\partial L/\partial z$ of *those* units, `(n, n_in)`. (The slope of tanh, from its output, is
$1 - a^2$.)""",
        solution_code='''
def hand_back(delta, W, a):
    """The gradient for the sums of the layer before, (n, n_in)."""
    return (delta @ W.T) * (1 - a**2)
''',
        oracle=_through_network,
        inputs=lambda rng: (
            rng.normal(size=(n := int(rng.integers(3, 6)), 3)),
            rng.normal(size=(3, 3)),
            rng.uniform(-0.9, 0.9, (n, 3)),
        ),
        edge_cases=[
            (np.array([[2.0]]), np.array([[0.5], [-1.0]]), np.array([[0.5, 0.0]])),
            (np.array([[1.0, -1.0]]), np.array([[0.5, 0.25], [1.0, 3.0]]), np.array([[0.8, -0.5]])),
        ],
        alternatives=[
            lambda delta, W, a: np.einsum("no,io->ni", delta, W) * (1 - a) * (1 + a),
            lambda delta, W, a: (W @ delta.T).T * (1 - a * a),
        ],
        hints=[
            "First back through the weights: each unit before gets from every unit behind, along the weight between.",
            "`delta` is (n, n_out) and the result (n, n_in): which product with `W`, or `W.T`, has that shape?",
            "Then through the activation: times its slope, entry by entry.",
        ],
        mistakes=[
            Mistake(
                "slope left out",
                lambda delta, W, a: delta @ W.T,
                "This is ∂L/∂a, what arrives behind the tanh. To z it passes through the tanh: times 1 − a².",
            ),
            Mistake(
                "not transposed",
                lambda delta, W, a: (delta @ W) * (1 - a**2) if W.shape[0] == W.shape[1] else np.ones_like(a),
                "On the way back the weights are transposed, `W.T`: from the outputs to the inputs.",
            ),
            Mistake(
                "slope of tanh at a",
                lambda delta, W, a: (delta @ W.T) * (1 - np.tanh(a) ** 2),
                "`a` is already the output of tanh. The slope is 1 − a²; you took the tanh a second time.",
            ),
            Mistake(
                "output instead of slope",
                lambda delta, W, a: (delta @ W.T) * a,
                "You multiplied by the output of the units. The slope, 1 − a², belongs there.",
            ),
            Mistake(
                "slope of the sigmoid",
                lambda delta, W, a: (delta @ W.T) * a * (1 - a),
                "a(1 − a) is the slope of the sigmoid. These are tanh units: 1 − a².",
            ),
        ],
        remember="Back through a layer: `delta @ W.T`, then times the slope. Layer by layer, that is it.",
    )
)

weight_gradient = SET.add(
    Function(
        prompt=r"""
**And the gradient of its weights.** The same layer: it read `a`, `(n, n_in)`, and received `delta`, `(n, n_out)`, the
gradient of the cost for its sums (a 1/n of the mean is already in it). Write the function that gives
$\partial\,\text{cost}/\partial W$, `(n_in, n_out)`: what all n records ask for together.""",
        solution_code='''
def weight_gradient(a, delta):
    """Gradient of the cost for the weights of a layer, (n_in, n_out)."""
    return a.T @ delta
''',
        oracle=lambda a, delta: sum(np.outer(one, other) for one, other in zip(a, delta)),
        inputs=lambda rng: (
            rng.normal(size=(n := int(rng.integers(2, 6)), k := int(rng.integers(2, 5)))),
            rng.normal(size=(n, k)),
        ),
        edge_cases=[
            (np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[1.0, -1.0], [0.5, 0.0]])),
            (np.array([[2.0, 1.0, 0.0], [1.0, 0.0, 3.0]]), np.array([[1.0], [4.0]])),
        ],
        alternatives=[
            lambda a, delta: np.einsum("ni,no->io", a, delta),
            lambda a, delta: (delta.T @ a).T,
        ],
        hints=[
            "One record, one weight: ∂L/∂Wᵢⱼ is what the weight read, aᵢ, times what its unit received, δⱼ.",
            "All records together: the sum over n of aᵢ δⱼ.",
            "A sum over the rows of both is a matrix product with the first one transposed.",
        ],
        mistakes=[
            Mistake(
                "mean taken again",
                lambda a, delta: a.T @ delta / len(a),
                "The 1/n of the mean is in `delta` already. Taken twice, the steps get n times too short.",
            ),
            Mistake(
                "transposed",
                lambda a, delta: delta.T @ a,
                "This is the gradient transposed, (n_out, n_in). It must have the shape of W: (n_in, n_out).",
            ),
            Mistake(
                "first record only",
                lambda a, delta: np.outer(a[0], delta[0]),
                "This is what the first record asks for. Add up all records.",
            ),
            Mistake(
                "sums multiplied",
                lambda a, delta: np.outer(a.sum(axis=0), delta.sum(axis=0)),
                "Multiply first, record by record, then add up: the sum of products is not the product of sums.",
            ),
            Mistake(
                "bias",
                lambda a, delta: delta.sum(axis=0, keepdims=True),
                "This is the gradient of the *bias*, which reads a 1 from each record. The weights read `a`.",
            ),
        ],
        remember="What came in, transposed, times what comes back: `a.T @ delta`, in the shape of W.",
    )
)

read_the_check = SET.add(
    Choice(
        name="read_the_check",
        prompt="""
A network with a hidden sigmoid layer, one output without activation, a squared error, checked on one record.
The gradient check in float64 with h = 1e-5 says: the gradients of W² and b² agree with the measured slopes to eight
digits. Those of W¹ and b¹ do not: each is **too large**, by a factor between 4 and 30, the same for all weights of a
unit. Which line is wrong?""",
        options=[
            Option(
                "The factor 2 of the square was forgotten.",
                "That would make *all* gradients too small, by exactly 2, those of W² as well.",
                name="factor 2",
            ),
            Option(
                "The sign of the error was flipped.",
                "Then all gradients would have the wrong sign, and the relative error would be 1.",
                name="sign",
            ),
            Option(
                "The slope of the hidden activation was left out.",
                "The paths to W² and b² do not pass through the hidden units, so those are right. Those to W¹ and b¹ "
                "lack the factor σ′, at most ¼: they are too large by 4 at least, each unit by its own factor.",
                right=True,
            ),
            Option(
                "The step h is too small, rounding spoils the measured slopes.",
                "Then W² and b² would suffer too. In float64, 1e-5 is near the best h there is.",
                name="rounding",
            ),
            Option(
                "W² was not transposed on the way back.",
                "With one output, W² has one column: the shapes would not even fit.",
                name="transposed",
            ),
        ],
        hints=[
            "What lies on the paths to W¹ and b¹, and not on those to W² and b²?",
            "A factor that was left out makes the gradient too large if the factor is below 1.",
            "What is the largest slope of the sigmoid?",
        ],
        remember="Look at *which* gradients are off, and by what factor: it points at the line.",
    )
)
