"""The learning-rate figure built in other ways, run in the notebook under test.

All have the same slider, compute the same (`compute` below) and show the same artists; they differ
in how a picture comes about. What costs us time the rivals are spared: they have no layout engine
and half our density. Each is returned as a box with a CSS class of its own.
"""

import functools
import gc
from types import SimpleNamespace

import ipywidgets as widgets
import matplotlib
from matplotlib import pyplot, style
from matplotlib.figure import Figure

from course_lib.explore.learning_rate import LearningRate, Run
from course_lib.figures import STYLE

CONTROL = LearningRate.controls["lr"]
SIZE = [n / 100 for n in Run.size]  # inches; one picture pixel per CSS pixel, half as sharp as ours
OTHERS = {name: c.default for name, c in LearningRate.controls.items() if name != "lr"}


def forget():
    """Empty the explorers' caches, so that every move computes."""
    for thing in gc.get_objects():
        if isinstance(thing, functools._lru_cache_wrapper) and thing.__module__.startswith("course_lib.explore"):
            thing.cache_clear()


def compute(lr):
    settings = SimpleNamespace(lr=CONTROL.clean(lr), **OTHERS)
    return Run.compute.__wrapped__(**vars(settings)), settings


def slider(start):
    return CONTROL.widget(start)


def box(name, *children):
    return widgets.VBox(children).add_class(f"rival-{name}")


def artists(figure):
    """Run's artists on another figure, not animated, as they would be without the engine."""
    run = object.__new__(Run)
    run.build(figure)
    for artist in figure.findobj(lambda a: a.get_animated()):
        artist.set_animated(False)
    return run


def interact(start):
    """A new pyplot figure at every move, shown by the inline backend."""

    def show(lr):
        with style.context(STYLE):
            figure = pyplot.figure(figsize=SIZE, dpi=100)
            artists(figure).show(*compute(lr))
            pyplot.show()

    return box("interact", widgets.interactive(show, lr=slider(start)))


def ipympl(start):
    """One figure, its artists updated, redrawn by draw_idle, painted on a canvas by ipympl."""
    backend = matplotlib.get_backend()
    from ipympl.backend_nbagg import Canvas, FigureManager

    matplotlib.use(backend)  # importing ipympl makes it everybody's backend
    with style.context(STYLE):
        figure = Figure(figsize=SIZE, dpi=100)
        canvas = Canvas(figure)
        FigureManager(canvas, 0)
        canvas.toolbar_visible = canvas.header_visible = canvas.footer_visible = False
        run = artists(figure)
        run.show(*compute(start))
    control = slider(start)

    def moved(change):
        with style.context(STYLE):
            run.show(*compute(change.new))
        canvas.draw_idle()

    control.observe(moved, "value")
    return box("ipympl", control, canvas)


def floor(start):
    """Two pictures made beforehand, exchanged at every move: nothing can be faster by this way."""
    view = Run()
    view.wake()
    made = []
    for lr in (start, 10 * start):
        view.show(*compute(lr))
        view.draw()
        made.append(bytes(view.image.value))
    control, image = slider(start), view.image

    def moved(change):
        image.value = made[image.value == made[0]]

    control.observe(moved, "value")
    return box("floor", control, image)
