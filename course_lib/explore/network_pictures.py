"""Pictures of a network that is being trained: the net with a map in every unit, its costs, its inside."""

from functools import lru_cache

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from ..figures import BLUE, BLUE_TO_ORANGE, GREEN, GREY, ORANGE, PINK, SKY, YELLOW
from ..network import Dense
from . import lettering
from .live import Picture
from .network_controls import in_print

GRID = 37  # points of a map along each side
TILE, GAP = 38, 39  # CSS pixels of a unit's map, and from one to the next
MAP = 250  # CSS pixels of the large map
INPUTS = 8  # inputs that are drawn
MIDDLE = 186  # height of the middle of every column
DOTS = 240  # records that are drawn
REACH = 2.2
CLASSES = (BLUE, ORANGE, GREEN, PINK, YELLOW, SKY, "#4B3F8F", "#8C564B", "#666666", "#111111")
MARKERS = ("o", "^", "s", "D", "v", "P", "X", "<", ">", "*")
BANDS, DOUBTS = 9, 6
FIRM = 0.7  # the shade of a decision


def as_bytes(colours):
    """Colours as rows of red, green, blue and 255."""
    return np.array([[round(255 * part) for part in (*to_rgb(c), 1)] for c in colours], np.uint8)


SHADES = as_bytes(BLUE_TO_ORANGE(np.linspace(0, 1, BANDS))[:, :3])
FINE_SHADES = BLUE_TO_ORANGE(np.linspace(0, 1, 255))
PURE = np.array([to_rgb(colour) for colour in CLASSES])
PALE = as_bytes([1 - (0.25 + 0.45 * doubt / DOUBTS) * (1 - c) for c in PURE for doubt in range(DOUBTS + 1)])
BLACK = np.array([0, 0, 0, 255], np.uint8)


def shaded(values):
    """Bytes of colours for values from -1 to 1: blue, white, orange, in bands that show the slope."""
    return SHADES[((np.clip(values, -1, 0.9999) + 1) * (BANDS / 2)).astype(np.intp)]


@lru_cache(maxsize=8)
def between(n, size):
    """The (size, n) matrix that interpolates n values along a line to `size` pixels."""
    at = (np.arange(size) + 0.5) / size * (n - 1)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(n)), 0).astype(np.float32)


def enlarged(values, size=MAP):
    """Values (n, n, k) interpolated to (size, size, k)."""
    rows, values = between(len(values), size), values.astype(np.float32)
    return np.stack([rows @ values[..., i] @ rows.T for i in range(values.shape[-1])], axis=-1)


def class_map(p, decision=False):
    """Colours for probabilities (n, n, k): those of the likeliest class, borders black.

    Paler where in doubt, unless only the decision is to be seen.
    """
    p = enlarged(np.clip(np.nan_to_num(p, nan=1.0), -1, 2))
    if p.shape[-1] == 1:
        first = p[..., 0] > 0.5
        colours = shaded(np.where(first, FIRM, -FIRM) if decision else 2 * p[..., 0] - 1)
    else:
        first = p.argmax(axis=-1)
        best = p.max(axis=-1) / np.maximum(np.abs(p).sum(axis=-1), 1e-9)
        doubt = np.round(np.clip(1 if decision else best, 0, 1) * DOUBTS).astype(np.intp)
        colours = PALE[first * (DOUBTS + 1) + doubt]
    colours[1:][first[1:] != first[:-1]] = BLACK
    colours[:, 1:][first[:, 1:] != first[:, :-1]] = BLACK
    return colours


def largest(values):
    """The largest size among values, and never quite 0."""
    return max(np.abs(np.nan_to_num(values)).max(), 1e-9)


class Tiles(Artist):
    """Small pictures (x, y, size in CSS pixels, colours), put straight into the pixels without resampling."""

    def __init__(self):
        super().__init__()
        self.pieces = []

    def draw(self, renderer):
        context = renderer.new_gc()
        scale = renderer.points_to_pixels(72) / 100
        for x, y, size, colours in self.pieces:
            times = max(round(size * scale / len(colours)), 1)
            colours = np.repeat(np.repeat(colours, times, axis=0), times, axis=1)
            renderer.draw_image(context, round(x * scale), round(y * scale), colours)


class View:
    """The plane through the inputs that the maps show, and where the records lie in it."""

    def __init__(self, session):
        raw = session.parts[0]
        self.kind = "curve" if raw.x.shape[1] == 1 else "plane" if raw.x.shape[1] == 2 else "slice"
        line = np.linspace(-REACH, REACH, GRID)
        u, v = (a.ravel() for a in np.meshgrid(line, line))
        self.line, self.reach = line, REACH
        self.labels = ("input x", "target y") if self.kind == "curve" else ("input x₁", "input x₂")
        if self.kind == "slice":  # through the mean, along the two directions in which the records vary most
            mean, std = raw.x.mean(axis=0), raw.x.std(axis=0)
            std = np.where(std > 0, std, 1)
            x = (raw.x - mean) / std
            directions = np.linalg.svd(x, full_matrices=False)[2][:2]
            self.project = lambda records: (records - mean) / std @ directions.T
            self.reach = float(np.quantile(np.abs(self.project(raw.x)), 0.99))
            u, v = (a * self.reach / REACH for a in (u, v))
            self.points = mean + std * (np.stack([u, v], axis=1) @ directions)
            self.labels = ("main direction 1", "main direction 2")
        elif self.kind == "curve":
            self.points, self.project = u[:, None], None
        else:
            self.points, self.project = np.stack([u, v], axis=1), lambda records: records
        self.x = session.inputs(self.points)


def input_names(session):
    """What a learner calls the inputs of the network."""
    n_in = session.training.network.sizes[0]
    if session.parts[0].x.shape[1] != 2:
        return [f"x{i + 1}" for i in range(n_in)] if n_in > 1 else ["x"]
    return [in_print(name) for name in session.setup.features]


def sources(session, layer):
    """What a learner calls that which a layer is given."""
    return input_names(session) if layer == 1 else [f"unit {i + 1}" for i in range(session.setup.hidden[layer - 2])]


def looked_at(session, layer, unit):
    """(layer, column) of the unit that is shown large; of the last layer, where there is no such hidden layer."""
    sizes = session.training.network.sizes
    layer = layer if layer and layer < len(sizes) - 1 else len(sizes) - 1
    return layer, min(unit, sizes[layer]) - 1


class Net(Picture):
    """The network: inputs, hidden units with what each puts out over the plane, and the output with the records."""

    size = (860, 384)

    @staticmethod
    def compute(session, look):
        return session, look

    def build(self, figure):
        width, height = self.size
        figure.set_layout_engine("none")  # everything has its place
        self.net = figure.add_axes([0, 0, 1, 1], frameon=False)
        self.net.set(xlim=(0, width), ylim=(0, height), xticks=(), yticks=())
        left, low = self.corner = 554, 60
        self.map = figure.add_axes([left / width, low / height, MAP / width, MAP / height])
        self.map.patch.set_visible(False)  # the tiles are behind it
        self.map.yaxis.tick_right()
        self.map.yaxis.set_label_position("right")
        self.map.yaxis.set_label_coords(1.16, 0.5)  # or longer numbers would push it out of the picture
        self.map.spines[["left", "right"]].set_visible([False, True])
        self.map.grid(False)
        self.map.locator_params(nbins=5)
        kind = dict(animated=True, zorder=1)
        self.plus = LineCollection([], colors=ORANGE, **kind)
        self.minus = LineCollection([], colors=BLUE, linestyles=[(0, (2.2, 1.2))], **kind)
        self.tiles = Tiles()
        self.tiles.set_animated(True)
        self.tiles.set_zorder(2)
        for artist in (self.plus, self.minus):
            self.net.add_collection(artist, autolim=False)
        self.net.add_artist(self.tiles)
        kind = dict(edgecolors="#444444", linewidths=0.8, animated=True)
        self.frames = PolyCollection([], facecolors="none", zorder=2.5, **kind)
        self.net.add_collection(self.frames, autolim=False)
        kinds = dict(mec="white", mew=0.5, ms=4.2), dict(mfc="none", mew=0.8, ms=3.4)
        self.dots, self.fresh = (
            [self.map.plot([], [], marker, color=colour, **kind)[0] for marker, colour in zip(MARKERS, CLASSES)]
            for kind in kinds
        )
        self.curve = self.map.plot([], [], color=ORANGE, lw=2)[0]
        kind = dict(edgecolors="#444444", linewidths=0.5)
        self.values = [self.map.scatter([], [], s=size, marker=m, **kind) for m, size in (("o", 18), ("D", 9))]
        for artist in (*self.dots, *self.fresh, self.curve, *self.values):
            artist.set_animated(True)
            artist.set_zorder(3)
        self.title = self.net.text(10, height - 18, " ", weight="bold", size=10.5, animated=True)
        self.map_title = self.net.text(left, height - 18, " ", weight="bold", size=10.5, animated=True)
        self.map_note = self.net.text(left, height - 36, " ", size=9, color="#444444", animated=True)
        self.legend = self.net.text(10, 8, " ", size=9, color="#444444", animated=True)
        self.captions = [self.net.text(0, 0, "", size=9, ha="center", animated=True) for _ in range(8)]
        kind = dict(size=9, ha="right", va="center", animated=True)
        self.names = [self.net.text(0, 0, "", **kind) for _ in range(INPUTS)]
        self.start = None

    def _place(self, session):
        """Where inputs and units stand, and the records of the map: all that only a new start changes."""
        self.view = View(session)
        network = session.training.network
        n_in = network.sizes[0]
        shown = min(n_in, INPUTS)
        columns = [shown, *network.sizes[1:-1]]
        x = np.linspace(92, 490, max(len(columns), 2))[: len(columns)]
        self.centres = [
            np.stack([np.full(n, at), MIDDLE + GAP * ((n - 1) / 2 - np.arange(n))], axis=1) for n, at in zip(columns, x)
        ]
        for text in self.names + self.captions:
            text.set_text("")
        for text, name, (left, y) in zip(self.names, input_names(session), self.centres[0]):
            text.set_text(name)
            text.set_position((left - TILE / 2 - 5, y))
        heads = [f"{n_in} inputs" if n_in > 1 else "1 input", *(f"layer {i + 1}" for i in range(len(columns) - 1))]
        heads[0] += f", {shown} shown" if shown < n_in else ""
        for text, head, at in zip(self.captions, heads, x):
            text.set_text(head)
            text.set_position((at, MIDDLE + 4 * GAP + 8))
        half = TILE / 2
        corners = np.array([[-half, -half], [half, -half], [half, half], [-half, half]])
        self.frames.set_verts([centre + corners for column in self.centres for centre in column])
        end = np.array([[self.corner[0], self.corner[1] + MAP / 2]])
        self.ends = [*self.centres[1:], end]
        self._records(session)

    def _records(self, session):
        parts, view = session.parts[:2], self.view
        for artist in (*self.dots, *self.fresh):
            artist.set_data([], [])
        self.curve.set_data([], [])
        for artist in self.values:
            artist.set_offsets(np.empty((0, 2)))
        if view.kind == "curve":
            self.dots[0].set_data(parts[0].x[:DOTS, 0], parts[0].y[:DOTS, 0])
            self.fresh[0].set_data(parts[1].x[: DOTS // 2, 0], parts[1].y[: DOTS // 2, 0])
            self.map.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH))
        else:
            self.map.set(xlim=(-view.reach, view.reach), ylim=(-view.reach, view.reach))
            if parts[0].loss == "mse":
                self.middle, self.spread = float(parts[0].y.mean()), 2 * float(parts[0].y.std()) + 1e-12
                for artist, part, most in zip(self.values, parts, (DOTS, DOTS // 2)):
                    at = np.clip((part.y[:most, 0] - self.middle) / self.spread, -1, 1)
                    artist.set_offsets(view.project(part.x[:most]))
                    artist.set_facecolors(FINE_SHADES[(127 + 127 * at).astype(int)])
            else:
                for artists, part, most in ((self.dots, parts[0], DOTS), (self.fresh, parts[1], DOTS // 2)):
                    where, y = view.project(part.x[:most]), part.y[:most, 0].astype(int)
                    for k in range(part.classes or 2):
                        artists[k].set_data(*where[y == k].T)
        self.map.set_xlabel(view.labels[0])
        self.map.set_ylabel(view.labels[1])

    def show(self, result, settings):
        session, look = result
        anew = self.start != session.start
        if anew:
            self.start = session.start
            self._place(session)
        network, params, training = session.training.network, session.training.params, session.training
        with np.errstate(all="ignore"):
            z, kept = network.forward(params, self.view.x)
            out = training.loss.head(z)
        inside = [keep for layer, keep in zip(network.layers, kept) if isinstance(layer, Dense)]  # what each is given
        maps = [self.view.x, *inside[1:]]
        layer, unit = looked_at(session, settings.layer, settings.unit)
        self.chosen = (layer, unit) if layer < len(maps) else None
        self.tiles.pieces = [
            (x - TILE / 2, y - TILE / 2, TILE, self._small(values[:, j]))
            for column, values in zip(self.centres, maps)
            for j, (x, y) in enumerate(column)
        ]
        if self.chosen:
            out = maps[layer][:, unit : unit + 1]
        self._map(session, out.reshape(GRID, GRID, -1), settings.decision)
        widths = [[2.6 if (i, j) == self.chosen else 0.8 for j in range(len(c))] for i, c in enumerate(self.centres)]
        self.frames.set_linewidths(np.concatenate(widths))
        for artist in (*self.fresh, self.values[1]):
            artist.set_visible(settings.validation)
        self._wires(params, network)
        self._titles(session, look, settings)
        return anew

    def _small(self, values):
        values = values.reshape(GRID, GRID)[::2, ::2]
        return shaded(np.nan_to_num(values) / largest(values))

    def _map(self, session, out, decision):
        if self.view.kind == "curve":
            self.curve.set_data(self.view.line, np.clip(np.nan_to_num(out[0, :, 0], nan=9e9), -99, 99))
            return
        if session.parts[0].loss != "mse" and not self.chosen:
            colours = class_map(out, decision)
        else:
            middle, spread = (0, largest(out)) if self.chosen else (self.middle, self.spread)
            values = enlarged((np.clip(np.nan_to_num(out), -1e9, 1e9) - middle) / spread)[..., 0]
            colours = shaded(FIRM * np.sign(values) if decision else values)
        self.tiles.pieces.append((*self.corner, MAP, colours))

    def _wires(self, params, network):
        lines, weights = [], []
        for i, (starts, ends) in enumerate(zip(self.centres, self.ends), start=1):
            W = np.nan_to_num(params[f"W{i}"])[: len(starts)]
            if W.shape[1] > len(ends):  # of several outputs, the one that a unit acts on most
                W = np.take_along_axis(W, np.abs(W).argmax(axis=1, keepdims=True), axis=1)
            last = i == len(self.ends)
            a = np.repeat(starts + [TILE / 2, 0], len(ends), axis=0)
            b = np.tile(ends - [0 if last else TILE / 2, 0], (len(starts), 1))
            lines.append(np.stack([a, b], axis=1))
            weights.append(W.ravel() / max(np.abs(W).max(), 1e-9))
        lines, weights = np.concatenate(lines), np.concatenate(weights)
        for artist, chosen in ((self.plus, weights > 0.05), (self.minus, weights < -0.05)):
            artist.set_segments(lines[chosen])
            artist.set_linewidths(2.6 * np.abs(weights[chosen]))

    def _titles(self, session, look, settings):
        lost = " · diverged" if session.diverged else ""
        self.title.set_text(f"Step {session.steps:,} · epoch {look.epoch:,.1f}{lost}")
        if look.accuracy is not None:
            self.map_title.set_text(f"Validation: {look.validation_accuracy:.0%} right")
        else:
            self.map_title.set_text("Diverged" if session.diverged else f"Validation cost {look.validation_cost:.3g}")
        note = {"plane": "filled: training, hollow: validation", "slice": "slice through the mean; hollow: validation"}
        note = note.get(self.view.kind, "orange: what the network says")
        if self.view.kind != "curve" and session.parts[0].loss == "mse":
            note = "colour in a mark: target; diamonds: validation"
        if self.chosen:
            note = f"layer {self.chosen[0]}, unit {self.chosen[1] + 1}, framed on the left"
        self.map_note.set_text(note)
        many = "" if session.training.network.sizes[-1] == 1 else " (to several outputs: the strongest)"
        self.legend.set_text(f"Wires: orange +, blue dashed −; thick: a strong weight{many}")

    def words(self, result, settings):
        session, look = result
        sizes = " → ".join(map(str, session.training.network.sizes))
        said = f"A network {sizes} ({settings.activation}) on {settings.data}, "
        said += f"step {session.steps}, epoch {look.epoch:.1f}: "
        if session.diverged:
            return said + session.ending + "."
        right = ""
        if look.accuracy is not None:
            right = f", {look.accuracy:.0%} and {look.validation_accuracy:.0%} right"
        said += f"cost {look.cost:.3g} on training and {look.validation_cost:.3g} on validation records{right}."
        return said + (f" It {session.ending}." if session.ending else "") + self._unit(session)

    def _unit(self, session):
        """The numbers of the unit that is shown large."""
        if not self.chosen:
            return ""
        (layer, unit), params = self.chosen, session.training.params
        named = list(zip(sources(session, layer), params[f"W{layer}"][:, unit]))[:INPUTS]
        weights = [f"{name} {weight:.3g}" for name, weight in named]
        bias = f"bias {params[f'b{layer}'][0, unit]:.3g}"
        return f" Large map: layer {layer}, unit {unit + 1}; weights from {', '.join(weights)}; {bias}."


class Progress(Picture):
    """Costs step by step, and which class was taken for which."""

    size = (860, 220)
    later = True

    @staticmethod
    def compute(session, look):
        return session, look

    def build(self, figure):
        self.costs, self.matrix = figure.subplots(1, 2, width_ratios=(2.4, 1))
        self.costs.set(yscale="log", ylim=(1e-3, 5), xlim=(0, 500))
        self.costs.set(xlabel="step (one update)", ylabel="cost: mean loss")
        self.train = self.costs.plot([], [], color=BLUE, label="training", animated=True)[0]
        self.validation = self.costs.plot([], [], color=ORANGE, ls="--", label="validation", animated=True)[0]
        self.changes = LineCollection([], colors=GREY, linewidths=0.8, linestyles=[(0, (1, 2))], animated=True)
        self.costs.add_collection(self.changes, autolim=False)
        self.costs.legend(loc="upper right", ncols=2)
        self.matrix.set(xlabel="taken for class", ylabel="class", xticks=(), yticks=(), aspect="equal")
        self.matrix.grid(False)
        self.cells = PolyCollection([], edgecolors="white", linewidths=0.8, animated=True)
        self.matrix.add_collection(self.cells, autolim=False)
        self.digits = PathPatch(Path(np.empty((0, 2))), color="black", lw=0, animated=True)
        self.matrix.add_patch(self.digits)
        self.titles = [axes.set_title(" ", animated=True) for axes in (self.costs, self.matrix)]
        self.classes, self.end, self.scale = None, 500, (None, None)
        self.font = findfont(FontProperties())

    def _ticks(self, classes):
        self.matrix.set(xlim=(0, classes or 1), ylim=(0, classes or 1))
        places = np.arange(classes or 0) + 0.5
        self.matrix.set_xticks(places, range(classes or 0))
        self.matrix.set_yticks(places[::-1], range(classes or 0))
        self.matrix.tick_params(length=0)
        self.matrix.set_visible(bool(classes))

    def show(self, result, settings):
        session, look = result
        classes = None if look.confusion is None else len(look.confusion)
        end = 500
        while end < session.steps:
            end *= 2
        top = 5.0
        steps, *costs = np.array(session.history).T
        low, first = top / 5000, costs[0][0]
        while np.isfinite(first) and top < 2 * first:
            top, low = 10 * top, 10 * low
        while low > max(np.nanmin(costs), 1e-12):
            low /= 10
        anew = (classes, end, low, top) != (self.classes, self.end, *self.scale)
        self.classes, self.end, self.scale = classes, end, (low, top)
        if anew:
            self._ticks(classes)
            self.costs.set(xlim=(0, end), ylim=(low, top))
        for line, values in zip((self.train, self.validation), costs):
            line.set_data(steps, np.clip(np.nan_to_num(values, nan=1e300, posinf=1e300), low / 20, 1e3 * top))
        at = [step for step in session.state.get("changes", {})][-60:]
        self.changes.set_segments([[(step, 1e-12), (step, 1e12)] for step in at])
        self._confusion(look.confusion)
        now = f"Cost {look.cost:.3g}, validation {look.validation_cost:.3g}"
        self.titles[0].set_text("Diverged" if session.diverged else now + (", stopped early" if session.ending else ""))
        self.titles[1].set_text("" if classes is None else f"Confusion: {100 * look.validation_accuracy:.3g}% right")
        return anew

    def _confusion(self, counts):
        if counts is None:
            self.cells.set_verts([])
            self.digits.set_path(Path(np.empty((0, 2))))
            return
        k = len(counts)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        verts, colours, paths = [], [], []
        for i in range(k):
            for j in range(k):
                x, y = j, k - 1 - i
                verts.append([(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)])
                colours.append(1 - (0.08 + 0.8 * share[i, j]) * (1 - np.array(to_rgb(GREEN if i == j else ORANGE))))
                if counts[i, j]:
                    outline, width = lettering.line(self.font, str(counts[i, j]))
                    height = 0.2 if k < 4 else 0.5
                    middle = np.array([x + 0.5 - width * height / 2, y + 0.5 - 0.36 * height])
                    paths.append(Path(outline.vertices * height + middle, outline.codes))
        self.cells.set_verts(verts)
        self.cells.set_facecolors(colours)
        self.digits.set_path(Path.make_compound_path(*paths))

    def words(self, result, settings):
        session, look = result
        steps, training, validation = np.array(session.history).T
        lowest = np.argmin(np.nan_to_num(validation, nan=np.inf))
        now = "beyond every scale" if session.diverged else f"{look.cost:.3g}"
        said = f"Training cost: {training[0]:.3g} at the start, {now} now. "
        said += f"Lowest validation cost: {validation[lowest]:.3g}, at step {steps[lowest]:.0f}. "
        if look.confusion is None:
            return said
        off = look.confusion - np.diag(np.diag(look.confusion))
        if not off.any():
            return said + "No class is taken for another."
        i, j = np.unravel_index(off.argmax(), off.shape)
        return said + f"Most often confused: {off[i, j]} of class {i} taken for class {j}."


ROWS = 7  # layers, the output among them
WEIGHTS, NORMS = np.linspace(-4, 4, 49), np.linspace(-6, 2, 49)


class Inside(Picture):
    """Layer by layer: weights, gradient norms, dead units and flat slopes."""

    size = (860, 230)
    later = True

    @staticmethod
    def compute(look):
        return look

    def build(self, figure):
        self.axes = figure.subplots(1, 3, sharey=True, width_ratios=(1.2, 1.2, 1))
        for axes, limits, label in zip(
            self.axes,
            ((-4, 4), (-6, 2), (0, 100)),
            ("weight (beyond ±4: at the edge)", "length of the gradient, log₁₀", "share in %"),
        ):
            axes.set(xlim=limits, ylim=(0, ROWS), xlabel=label)
            axes.grid(axis="y", visible=False)
        kind = dict(animated=True, linewidths=0.8)
        self.weights = PolyCollection([], facecolors=SKY, edgecolors=BLUE, **kind)
        self.norms = PolyCollection([], facecolors="#F7C9A0", edgecolors=ORANGE, **kind)
        self.dead = PolyCollection([], facecolors="#444444", edgecolors="black", **kind)
        self.flat = PolyCollection([], facecolors="white", edgecolors=PINK, hatch="////", **kind)
        for axes, artist in zip((*self.axes, self.axes[2]), (self.weights, self.norms, self.dead, self.flat)):
            axes.add_collection(artist, autolim=False)
        handles = [
            Rectangle((0, 0), 1, 1, fc="#444444", ec="black"),
            Rectangle((0, 0), 1, 1, fc="white", ec=PINK, hatch="////"),
        ]
        legend = dict(loc="lower left", bbox_to_anchor=(-0.02, 0.99), ncols=2, borderaxespad=0, columnspacing=1)
        self.axes[2].legend(handles, ["dead units", "flat slopes"], handlelength=1.4, **legend)
        self.titles = [axes.set_title(" ", animated=True) for axes in self.axes[:2]]
        self.rows = None

    @staticmethod
    def ridge(values, bins, row):
        """The outline of a histogram that stands on a row; its fullest bin nearly reaches the next."""
        values = np.clip(np.nan_to_num(values), bins[0], bins[-1])
        counts = np.histogram(values, bins)[0]
        heights = row + 0.85 * counts / max(counts.max(), 1)
        x, y = np.repeat(bins, 2)[1:-1], np.repeat(heights, 2)
        return np.stack([[x[0], *x, x[-1]], [row, *y, row]], axis=1)

    def show(self, look, settings):
        layers = look.layers
        rows = len(layers)
        anew, self.rows = rows != self.rows, rows
        if anew:
            self.axes[0].set_ylim(0, rows + 0.05)
            self.axes[0].set_yticks(np.arange(rows) + 0.4, [layer.name for layer in layers][::-1])
            for axes in self.axes:
                axes.tick_params(axis="y", length=0)
        below = [(layer, rows - 1 - i) for i, layer in enumerate(layers)]
        self.weights.set_verts([self.ridge(layer.weights, WEIGHTS, row) for layer, row in below])
        with np.errstate(all="ignore"):
            norms = [(np.log10(np.maximum(layer.gradient_norms, 1e-30)), row) for layer, row in below]
        self.norms.set_verts([self.ridge(values, NORMS, row) for values, row in norms])
        for artist, share, low in ((self.dead, "dead", 0.42), (self.flat, "saturated", 0.08)):
            bars = [(100 * getattr(layer, share), row + low) for layer, row in below[:-1]]
            artist.set_verts([[(0, y), (x, y), (x, y + 0.3), (0, y + 0.3)] for x, y in bars])
        largest = max(float(np.abs(np.nan_to_num(layer.weights)).max()) for layer in layers)
        self.titles[0].set_text(f"Weights: the largest {largest:.3g}")
        latest = [layer.gradient_norms[-1] for layer in layers if len(layer.gradient_norms)]
        ratio = latest[0] / latest[-1] if latest and latest[-1] > 0 else None
        first = "" if ratio is None or not np.isfinite(ratio) else f": layer 1 / output = {ratio:.2g}"
        self.titles[1].set_text("Gradients" + first)
        return anew

    def words(self, look, settings):
        worst = max(look.layers[:-1], key=lambda layer: layer.dead, default=None)
        flat = max(look.layers[:-1], key=lambda layer: layer.saturated, default=None)
        if worst is None:
            return "No hidden layer: a linear model."
        return (
            f"Dead units: at most {worst.dead:.0%} of a layer ({worst.name}). "
            f"Flat slopes: at most {flat.saturated:.0%} ({flat.name})."
        )
