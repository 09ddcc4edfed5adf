"""The controls of the live figures: each checks a setting and makes the widget that changes it."""

import math

import ipywidgets as widgets

from ..checks import number, of_kind, one_of, whole


class Control:
    """A labelled setting with a default."""

    def __init__(self, label, default):
        self.label, self.default = label, default

    def check(self, name, value):
        """The value, cleaned; raises ValueError that says what is right."""
        raise NotImplementedError

    def clean(self, value):
        """The setting that stands for a widget's value."""
        return value

    def same(self, one, other):
        """Whether two values stand at the same place of the widget."""
        return one == other

    def named(self, value):
        """A value as the learner reads it."""
        return str(value)

    def _words(self):
        return {"description": self.label, "style": {"description_width": "initial"}}


class Rate(Control):
    """A positive number on a logarithmic slider, kept to three significant digits."""

    def __init__(self, label, default, low, high, steps_per_decade=20):
        super().__init__(label, default)
        self.low, self.high, self.step = low, high, 1 / steps_per_decade

    def check(self, name, value):
        return self.clean(number(name, value, self.low, self.high))

    def clean(self, value):
        return float(f"{value:.3g}")

    def same(self, one, other):
        # A value set from code is shown at the nearest mark, and reported from there: no move.
        return abs(math.log10(one / other)) < 0.5 * self.step

    def widget(self, value):
        # The marks are laid through the value, or the slider would show 0.3 at the next mark, 0.316.
        here = math.log10(value)
        low = here - math.floor((here - math.log10(self.low)) / self.step + 1e-9) * self.step
        high = here + math.floor((math.log10(self.high) - here) / self.step + 1e-9) * self.step
        slider = widgets.FloatLogSlider(
            value=value, base=10, min=low, max=high, step=self.step, readout_format=".3g", **self._words()
        )
        slider.layout.width = "330px"
        return slider


class Slide(Control):
    """A number on a linear slider."""

    def __init__(self, label, default, low, high, step):
        super().__init__(label, default)
        self.low, self.high, self.step = low, high, step

    def check(self, name, value):
        return self.clean(number(name, value, self.low, self.high))

    def clean(self, value):
        return float(f"{value:.6g}")

    def same(self, one, other):
        return abs(one - other) < self.step / 2

    def widget(self, value):
        slider = widgets.FloatSlider(
            value=value, min=self.low, max=self.high, step=self.step, readout_format=".3g", **self._words()
        )
        slider.layout.width = "300px"
        return slider


class Count(Control):
    """A whole number on a slider."""

    def __init__(self, label, default, low, high):
        super().__init__(label, default)
        self.low, self.high = low, high

    def check(self, name, value):
        return whole(name, value, self.low, self.high)

    def widget(self, value):
        slider = widgets.IntSlider(value=value, min=self.low, max=self.high, **self._words())
        slider.layout.width = "300px"
        return slider


class Choice(Control):
    """One of several values on a slider, so that the arrow keys walk through them; `names` are shown."""

    def __init__(self, label, default, options, names=None):
        super().__init__(label, default)
        self.options = list(options)
        self.names = [str(o) for o in (names or self.options)]

    def check(self, name, value):
        return None if value is None and None in self.options else one_of(name, value, self.options)

    def named(self, value):
        return self.names[self.options.index(value)]

    def widget(self, value):
        options = list(zip(self.names, self.options, strict=True))
        slider = widgets.SelectionSlider(options=options, value=value, **self._words())
        slider.layout.width = "300px"
        return slider


class Menu(Choice):
    """One of several values from a drop-down list."""

    def widget(self, value):
        options = list(zip(self.names, self.options, strict=True))
        menu = widgets.Dropdown(options=options, index=self.options.index(value), **self._words())
        if None in self.options:  # for ipywidgets no value is no choice; here it is one like any other

            def choose(change):
                if change.new is None:
                    menu.index = self.options.index(None)

            menu.observe(choose, "index")
        menu.layout.width = "200px"
        return menu


class Switch(Control):
    """On or off."""

    def check(self, name, value):
        return of_kind(name, value, bool)  # 0 and 1 would equal them, and mean something else elsewhere

    def widget(self, value):
        return widgets.Checkbox(value=value, description=self.label, indent=False)
