"""The playground: one network under one set of controls, trained before one's eyes."""

from dataclasses import asdict

import ipywidgets as widgets

from ..datasets import DATASETS, REAL
from ..initializers import INITIALIZERS
from ..optimizers import OPTIMIZERS
from ..session import Session
from ..session_settings import FEATURES, SCHEDULES, Setup, replaced
from .activation_lab import NINE
from .controls import Choice, Count, Menu, Rate, Slide, Switch
from .network_controls import Layers, Several
from .network_pictures import Inside, Net, Progress
from .playing import Playing, until

OFF = "off"
START = Setup()
DATA = ("circles", "xor", "clouds", "moons", "spirals", "three_arms", "plane", "hills", "noisy_sine", "diabetes")
DATA += tuple(name for name in (*DATASETS, *REAL) if name not in DATA and name != "digits") + ("digits",)
STRENGTHS = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0)
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
    "activation": Choice("activation", START.activation, NINE),
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
}  # fmt: skip

GROUPS = {
    "Data": ("data", "records", "noise", "train", "seed", "standardise", "features"),
    "Network and loss": ("initializer", "normalization", "dropout", "loss"),
    "Optimizer": ("optimizer", "beta1", "beta2", "decay", "schedule", "schedule_steps"),
    "Penalties and limits": ("l1", "l2", "clip_norm", "clip_value", "patience"),
    "Playing": ("speed", "pause_at"),
}


class Playground(Playing):
    """A whole network to play with; `steps` and `changes` ({step: {setting: value}}) bring back a state on the way."""

    name = "playground"
    controls = CONTROLS
    pictures = (Net, Progress, Inside)

    def __init__(self, steps=0, changes=None, **settings):
        settings = self.check({name: c.default for name, c in self.controls.items()} | settings)
        self.session = Session(steps, changes, **self._of_session(settings))
        self._pause_from = self.session.epochs
        super().__init__(**settings | self._present())

    @staticmethod
    def _of_session(settings):
        return {name: value for name, value in settings.items() if name in Setup.__dataclass_fields__}

    def _present(self):
        return asdict(self.session.setup)

    def _panel(self):
        def row(*names):
            box = widgets.Box([self.sliders[name] for name in names]).add_class("cl-controls")
            box.layout.flex_flow = "row wrap"
            return box

        groups = widgets.Tab([row(*names) for names in GROUPS.values()], titles=tuple(GROUPS))
        buttons = widgets.HBox(list(self._buttons.values())).add_class("cl-buttons")
        return widgets.VBox([buttons, row("lr", "activation", "batch_size"), groups, self.sliders["hidden"]])

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
        for name in ("speed", "pause_at"):
            if self.settings[name] != self.controls[name].default:
                state[name] = self.settings[name]
        if not self.session.steps:
            state.pop("steps")
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
