"""The playground: one network under one set of controls, trained before one's eyes."""

from dataclasses import asdict

import ipywidgets as widgets

from ..activations import HIDDEN
from ..checks import of_kind, one_of
from ..datasets import DATASETS, REAL
from ..initializers import INITIALIZERS
from ..optimizers import OPTIMIZERS
from ..session import Session
from ..session_settings import FEATURES, SCHEDULES, Setup, replaced
from .controls import Choice, Count, Menu, Rate, Slide, Switch
from .network_controls import DEEPEST, Layers, Several
from .network_pictures import Inside, Net, Progress, looked_at, sources
from .playing import Playing, until

OFF, DEPTHS = "off", range(1, DEEPEST + 1)
START = Setup()
DATA = ("circles", "xor", "clouds", "moons", "spirals", "three_arms", "plane", "hills", "noisy_sine", "diabetes")
DATA += tuple(name for name in (*DATASETS, *REAL) if name not in DATA and name != "digits") + ("digits",)
STRENGTHS = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
BATCH_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 5000)  # no training set has more
LIMITS = (None, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
SPEEDS = (1, 2, 5, 10, 20, 50, 100, 1000)
PAUSES = {
    None: "never", "100 epochs": "after 100 epochs", "1000 epochs": "after 1000 epochs",
    "90% right": "at 90 % right", "99% right": "at 99 % right", "cost 0.1": "at cost 0.1", "cost 0.01": "at cost 0.01",
}  # fmt: skip


def menu(label, name, options, none=None):
    """A drop-down list for a setting; None reads as `none`."""
    return Menu(label, getattr(START, name), options, [none if o is None else str(o) for o in options])


CONTROLS = {
    "lr": Rate("learning rate", START.lr, 1e-5, 10),
    "activation": Choice("activation", START.activation, HIDDEN),
    "batch_size": Choice("batch size", START.batch_size, BATCH_SIZES, [*BATCH_SIZES[:-1], "all"]),
    "hidden": Layers("hidden layers", START.hidden),
    "data": menu("data set", "data", DATA),
    "records": Choice("records", START.records, (20, 50, 100, 200, 400, 1000)),
    "noise": Slide("noise", START.noise, 0.0, 0.5, 0.01),
    "train": Slide("share to train on", START.train, 0.1, 0.9, 0.05),
    "standardise": Switch("standardise the inputs", START.standardise),
    "features": Several("features", START.features, FEATURES),
    "seed": Count("seed", START.seed, 0, 99),
    "initializer": menu("first weights", "initializer", (None, *INITIALIZERS), "what suits"),
    "normalization": menu("normalization", "normalization", (None, "batch", "layer"), OFF),
    "loss": menu("loss", "loss", (None, "mse", "mae", "huber", "bce", "cce", "scce"), "what suits"),
    "optimizer": menu("optimizer", "optimizer", tuple(OPTIMIZERS)),
    "beta1": Slide("momentum β, Adam β₁", START.beta1, 0.0, 0.99, 0.01),
    "beta2": Choice("Adam β₂, RMSprop α", START.beta2, (0.5, 0.9, 0.99, 0.999, 0.9999)),
    "decay": Choice("AdamW decay", START.decay, STRENGTHS),
    "schedule": menu("schedule", "schedule", tuple(SCHEDULES)),
    "schedule_steps": Choice("its length in steps", START.schedule_steps, (100, 300, 1000, 3000, 10_000, 30_000)),
    "dropout": Choice("dropout", START.dropout, (0.0, 0.1, 0.2, 0.3, 0.5, 0.8)),
    "l1": Choice("L1", START.l1, STRENGTHS),
    "l2": Choice("L2", START.l2, STRENGTHS),
    "clip_norm": menu("clip length at", "clip_norm", LIMITS, OFF),
    "clip_value": menu("clip entries at", "clip_value", LIMITS, OFF),
    "patience": menu("early stopping: looks", "patience", (None, 1, 3, 10, 30, 100), OFF),
    "speed": Choice("steps per picture", 20, SPEEDS),
    "pause_at": Menu("pause", None, tuple(PAUSES), tuple(PAUSES.values())),
    "layer": Menu("large map", None, (None, *DEPTHS), ["the output", *(f"layer {i}" for i in DEPTHS)]),
    "unit": Count("its unit", 1, 1, 10),
    "validation": Switch("show the validation records", True),
    "decision": Switch("show only the decision", False),
}  # fmt: skip

GROUPS = {
    "Data": ("data", "records", "noise", "train", "seed", "standardise", "features"),
    "Network and loss": ("initializer", "normalization", "dropout", "loss"),
    "Optimizer": ("optimizer", "beta1", "beta2", "decay", "schedule", "schedule_steps"),
    "Penalties and limits": ("l1", "l2", "clip_norm", "clip_value", "patience"),
    "Playing": ("speed", "pause_at"),
    "Map and weights": ("layer", "unit", "validation", "decision"),
}
OUTSIDE = [name for name in CONTROLS if name not in Setup.__dataclass_fields__]  # what a session knows nothing of


class Playground(Playing):
    """A whole network to play with; `hide` names controls that are not to be seen.

    `steps`, `changes` ({step: {setting: value}}) and `edits` (weights set by hand) bring back a state on the way.
    """

    name = "playground"
    controls = CONTROLS
    pictures = (Net, Progress, Inside)

    def __init__(self, steps=0, changes=None, edits=None, hide=(), **settings):
        settings = self.check({name: c.default for name, c in self.controls.items()} | settings)
        self.hide = tuple(one_of("hide", name, self.controls) for name in of_kind("hide", hide, list | tuple))
        self.session = Session(steps, changes, edits, **self._of_session(settings))
        self._pause_from = self.session.epochs
        self._from = widgets.Dropdown(description="weight from", options=["bias"])
        self._weight = widgets.FloatText(description="is")
        for part in (self._from, self._weight):
            part.layout.width = "180px"
        super().__init__(**settings | self._present())
        self._from.observe(lambda change: self._read_weight(), "value")
        self._weight.observe(lambda change: self._guarded(self._write_weight), "value")

    @staticmethod
    def _of_session(settings):
        return {name: value for name, value in settings.items() if name in Setup.__dataclass_fields__}

    def _present(self):
        return asdict(self.session.setup)

    def _panel(self):
        def row(*names, also=()):
            shown = [self.sliders[name] for name in names if name not in self.hide]
            box = widgets.Box([*shown, *(also if shown else ())]).add_class("cl-controls")
            box.layout.flex_flow = "row wrap"
            return box

        by_hand = {"Map and weights": (self._from, self._weight)}
        tabs = {title: row(*names, also=by_hand.get(title, ())) for title, names in GROUPS.items()}
        tabs = {title: box for title, box in tabs.items() if box.children}
        groups = [widgets.Tab(list(tabs.values()), titles=tuple(tabs))] if tabs else []
        buttons = widgets.HBox(list(self._buttons.values())).add_class("cl-buttons")
        return widgets.VBox([buttons, row("lr", "activation", "batch_size"), *groups, row("hidden")])

    # ------------------------------------------------------------------------- training

    def advance(self, seconds):
        over, start = until(seconds), self.session.steps
        while self.session.steps - start < self.settings["speed"] and not over():
            if self.session.step():
                self.note = self.session.ending
                return False
        self.note = self._reached()
        return not self.note

    def _reached(self):
        """Why it pauses here, in words; empty if it does not."""
        wanted = self.settings["pause_at"]
        if wanted is None:
            return ""
        look, (goal, kind) = self.session.look(), wanted.split()[:: -1 if wanted.startswith("cost") else 1]
        if kind == "epochs":
            reached = look.epoch - self._pause_from >= int(goal)
        elif kind == "right":
            reached = (look.validation_accuracy or 0) >= float(goal[:-1]) / 100
        else:
            reached = look.validation_cost <= float(goal)
        return f"paused {PAUSES[wanted]}" if reached else ""

    def play(self):
        """Train until it is paused or over."""
        self._pause_from = self.session.epochs
        super().play()

    def take(self, epoch=False):
        self.session.step(self.session.steps_per_epoch if epoch else 1)
        self.note = self.session.ending

    def begin(self):
        self.session, self._pause_from = Session(**asdict(self.session.setup)), 0.0

    def given(self):
        return {"session": self.session, "look": self.session.look()}

    # ---------------------------------------------------------------- one weight by hand

    def _show(self, views):
        super()._show(views)
        if not self.playing:
            self._read_weight()

    def _place(self):
        """Which parameter is in hand: as Session.edit wants it."""
        layer, column = looked_at(self.session, self.settings["layer"], self.settings["unit"])
        row = self._from.options.index(self._from.value) - 1
        return (f"W{layer}", row, column) if row >= 0 else (f"b{layer}", 0, column)

    def _read_weight(self):
        """Show the parameter in hand as it is."""
        layer, _ = looked_at(self.session, self.settings["layer"], self.settings["unit"])
        options = ("bias", *sources(self.session, layer))
        self._held, held = True, self._held
        try:
            if self._from.options != options:
                self._from.options = options
            name, row, column = self._place()
            self._weight.value = float(f"{self.session.training.params[name][row, column]:.4g}")
        finally:
            self._held = held

    def _write_weight(self):
        if not self._held:
            with self._one_at_a_time:
                self.session.edit(*self._place(), self._weight.value)
                self.note = ""
                self._refresh(self.views)

    # ------------------------------------------------------------------------- settings

    def move(self, **settings):
        """Set controls from code, as one move."""
        with self._one_at_a_time:
            self.note = self._change(self.check(settings))
            super().move(**settings | self._present())

    def _change(self, settings):
        """Hand settings on to the session; a loss that does not suit other data falls back to one that does."""
        wanted = self._of_session(settings)
        try:
            return self.session.change(**wanted)
        except ValueError:
            setup = replaced(self.session.setup, {})
            if "data" not in wanted or "loss" in wanted or setup.loss is None:
                raise
            return self.session.change(**wanted, loss=None) + f"; loss {setup.loss} does not suit these data"

    def _moved(self, change):
        name = self._names[change.owner]
        with self._one_at_a_time:
            value = self.controls[name].clean(change.new)
            if self._held or self.controls[name].same(value, self._settings[name]):
                return
            try:
                self.note = self._change({name: value})
            except ValueError as error:
                self.note = f"refused: {error}"
            else:
                self._settings[name], self._pause_from = value, self.session.epochs
            self._held = True
            try:
                for other, now in self._present().items():
                    self._settings[other] = now
                    if not self.controls[other].same(self.controls[other].clean(self.sliders[other].value), now):
                        self.sliders[other].value = now
            finally:
                self._held = False
            self._arrive([view for view in self.views if not view.later])
            if self.error is None and not self.playing:
                self._follow([view for view in self.views if view.later])

    @property
    def call(self):
        """The call that brings the present state back, to the step."""
        state = {name: value for name, value in self.session.state.items() if getattr(START, name, None) != value}
        for name in OUTSIDE:
            if self.settings[name] != self.controls[name].default:
                state[name] = self.settings[name]
        if not self.session.steps:
            state.pop("steps")
        if self.hide:
            state["hide"] = self.hide
        written = ", ".join(f"{name}={value!r}".replace("'", '"') for name, value in state.items())
        return f"explore.{self.name}({written})"

    @property
    def words(self):
        """What the pictures show, in words, and what is set otherwise than by default."""
        other = [
            f"{control.label} {control.named(self.settings[name])}"
            for name, control in self.controls.items()
            if self.settings[name] != control.default
        ]
        return super().words + (f" Set: {'; '.join(other)}." if other else "")

    def to_torch(self):
        """The present network as a torch module: module(figure.session.inputs(x)) is what it puts out."""
        return self.session.to_torch()


playground = Playground
