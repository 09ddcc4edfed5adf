"""Every live figure, every control: driven to its ends, and no exception is swallowed."""

import asyncio
import gc
import io
import itertools
import math
from functools import cache

import numpy as np
import pytest
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from course_lib import explore
from course_lib.explore import controls, live

EXPLORERS = [getattr(explore, name) for name in explore.__all__]
CONTROLS = [(explorer, name) for explorer in EXPLORERS for name in explorer.controls]
by_name = dict(ids=lambda value: getattr(value, "name", value))


@pytest.fixture(scope="module")
def shown():
    """One figure of each kind, made once."""
    return cache(lambda explorer: explorer())


def pixels(view):
    return np.asarray(Image.open(io.BytesIO(view.image.value)).convert("RGB"))


def extremes(control):
    """Lowest, default, highest and an odd value in between."""
    if isinstance(control, controls.Rate):
        return [control.low, control.high, control.default, math.sqrt(control.low * control.high) * 1.37]
    if isinstance(control, controls.Slide):
        return [control.low, control.high, control.default, control.low + (control.high - control.low) / math.pi]
    if isinstance(control, controls.Count):
        return [control.low, control.high, control.default]
    if isinstance(control, controls.Switch):
        return [True, False]
    first, *_, last = control.options  # what lies between is reached in the same way
    return [first, last, control.default, control.options[len(control.options) // 2]]


@pytest.mark.parametrize(("explorer", "name"), CONTROLS, **by_name)
def test_every_control_works_over_its_whole_range(shown, explorer, name):
    figure = shown(explorer)
    figure.move(**{n: c.default for n, c in explorer.controls.items()})
    for value in extremes(explorer.controls[name]):
        figure.move(**{name: value})
        assert figure.error is None
        assert figure.settings[name] == explorer.controls[name].check(name, value)
        assert figure.words and "nan" not in figure.words.lower()


@pytest.mark.parametrize(("explorer", "name"), CONTROLS, **by_name)
def test_a_move_of_the_widget_itself_changes_picture_or_words(shown, explorer, name):
    figure = shown(explorer)
    figure.move(**{n: c.default for n, c in explorer.controls.items()})
    before = (figure.words, figure.call, [view.image.value for view in figure.views])
    other = next(v for v in reversed(extremes(explorer.controls[name])) if v != figure.settings[name])
    figure.sliders[name].value = other
    assert figure.error is None, figure.error
    assert figure.call != before[1]
    assert figure.words != before[0] or [v.image.value for v in figure.views] != before[2]


@pytest.mark.parametrize("explorer", EXPLORERS, **by_name)
def test_the_call_on_screen_brings_the_same_state_back(shown, explorer):
    figure = shown(explorer)
    figure.move(**{name: extremes(control)[-2] for name, control in explorer.controls.items()})
    again = eval(figure.call, {"explore": explore})
    assert again.settings == figure.settings
    assert again.words == figure.words
    for view, other in zip(figure.views, again.views, strict=True):
        assert np.array_equal(pixels(view), pixels(other))


@pytest.mark.parametrize("explorer", EXPLORERS, **by_name)
def test_redrawing_only_what_moves_gives_the_picture_of_a_full_draw(shown, explorer):
    figure = shown(explorer)
    figure.move(**{name: extremes(control)[0] for name, control in explorer.controls.items()})
    figure.move(**{name: control.default for name, control in explorer.controls.items()})
    moved = [pixels(view) for view in figure.views]
    for view, picture in zip(figure.views, moved, strict=True):
        view.background = None
        view.draw()
        assert np.array_equal(pixels(view), picture)


@pytest.mark.parametrize("explorer", EXPLORERS, **by_name)
def test_the_bundle_has_a_live_view_a_picture_with_alt_text_and_stable_words(shown, explorer):
    figure = shown(explorer)
    bundle, metadata = figure._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    picture = Image.open(io.BytesIO(bundle["image/png"]))
    assert picture.width == explorer.pictures[0].size[0]
    assert picture.height == sum(p.size[1] for p in explorer.pictures)
    assert len(bundle["image/png"]) < 200_000
    assert metadata["image/png"]["alt"] == figure.words
    assert bundle["text/plain"] == f"Live figure: {figure.call}"


@pytest.mark.parametrize("explorer", EXPLORERS, **by_name)
def test_pictures_are_sharp_and_within_the_cell(shown, explorer):
    for view in shown(explorer).views:
        assert pixels(view).shape[1] == live.DENSITY * view.size[0]
        assert view.size[0] <= 880


def lettering(view):
    """The boxes of titles, axis labels and moving texts, by what they say."""
    renderer = view.canvas.get_renderer()
    texts = [t for axes in view.figure.axes for t in (axes._left_title, axes.title, axes.xaxis.label, axes.yaxis.label)]
    texts += [a for a in view.moving if isinstance(a, Text) and a not in texts]
    return {t: t.get_window_extent(renderer) for t in texts if t.get_visible() and t.get_text().strip()}


def cut_off(view, boxes):
    """The texts that do not lie whole in the picture."""
    (width, height), edge = view.canvas.get_width_height(), 1
    return [
        text.get_text()
        for text, box in boxes.items()
        if min(box.x0, box.y0) < -edge or box.x1 > width + edge or box.y1 > height + edge
    ]


@pytest.mark.parametrize("explorer", EXPLORERS, **by_name)
def test_nothing_is_cut_off_and_no_titles_overlap(shown, explorer):
    figure = shown(explorer)
    for pick in (0, 1, 2):
        figure.move(**{n: (extremes(c) * 2)[pick] for n, c in explorer.controls.items()})
        for view in figure.views:
            boxes = lettering(view)
            assert cut_off(view, boxes) == [], figure.call
            titles = [axes._left_title for axes in view.figure.axes]
            titles = [(title, boxes[title]) for title in titles if title in boxes]
            for (one, box), (other, box_2) in itertools.combinations(titles, 2):
                assert not box.overlaps(box_2), (one.get_text(), other.get_text(), figure.call)


@pytest.mark.parametrize("explorer", [e for e in EXPLORERS if "data" in e.controls], **by_name)
def test_nothing_is_cut_off_with_any_data(shown, explorer):
    figure = shown(explorer)
    figure.move(**{name: control.default for name, control in explorer.controls.items()})
    for data in explorer.controls["data"].options:
        figure.move(data=data)
        for view in figure.views:
            assert cut_off(view, lettering(view)) == [], figure.call


@pytest.mark.parametrize("explorer", EXPLORERS, **by_name)
@pytest.mark.parametrize("value", [math.nan, math.inf, -1, 0, "rleu", None, [1], 10**9])
def test_bad_settings_are_refused_with_a_reason(explorer, value):
    for name, control in explorer.controls.items():
        fine = getattr(control, "options", ())
        low = getattr(control, "low", None)
        if value in fine or (low is not None and isinstance(value, int) and low <= value <= control.high):
            continue
        with pytest.raises(ValueError, match=name):
            explorer(**{name: value})


def test_the_messages_say_what_is_right():
    with pytest.raises(ValueError, match=r"lr must be between 0.001 and 10, not -1"):
        explore.learning_rate(lr=-1)
    with pytest.raises(ValueError, match=r"unknown activation 'rleu'; choose from .*relu.*did you mean 'relu'"):
        explore.learning_rate(activation="rleu")
    with pytest.raises(ValueError, match=r"has no setting 'rate'; it has lr, activation, batch_size, data"):
        explore.learning_rate(rate=0.1)


def test_a_failing_callback_shows_its_error_and_leaves_the_figure_usable():
    class Broken(live.Picture):
        @staticmethod
        def compute(value):
            if value == 2:
                raise ZeroDivisionError("no such <thing>")
            return value

        def build(self, figure):
            self.line = figure.subplots().plot([0, 1], [0, 1], animated=True)[0]

        def show(self, result, settings):
            self.line.set_ydata([0, result])

        def words(self, result, settings):
            return f"value {result}"

    class Fragile(live.Explorer):
        name = "fragile"
        controls = {"value": controls.Count("value", 1, 1, 3)}
        pictures = (Broken,)

    figure = Fragile()
    before = figure.views[0].image.value
    figure.sliders["value"].value = 2
    assert isinstance(figure.error, ZeroDivisionError)
    assert "ZeroDivisionError: no such &lt;thing&gt;" in figure._text.value
    assert figure.views[0].image.value == before
    figure.sliders["value"].value = 3
    assert figure.error is None and figure.words == "value 3" and figure.views[0].image.value != before


def test_in_a_kernel_the_later_picture_follows_when_the_control_rests():
    figure = explore.learning_rate()
    first, later = figure.views
    old = first.image.value, later.image.value

    async def drag():
        for lr in (0.01, 0.02, 0.05):
            figure.sliders["lr"].value = lr
        assert first.image.value != old[0] and later.image.value == old[1]
        await asyncio.sleep(live.PAUSE * 3)
        assert later.image.value != old[1]

    asyncio.run(drag())
    assert figure.error is None


def test_no_pyplot_figure_is_left_behind(shown):
    for explorer in EXPLORERS:
        shown(explorer)
    assert pyplot.get_fignums() == []


def test_a_picture_long_not_moved_sleeps_and_wakes_as_it_was():
    first = explore.clipping(limit=2.0)
    whole = first.stored()
    for made in range(live.AWAKE):
        explore.clipping()
    gc.collect()
    alive = [o for o in gc.get_objects() if isinstance(o, Figure) and isinstance(o.canvas, FigureCanvasAgg)]
    assert len(alive) <= live.AWAKE
    assert [view.figure for view in first.views] == [None] * len(first.views)
    assert first.stored() == whole
    first.move(limit=1.0)
    for view, other in zip(first.views, explore.clipping(limit=1.0).views, strict=True):
        assert np.array_equal(pixels(view), pixels(other))


def test_png_is_lossless():
    rgba = np.random.default_rng(0).integers(0, 256, (7, 5, 4), dtype=np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(live.png(rgba)))), rgba)
