"""A graph of single numbers: every operation is a node that knows its value and its local derivatives.

    >>> x, w = Node(3.0, "x"), Node(-2.0, "w")
    >>> loss = (x * w + 10) ** 2
    >>> loss.backward()
    >>> loss.value, w.gradient
    (16.0, 24.0)

The gradient of a node is the sum over all ways from it to the end, of the product of the local
derivatives along each: the chain rule. `backward` finds it in one walk from the end to the start.
"""

import math

from .activations import get_activation
from .checks import number


class Node:
    """A number, how it came about, and (after `backward` of a later node) that node's gradient for it."""

    def __init__(self, value, name="", operation="", parents=(), slopes=()):
        self.value, self.name, self.operation = number(name or "value", value), name, operation
        self.parents, self.slopes = parents, slopes  # slopes: ∂self/∂parent, one for each
        self.gradient = 0.0

    def named(self, name):
        """The same node under a name."""
        self.name = name
        return self

    def __add__(self, other):
        other = as_node(other)
        return Node(self.value + other.value, "", "+", (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = as_node(other)
        return Node(self.value * other.value, "", "·", (self, other), (other.value, self.value))

    def __pow__(self, power):
        number("power", power)
        if self.value < 0 and power != int(power):
            raise ValueError(f"a number below 0 has no power {power:g}; its value is {self.value:g}")
        if self.value == 0 and power < 1 and power != 0:
            raise ValueError(f"0 has no power {power:g} with a slope; this may be a division by 0")
        slope = power * as_float(pow, self.value, power - 1) if power else 0.0
        return Node(as_float(pow, self.value, power), "", f"^{power:g}", (self,), (slope,))

    def __neg__(self):
        return self * -1

    def __sub__(self, other):
        other = as_node(other)
        return Node(self.value - other.value, "", "−", (self, other), (1.0, -1.0))

    def __rsub__(self, other):
        return as_node(other) - self

    def __truediv__(self, other):
        return self * as_node(other) ** -1

    def __rtruediv__(self, other):
        return as_node(other) / self

    __radd__, __rmul__ = __add__, __mul__

    def exp(self):
        e = as_float(math.exp, self.value)
        return Node(e, "", "exp", (self,), (e,))

    def log(self):
        if self.value <= 0:
            raise ValueError(f"log needs a number above 0, not {self.value:g}")
        return Node(math.log(self.value), "", "log", (self,), (1 / self.value,))

    def apply(self, activation):
        """An activation of this node: its value, and its slope as the local derivative."""
        activation = get_activation(activation)
        if activation.slope is None:
            raise ValueError(f"{activation.name} takes several numbers at once; a node holds one")
        slope = float(activation.slope(self.value))
        return Node(float(activation.value(self.value)), "", activation.name, (self,), (slope,))

    def nodes(self):
        """This node and all it depends on, each after its parents."""
        seen = {}

        def visit(node):
            if id(node) not in seen:
                for parent in node.parents:
                    visit(parent)
                seen[id(node)] = node

        visit(self)
        return list(seen.values())

    def backward(self):
        """Set `gradient` = ∂self/∂node in this node and all it depends on."""
        for _ in self.steps_back():
            pass

    def steps_back(self):
        """`backward` one node at a time: yields each operation as soon as it has handed its gradient on."""
        order = self.nodes()
        for node in order:
            node.gradient = 0.0
        self.gradient = 1.0
        for node in reversed(order):  # a node's gradient is complete before it is handed on
            for parent, slope in zip(node.parents, node.slopes):
                parent.gradient += node.gradient * slope
            if node.parents:
                yield node

    def __repr__(self):
        return f"{self.name or self.operation or 'constant'} = {self.value:.6g}"

    def tree(self):
        """The graph as text: each node with value and gradient, what it is made of indented below it."""
        lines = []

        def write(node, depth, slope):
            local = "" if slope is None else f", local derivative {slope:.6g}"
            lines.append(f"{'    ' * depth}{node!r}, gradient {node.gradient:.6g}{local}")
            for parent, s in zip(node.parents, node.slopes):
                write(parent, depth + 1, s)

        write(self, 0, None)
        return "\n".join(lines)

    def layout(self):
        """Where to draw the graph: {node: (column, row)}, and arrows as (parent, node, local derivative).

        A node stands one column right of its last parent, one without parents just left of the first that
        needs it; rows of a column are centred around 0.
        """
        column, members = {}, {}
        for node in self.nodes():
            column[node] = 1 + max((column[parent] for parent in node.parents), default=-1)
        for start in [node for node in column if not node.parents and node is not self]:
            column[start] = min(column[node] for node in column if start in node.parents) - 1
        for node in column:
            members.setdefault(column[node], []).append(node)
        places = {n: (c, (len(all_) - 1) / 2 - i) for c, all_ in members.items() for i, n in enumerate(all_)}
        arrows = [(p, node, slope) for node in column for p, slope in zip(node.parents, node.slopes)]
        return places, arrows


def as_float(function, *values):
    """A function of numbers; ValueError where the result is too large for a float."""
    try:
        return function(*values)
    except OverflowError:
        raise ValueError(f"{function.__name__} of {values[0]:g} is too large for a float") from None


def as_node(value):
    """A number as a node without parents; a Node passes through."""
    return value if isinstance(value, Node) else Node(value)
