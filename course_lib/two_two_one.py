"""The 2-2-1 network as a graph of single numbers: small enough to know every value and every gradient.

    z₁ = x₁·W¹₁₁ + x₂·W¹₂₁ + b¹₁     a₁ = A(z₁)
    z₂ = x₁·W¹₁₂ + x₂·W¹₂₂ + b¹₂     a₂ = A(z₂)
    ŷ = a₁·W²₁₁ + a₂·W²₂₁ + b²₁      L = (y - ŷ)²

In code W¹₂₁ is `w1_21`: first layer, from input 2 to unit 1.
"""

from .activations import get_activation
from .checks import number, one_of
from .graph import Node

LABELS = {
    "w1_11": "W¹₁₁", "w1_21": "W¹₂₁", "b1_1": "b¹₁",
    "w1_12": "W¹₁₂", "w1_22": "W¹₂₂", "b1_2": "b¹₂",
    "w2_11": "W²₁₁", "w2_21": "W²₂₁", "b2_1": "b²₁",
}  # fmt: skip
VALUES = {
    "x1": 1.0, "x2": -1.0, "y": 3.0,
    "w1_11": 0.5, "w1_21": -0.3, "b1_1": 0.1,
    "w1_12": -0.4, "w1_22": 0.3, "b1_2": 0.2,
    "w2_11": 0.6, "w2_21": -0.7, "b2_1": 0.2,
}  # fmt: skip


def two_two_one(activation="sigmoid", **numbers):
    """All nodes by name, backward done: those of `VALUES`, z1, z2, a1, a2, y_hat and loss.

    `numbers` replace some of `VALUES`. Raises ValueError for another name or what is no number.
    """
    f = get_activation(activation)
    for name, value in numbers.items():
        number(one_of("number", name, VALUES), value)
    nodes = {name: Node(value, LABELS.get(name, name)) for name, value in {**VALUES, **numbers}.items()}
    x1, x2, y, w1_11, w1_21, b1_1, w1_12, w1_22, b1_2, w2_11, w2_21, b2_1 = nodes.values()

    z1 = (x1 * w1_11 + x2 * w1_21 + b1_1).named("z₁")
    z2 = (x1 * w1_12 + x2 * w1_22 + b1_2).named("z₂")
    a1, a2 = z1.apply(f).named("a₁"), z2.apply(f).named("a₂")
    y_hat = (a1 * w2_11 + a2 * w2_21 + b2_1).named("ŷ")
    loss = ((y - y_hat) ** 2).named("L")

    loss.backward()
    return nodes | {"z1": z1, "z2": z2, "a1": a1, "a2": a2, "y_hat": y_hat, "loss": loss}


def chain(nodes, name):
    """The factors of ∂L/∂`name` from the loss backwards, as (formula, value): their product is the gradient.

    Raises ValueError unless `name` is a weight or a bias.
    """
    one_of("weight", name, LABELS)
    factors = [("∂L/∂ŷ = −2(y−ŷ)", nodes["y_hat"].gradient)]
    unit = name[-1]  # which hidden unit, or 1 for the output
    if name.startswith(("w1", "b1")):
        out = f"w2_{unit}1"
        label = "₁₂"[int(unit) - 1]
        factors.append((f"∂ŷ/∂a{label} = {LABELS[out]}", nodes[out].value))
        factors.append((f"∂a{label}/∂z{label} = A′(z{label})", nodes[f"a{unit}"].slopes[0]))
        below, source = f"z{label}", f"x{name[-2]}"
    else:
        below, source = "ŷ", f"a{name[-2]}"
    if name[0] == "b":
        factors.append((f"∂{below}/∂{LABELS[name]} = 1", 1.0))
    else:
        symbol = source[0] + "₁₂"[int(source[1]) - 1]
        factors.append((f"∂{below}/∂{LABELS[name]} = {symbol}", nodes[source].value))
    return factors
