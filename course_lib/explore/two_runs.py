"""Two runs side by side: the same data, the same first weights, one setting different."""

import ast

import ipywidgets as widgets
import numpy as np
import traitlets

from ..figures import BLUE, GREY, ORANGE
from ..session import Session
from .controls import Control, Menu
from .live import Picture
from .network_pictures import CLASSES, DOTS, MAP, MARKERS, REACH, Tiles, View, class_map
from .playground import CONTROLS, START
from .playing import Playing, until

PLAIN = ("lr", "activation", "batch_size", "data", "hidden", "noise", "seed")  # what both runs share, by control
PLANES = ("circles", "xor", "clouds", "moons", "spirals", "three_arms")
OTHER = {
    "lr": 0.3, "l1": 0.01, "l2": 0.01, "activation": "relu", "batch_size": 1, "optimizer": "adam", "beta1": 0.5,
    "initializer": "zeros", "normalization": "layer", "dropout": 0.3, "loss": "mse", "schedule": "cosine",
    "standardise": False, "patience": 3, "noise": 0.2, "seed": 1, "hidden": (2,), "clip_value": 0.1, "clip_norm": 0.1,
}  # fmt: skip


class OtherBox(widgets.Box):
    """The widget of whichever setting differs."""

    value = traitlets.Any()

    def __init__(self):
        super().__init__()
        self.add_class("cl-other")

    def offer(self, name, value):
        """Show the control of the setting `name`, at `value`."""
        self.name = name
        inner = CONTROLS[name].widget(value)
        if hasattr(inner, "description"):
            inner.description = "in the second run"
        inner.observe(self._moved, "value")
        self.children = (inner,)
        self.value = value

    def _moved(self, change):
        self.value = CONTROLS[self.name].clean(change.new)


class Other(Control):
    """A value of the setting that differs; a value written as text is read."""

    options = (0.3, 0.01, 1.0)

    def check(self, name, value):
        if value is not None and not isinstance(value, str | int | float | list | tuple):
            raise ValueError(f"{name} must be a value of the setting that differs, not {value!r}")
        return value

    def widget(self, value):
        return OtherBox()


def read(changed, to):
    """The value `to` as one of the setting `changed`, ValueError if it is none."""
    if isinstance(to, str) and changed not in ("activation", "optimizer", "loss", "schedule", "initializer"):
        try:
            to = ast.literal_eval(to)
        except (SyntaxError, ValueError):
            pass
    return CONTROLS[changed].check("to", to)


class Duel(Picture):
    """Costs of both, and what each makes of the plane."""

    size = (860, 340)

    @staticmethod
    def compute(sessions, looks):
        return sessions, looks

    def build(self, figure):
        width, height = self.size
        figure.set_layout_engine("none")
        self.back = figure.add_axes([0, 0, 1, 1], frameon=False)
        self.back.set(xlim=(0, width), ylim=(0, height), xticks=(), yticks=())
        self.tiles = Tiles()
        self.tiles.set_animated(True)
        self.back.add_artist(self.tiles)
        self.costs = figure.add_axes([66 / width, 50 / height, 236 / width, 246 / height])
        self.costs.set(yscale="log", xlabel="step (one update)", ylabel="cost (dashed: validation)")
        runs = (("A", BLUE), ("B", ORANGE))
        self.lines = [self.costs.plot([], [], color=c, ls=ls, animated=True)[0] for _, c in runs for ls in ("-", "--")]
        self.letters = [self.costs.text(0, 1, k, color=c, weight="bold", animated=True) for k, c in runs]
        self.lefts, low = (340, 604), 50
        self.maps = [figure.add_axes([left / width, low / height, MAP / width, MAP / height]) for left in self.lefts]
        self.dots = []
        for axes in self.maps:
            axes.patch.set_visible(False)
            axes.set(xlim=(-REACH, REACH), ylim=(-REACH, REACH), xlabel="input x₁", yticks=())
            axes.grid(False)
            kind = dict(mec="white", mew=0.5, ms=4.2, animated=True)
            self.dots.append([axes.plot([], [], MARKERS[k], color=CLASSES[k], **kind)[0] for k in range(3)])
        self.title = self.back.text(10, height - 18, " ", weight="bold", size=10.5, animated=True)
        self.heads = [
            self.back.text(left, height - 18, " ", weight="bold", size=10.5, color=c, animated=True)
            for left, c in zip(self.lefts, (BLUE, ORANGE))
        ]
        self.notes = [self.back.text(left, height - 35, " ", size=9, color=GREY, animated=True) for left in self.lefts]
        self.limits, self.starts = None, None

    def show(self, result, settings):
        sessions, looks = result
        end, top = 500, 5.0
        while end < max(session.steps for session in sessions):
            end *= 2
        first = [session.history[0][1] for session in sessions]
        while top < 2 * max(first):
            top *= 10
        anew, self.limits = (end, top) != self.limits, (end, top)
        self.costs.set(xlim=(0, end), ylim=(top / 5000, top))
        self.tiles.pieces = []
        for i, (session, look) in enumerate(zip(sessions, looks)):
            steps, *costs = np.array(session.history).T
            costs = [np.clip(np.nan_to_num(c, nan=1e300, posinf=1e300), top / 1e5, 1e3 * top) for c in costs]
            for line, values in zip(self.lines[2 * i : 2 * i + 2], costs):
                line.set_data(steps, values)
            at = np.clip(costs[0][-1], top / 4000, top / 1.5)
            self.letters[i].set_position((min(steps[-1] + end * 0.015, 0.94 * end), at * (1.12 if i else 0.8)))
            self._map(i, session)
            name, value = settings.changed, getattr(session.setup, settings.changed)
            self.heads[i].set_text(f"{'AB'[i]}: {name} = {CONTROLS[name].named(value)}")
            lost = session.ending.split(":")[0]
            self.notes[i].set_text(lost or f"cost {look.cost:.3g}, validation {look.validation_accuracy:.0%} right")
        self.title.set_text(f"Step {max(session.steps for session in sessions):,}")
        return anew

    def _map(self, i, session):
        if self.starts is None:
            self.starts = [None, None]
        if self.starts[i] != session.start:
            self.starts[i], part = session.start, session.parts[0]
            for k, dots in enumerate(self.dots[i]):
                dots.set_data(*part.x[:DOTS][part.y[:DOTS, 0] == k].T)
        if not hasattr(session, "view"):
            session.view = View(session)
        with np.errstate(all="ignore"):
            z = session.training.network.forward(session.training.params, session.view.x)[0]
            p = session.training.loss.head(z)
        side = len(session.view.line)
        self.tiles.pieces.append((self.lefts[i], 50, MAP, class_map(p.reshape(side, side, -1))))

    def words(self, result, settings):
        sessions, looks = result
        said = []
        for letter, session, look in zip("AB", sessions, looks):
            control, value = CONTROLS[settings.changed], getattr(session.setup, settings.changed)
            how = session.ending or f"cost {look.cost:.3g}, {look.validation_accuracy:.0%} right in validation"
            said.append(f"{letter}, {control.label} {control.named(value)}: {how}.")
        shared = [name for name in PLAIN if name != settings.changed]
        both = [f"{CONTROLS[name].label} {CONTROLS[name].named(getattr(settings, name))}" for name in shared]
        return f"Two runs, different in one setting. {' '.join(said)} Both: {'; '.join(both)}."


class TwoRuns(Playing):
    """Two runs with the same settings but for one, `changed`, which is `to` in the second; both take `steps` steps."""

    name = "two_runs"
    controls = {name: CONTROLS[name] for name in PLAIN} | {
        "data": Menu("data set", START.data, PLANES),
        "changed": Menu("what differs", "lr", OTHER, [CONTROLS[name].label for name in OTHER]),
        "to": Other("in the second run", 0.3),
    }
    pictures = (Duel,)

    def __init__(self, steps=0, **settings):
        more = [name for name in settings if name in CONTROLS and name not in self.controls]
        self.extra = {name: CONTROLS[name].check(name, settings.pop(name)) for name in more}
        settings = self._fitting({name: c.default for name, c in self.controls.items()} | settings, strict=True)
        self._settings = settings
        self.begin()
        self._both(steps)
        super().__init__(**settings)
        self.sliders["to"].offer(settings["changed"], settings["to"])

    def _fitting(self, settings, strict=False):
        """The settings, with `to` a value of what differs, and another one than the first run's."""
        settings = self.check(settings)
        try:
            settings["to"] = read(settings["changed"], settings["to"])
        except ValueError:
            if strict:
                raise
            settings["to"] = OTHER[settings["changed"]]
        return settings

    def begin(self):
        shared = {name: self._settings[name] for name in PLAIN} | self.extra
        self.sessions = [Session(**shared), Session(**shared | {self._settings["changed"]: self._settings["to"]})]

    def _both(self, steps):
        for session in self.sessions:
            session.step(steps)

    def advance(self, seconds):
        over, taken = until(seconds), 0
        while taken < 20 and not over():
            self._both(1)
            taken += 1
            if all(session.over for session in self.sessions):
                return False
        return True

    def take(self, epoch=False):
        self._both(self.sessions[0].steps_per_epoch if epoch else 1)

    def given(self):
        return {"sessions": self.sessions, "looks": [session.look() for session in self.sessions]}

    def _panel(self):
        buttons = widgets.HBox(list(self._buttons.values())).add_class("cl-buttons")
        self.sliders["to"].offer(self._settings["changed"], self._settings["to"])
        return widgets.VBox([buttons, super()._panel()])

    def move(self, **settings):
        """Set controls from code, as one move; both runs start anew."""
        with self._one_at_a_time:
            self._again(self._fitting(self._settings | self.check(settings)))

    def _moved(self, change):
        name = self._names[change.owner]
        with self._one_at_a_time:
            value = self.controls[name].clean(change.new)
            if self._held or self.controls[name].same(value, self._settings[name]):
                return
            wanted = self._settings | {name: value}
            if name == "changed":
                wanted["to"] = OTHER[value]
            self._again(self._fitting(wanted))

    def _again(self, settings):
        before, self._settings = self._settings, settings
        try:
            self.begin()
        except ValueError as error:
            self._settings, self.note = before, f"refused: {error}"
            self.begin()
        else:
            self.note = ""
        self._held = True
        try:
            for name, slider in self.sliders.items():
                if name == "to":
                    if (slider.name, slider.value) != (self._settings["changed"], self._settings["to"]):
                        slider.offer(self._settings["changed"], self._settings["to"])
                elif not self.controls[name].same(self.controls[name].clean(slider.value), self._settings[name]):
                    slider.value = self._settings[name]
        finally:
            self._held = False
        self._arrive(self.views)

    @property
    def call(self):
        """The call that brings both runs back, to the step."""
        state = self.settings | self.extra
        steps = max(session.steps for session in self.sessions)
        written = ", ".join(f"{name}={value!r}".replace("'", '"') for name, value in state.items())
        return f"explore.{self.name}({written}{f', steps={steps}' if steps else ''})"


two_runs = TwoRuns
