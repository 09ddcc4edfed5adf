"""Two controls for a network: its hidden layers, by click, and which features it is given."""

import ipywidgets as widgets
import traitlets

from ..checks import one_of, whole
from .controls import Control

DEEPEST, WIDEST = 6, 8


def in_print(name):
    """A feature as it is printed: x1^2 as x₁²."""
    for plain, nice in (("x1", "x₁"), ("x2", "x₂"), ("^2", "²"), ("*", "·")):
        name = name.replace(plain, nice)
    return name


def _small(description, tooltip, action):
    button = widgets.Button(description=description, tooltip=tooltip)
    button.layout.width, button.layout.min_width, button.layout.padding = "24px", "24px", "0"
    button.on_click(lambda button: action())
    return button


class LayersBox(widgets.HBox):
    """Buttons that add and take away layers and units; `value` has the units of each layer."""

    value = traitlets.Tuple()

    def __init__(self, value, **kwargs):
        self.count = widgets.Label()
        self.columns = [self._column(i) for i in range(DEEPEST)]
        ends = widgets.HBox(
            [
                widgets.Label("hidden layers"),
                _small("+", "One more hidden layer", self._deeper),
                _small("−", "One hidden layer less", self._shallower),
                self.count,
            ]
        )
        super().__init__([ends, *(box for box, _ in self.columns)], **kwargs)
        self.layout.flex_flow, self.layout.align_items = "row wrap", "center"
        self.observe(lambda change: self._write(), "value")
        self.value = tuple(value)
        self._write()

    def _column(self, i):
        label = widgets.Label()
        less = _small("−", f"One unit less in layer {i + 1}", lambda: self._units(i, -1))
        more = _small("+", f"One unit more in layer {i + 1}", lambda: self._units(i, 1))
        box = widgets.HBox([less, label, more])
        box.layout.margin = "0 0 0 14px"
        return box, label

    def _write(self):
        self.count.value = str(len(self.value))
        for i, (box, label) in enumerate(self.columns):
            box.layout.display = None if i < len(self.value) else "none"
            label.value = str(self.value[i]) if i < len(self.value) else ""

    def _units(self, i, more):
        if i < len(self.value) and 1 <= self.value[i] + more <= WIDEST:
            self.value = (*self.value[:i], self.value[i] + more, *self.value[i + 1 :])

    def _deeper(self):
        if len(self.value) < DEEPEST:
            self.value = (*self.value, self.value[-1] if self.value else 4)

    def _shallower(self):
        self.value = self.value[:-1]


class Layers(Control):
    """Units of up to six hidden layers, (8, 8) or [8, 8], of up to eight units; () is none at all."""

    options = ((), (1,), [1], (8,) * DEEPEST, (2, 8, 1), (4, 2))

    def check(self, name, value):
        if not isinstance(value, list | tuple) or len(value) > DEEPEST:
            raise ValueError(f"{name} must be a row of at most {DEEPEST} layer sizes, such as (4, 2), not {value!r}")
        return tuple(whole(f"a layer in {name}", n, 1, WIDEST) for n in value)

    def clean(self, value):
        return tuple(value)

    def named(self, value):
        return ", ".join(map(str, value)) or "none"

    def widget(self, value):
        return LayersBox(value)


class SeveralBox(widgets.HBox):
    """Buttons that stay down; `value` has the names of those that are, one at least."""

    value = traitlets.Tuple()

    def __init__(self, label, names, value, **kwargs):
        self.toggles = {name: widgets.ToggleButton(description=in_print(name)) for name in names}
        for toggle in self.toggles.values():
            toggle.layout.width = "72px"
            toggle.observe(self._pressed, "value")
        super().__init__([widgets.Label(label), *self.toggles.values()], **kwargs)
        self.layout.flex_flow = "row wrap"
        self.observe(self._write, "value")
        self.value = tuple(value)

    def _pressed(self, change):
        self.value = tuple(name for name, toggle in self.toggles.items() if toggle.value)

    def _write(self, change):
        for name, toggle in self.toggles.items():
            toggle.unobserve(self._pressed, "value")  # one change, not one per button
            toggle.value = name in self.value
            toggle.disabled = self.value == (name,)
            toggle.tooltip = "One has to stay" if toggle.disabled else ""
            toggle.observe(self._pressed, "value")


class Several(Control):
    """One or more of several names."""

    def __init__(self, label, default, names):
        super().__init__(label, default)
        self.names = tuple(names)
        self.options = [self.names, self.names[:1], list(self.names[-1:]), tuple(default)]

    def check(self, name, value):
        if not isinstance(value, list | tuple) or not value:
            raise ValueError(f"{name} must be a row of one or more of {', '.join(self.names)}, not {value!r}")
        chosen = [one_of(name, one, self.names) for one in value]
        return tuple(one for one in self.names if one in chosen)

    def clean(self, value):
        return tuple(value)

    def named(self, value):
        return ", ".join(map(in_print, value))

    def widget(self, value):
        return SeveralBox(self.label, self.names, value)
