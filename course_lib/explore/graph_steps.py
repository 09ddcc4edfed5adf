"""The chain rule one node at a time: a small graph of numbers, stepped backwards."""

from functools import lru_cache
from types import SimpleNamespace

import numpy as np
from matplotlib.collections import LineCollection

from ..figures import BLUE, GREY, ORANGE
from ..graph import Node
from .backprop import short
from .controls import Count, Menu, Slide
from .live import Explorer, Picture

EXPRESSIONS = {
    "(a·b + c)²": lambda a, b, c: ((a * b).named("a·b") + c).named("a·b + c") ** 2,
    "(c − tanh(a·b))²": lambda a, b, c: (c - (a * b).named("a·b").apply("tanh").named("tanh")).named("error") ** 2,
    "a·b + a": lambda a, b, c: (a * b).named("a·b") + a,
    "(a + b)·(a − b)": lambda a, b, c: (a + b).named("a + b") * (a - b).named("a − b"),
    "σ(σ(σ(a)))": lambda a, b, c: a.apply("sigmoid").named("σ").apply("sigmoid").named("σσ").apply("sigmoid"),
}
MOST_NODES, MOST_ARROWS, MOST_STEPS = 7, 8, 4
WAITING, SO_FAR, DONE = "waiting", "so far", "complete"
CURVE = np.linspace(0, 1, 31)


class Graph(Picture):
    size = (860, 380)

    @staticmethod
    @lru_cache(maxsize=512)
    def compute(expression, steps, a, b, c):
        end = EXPRESSIONS[expression](Node(a, "a"), Node(b, "b"), Node(c, "c")).named("L")
        places, arrows = end.layout()
        operations = sum(bool(node.parents) for node in places)
        walk, walked = end.steps_back(), []
        for _ in range(min(steps, operations)):
            walked.append(next(walk))
        if not walked:
            end.backward()  # sets every gradient; then back to the start
            for node in places:
                node.gradient = float(node is end)
        state = {}
        for node in places:
            users = [user for parent, user, _ in arrows if parent is node]
            asked = sum(user in walked for user in users)
            state[node] = DONE if asked == len(users) else SO_FAR if asked else WAITING
        return SimpleNamespace(
            end=end, places=places, arrows=arrows, state=state, walked=walked, left=operations - len(walked)
        )

    def build(self, figure):
        axes = figure.subplots()
        axes.set(xlim=(-60, 800), ylim=(-165, 165))
        axes.set_axis_off()
        self.title = axes.set_title(" ", animated=True)
        self.lines = LineCollection([], animated=True, zorder=1)
        axes.add_collection(self.lines, autolim=False)
        self.heads = axes.plot([], [], "<", color=ORANGE, ms=9, animated=True, zorder=2)[0]
        kind = dict(ms=54, mec=GREY, mfc="white", mew=1.2, animated=True, zorder=3)
        self.boxes = {
            WAITING: axes.plot([], [], "s", **kind)[0],
            SO_FAR: axes.plot([], [], "s", **kind | dict(mec=ORANGE, mew=1.2, mfc="#FFF4E5"))[0],
            DONE: axes.plot([], [], "s", **kind | dict(mec=ORANGE, mew=2.6))[0],
        }
        kind = dict(ha="center", va="center", animated=True, zorder=4)
        self.names = [axes.text(0, 0, "", size=11, weight="bold", **kind) for _ in range(MOST_NODES)]
        self.values = [axes.text(0, 0, "", size=11, **kind) for _ in range(MOST_NODES)]
        self.gradients = [axes.text(0, 0, "", size=11, color=ORANGE, **kind) for _ in range(MOST_NODES)]
        self.slopes = [axes.text(0, 0, "", size=10.5, color=BLUE, **kind) for _ in range(MOST_ARROWS)]
        self.handed = [axes.text(0, 0, "", size=10.5, color=ORANGE, **kind) for _ in range(MOST_ARROWS)]
        axes.text(-60, -162, "in a box: the value, and ∂, the gradient of L for it", size=9.5)
        axes.text(310, -162, "×: local derivative", size=9.5, color=BLUE)
        axes.text(450, -162, "←: gradient × local derivative, handed back", size=9.5, color=ORANGE)

    def show(self, result, settings):
        wide = 700 / max(column for column, _ in result.places.values())
        spot = {node: np.array([column * wide, row * 140.0]) for node, (column, row) in result.places.items()}
        for state, box in self.boxes.items():
            points = [spot[node] for node in spot if result.state[node] == state]
            box.set_data(*np.reshape(points, (-1, 2)).T)
        for i, (name, value, gradient) in enumerate(zip(self.names, self.values, self.gradients, strict=True)):
            node = list(spot)[i] if i < len(spot) else None
            for text in (name, value, gradient):
                text.set_visible(node is not None)
            if node is None:
                continue
            x, y = spot[node]
            name.set(text=node.name, x=x, y=y + 21)
            value.set(text=short(node.value), x=x, y=y)
            said = "∂ ?" if result.state[node] == WAITING else f"∂ {short(node.gradient)}"
            gradient.set(text=said + (" …" if result.state[node] == SO_FAR else ""), x=x, y=y - 21)

        curves, heads = [], []
        for i, (slope_text, handed) in enumerate(zip(self.slopes, self.handed, strict=True)):
            shown = i < len(result.arrows)
            slope_text.set_visible(shown)
            handed.set_visible(shown)
            if not shown:
                continue
            parent, node, slope = result.arrows[i]
            curve = self.bend(spot[parent], spot[node], wide)
            curves.append(curve)
            # where arrows have room and may cross, their labels stand nearer to where they come from
            x, y = curve[9 if wide > 300 and spot[parent][1] * spot[node][1] < 0 else 15]
            slope_text.set(text=f"× {short(slope)}", x=x, y=y + 16)
            done = node in result.walked
            handed.set(text=f"← {short(node.gradient * slope)}" if done else "", x=x, y=y - 16)
            if done:
                heads.append((x, y))
        self.heads.set_data(*np.reshape(heads, (-1, 2)).T)
        done = [node in result.walked for _, node, _ in result.arrows]
        self.lines.set_segments(curves)
        self.lines.set(color=[ORANGE if d else "#AAAAAA" for d in done], linewidth=[2.6 if d else 1.2 for d in done])
        self.title.set_text(self.finding(result, settings))

    @staticmethod
    def bend(start, end, wide):
        """A straight arrow to the next column; one that passes a column goes around what stands there."""
        aside = 90 if end[0] - start[0] > 1.5 * wide else 0
        line = start + (end - start) * CURVE[:, None]
        return line + np.outer(4 * CURVE * (1 - CURVE), [0, aside if start[1] >= 0 else -aside])

    def finding(self, result, settings):
        inputs = [node for node in result.places if not node.parents]
        if result.left:
            return f"L = {settings.expression}: {len(result.walked)} of {len(result.walked) + result.left} steps back"
        found = ", ".join(f"∂L/∂{node.name} = {short(node.gradient)}" for node in inputs)
        return f"L = {settings.expression}: {found}"

    def words(self, result, settings):
        if not result.walked:
            return f"Forward: L = {short(result.end.value)}. Backward begins at the end, with ∂L/∂L = 1."
        node = result.walked[-1]
        handed = " and ".join(
            f"{short(node.gradient)} × {short(slope)} = {short(node.gradient * slope)} to {parent.name}"
            for parent, slope in zip(node.parents, node.slopes, strict=True)
        )
        twice = [p.name for p in node.parents if sum(parent is p for parent, _, _ in result.arrows) > 1]
        more = "".join(f" {name} is used twice: what its two arrows bring back is added up." for name in twice)
        end = "" if result.left else " No operation is left: every gradient is there."
        return f"Step {len(result.walked)}: {node.name} hands back {handed}.{more}{end}"


class GraphSteps(Explorer):
    """A graph of single numbers, walked backwards: gradient times local derivative, added up where arrows meet."""

    name = "graph_steps"
    controls = {
        "expression": Menu("L =", "(a·b + c)²", EXPRESSIONS),
        "steps": Count("steps back", 1, 0, MOST_STEPS),
        "a": Slide("a", 2.0, -3, 3, 0.1),
        "b": Slide("b", -1.5, -3, 3, 0.1),
        "c": Slide("c", 1.0, -3, 3, 0.1),
    }
    pictures = (Graph,)


graph_steps = GraphSteps
