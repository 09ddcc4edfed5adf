"""The scalar graph against torch autograd; what it prints and how it is laid out."""

import doctest

import pytest
import torch

from course_lib import graph
from course_lib.activations import ACTIVATIONS
from course_lib.graph import Node

EXPRESSIONS = {
    "sum and product": lambda a, b, c: (a + b) * c + a,
    "used three times": lambda a, b, c: a * a * a + a / b,
    "powers": lambda a, b, c: (a - b) ** 2 + c**3 - 2 * c,
    "numbers on the left": lambda a, b, c: 3 - a + 2 * b + 1 / c,
    "quotients": lambda a, b, c: (a / b) / (c + 5),
    "exp and log": lambda a, b, c: (a * b).exp() + (c * c + 1).log(),
    "minus": lambda a, b, c: -a * -b - -c,
    "power zero": lambda a, b, c: a**0 + b * c,
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=list(EXPRESSIONS))
@pytest.mark.parametrize("values", [(0.5, -1.25, 2.0), (3.0, 0.7, -0.4)])
def test_values_and_gradients_are_torchs(expression, values):
    ours = [Node(v, n) for v, n in zip(values, "abc")]
    theirs = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in values]
    end, expected = expression(*ours), expression(*theirs)
    expected.backward()
    end.backward()
    assert end.value == pytest.approx(expected.item(), rel=1e-12)
    grads = [0.0 if t.grad is None else t.grad.item() for t in theirs]
    assert [node.gradient for node in ours] == pytest.approx(grads, rel=1e-12, abs=1e-15)
    end.backward()  # a second time gives the same, not twice as much
    assert [node.gradient for node in ours] == pytest.approx(grads, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", [name for name, a in ACTIVATIONS.items() if a.slope is not None])
@pytest.mark.parametrize("z", [-1.3, 0.4])
def test_an_activation_as_a_node(name, z):
    import oracle

    node = Node(z, "z")
    end = node.apply(ACTIVATIONS[name]) * 2
    end.backward()
    value, gradient = oracle.value_and_pullback(oracle.ACTIVATIONS[name], [z], [2.0])
    assert end.value == pytest.approx(2 * value[0], rel=1e-10)
    assert node.gradient == pytest.approx(gradient[0], rel=1e-10)


def test_every_node_stands_after_its_parents():
    a = Node(2.0, "a")
    end = (a * a + a).named("end")
    order = end.nodes()
    assert order[0] is a and order[-1] is end and len(order) == 3
    places, arrows = end.layout()
    assert all(places[parent][0] < places[node][0] for parent, node, _ in arrows)
    assert len(set(places.values())) == len(places)
    assert [slope for parent, node, slope in arrows if node.operation == "·"] == [2.0, 2.0]


def test_stepped_backwards_a_gradient_grows_until_all_that_use_it_have_handed_back():
    a, b = Node(2.0, "a"), Node(3.0, "b")
    product = (a * b).named("product")
    end = (product + a).named("end")
    walk = end.steps_back()
    assert next(walk) is end and (product.gradient, a.gradient, b.gradient) == (1, 1, 0)
    assert next(walk) is product and (a.gradient, b.gradient) == (4, 2)
    assert next(walk, None) is None


def test_what_it_prints():
    x, w = Node(3.0, "x"), Node(-2.0, "w")
    loss = (x * w).named("z") ** 2
    loss.backward()
    assert repr(w) == "w = -2" and repr(loss) == "^2 = 36"
    assert loss.tree() == (
        "^2 = 36, gradient 1\n"
        "    z = -6, gradient -12, local derivative -12\n"
        "        x = 3, gradient 24, local derivative -2\n"
        "        w = -2, gradient -36, local derivative 3"
    )


def test_impossible_operations_are_explained():
    with pytest.raises(ValueError, match="log needs a number above 0, not -1"):
        Node(-1.0).log()
    with pytest.raises(ValueError, match="weight must be one finite number"):
        Node(float("nan"), "weight")


def test_the_example_in_the_docstring():
    tried = doctest.testmod(graph)
    assert tried.attempted >= 3 and tried.failed == 0
