"""The engine of the live figures: a control moves, a pure function computes, what moves is redrawn.

An `Explorer` has controls and pictures. A `Picture` builds its figure once; artists made with
`animated=True` move, all the rest is drawn once and kept as a background. A move costs the
computation, the moving artists and one PNG. Nothing else happens: no pyplot, no new figure.
"""

import asyncio
import html
import inspect
import struct
import threading
from types import SimpleNamespace

import ipywidgets as widgets
import numpy as np
import traitlets
from matplotlib import style
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from ..figures import STYLE
from . import lettering

try:  # the same format as zlib, some seven times faster; worth 12 ms of every move
    from isal import isal_zlib as zlib
except ImportError:
    import zlib

DENSITY = 2  # picture pixels per CSS pixel, so that text is sharp on high-density screens
PAUSE = 0.1  # seconds without a move before the later pictures follow
AWAKE = 12  # pictures that keep their figure; each takes some 10 MB

_awake, _waking = [], threading.Lock()  # the one that moved last stands last


def png(rgba):
    """PNG bytes of an (h, w, 4) uint8 array, written for speed: no row filter, lowest compression."""
    height, width, _ = rgba.shape
    rows = np.zeros((height, 1 + 4 * width), np.uint8)
    rows[:, 1:] = rgba.reshape(height, -1)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = [b"\x89PNG\r\n\x1a\n"]
    for kind, body in ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b"")):
        check = struct.pack(">I", zlib.crc32(body, zlib.crc32(kind)))
        parts += [struct.pack(">I", len(body)), kind, body, check]
    return b"".join(parts)


class Described(widgets.Image):
    """A picture whose tooltip is its text for screen readers; ipywidgets asks for a `description` then."""

    description = traitlets.Unicode("").tag(sync=True)


class Picture:
    """One persistent figure, `size` CSS pixels wide and high, made when it is first needed.

    Jupyter keeps the widgets of every cell ever run. So a picture that has not moved for long sleeps:
    it gives its figure back, and makes it again should it be moved after all.

    An explorer's picture defines `compute`, a pure function of the settings it names; `build`, which
    makes axes and artists; `show`, which sets the artists from a result; and `words`, which says in a
    sentence what is seen. A picture with `later = True` follows when the controls have come to rest.
    """

    size = (860, 340)
    later = False

    figure = canvas = background = None

    def __init__(self):
        self.needs = tuple(inspect.signature(self.compute).parameters)
        self.image = Described(format="png", width=self.size[0], height=self.size[1])
        self.image.add_class("cl-figure")
        self.image.layout.max_width, self.image.layout.height = "100%", "auto"
        self.image.layout.margin = "0"

    def wake(self):
        """Have a figure; of all pictures, only those that moved last keep theirs."""
        with _waking:
            if self in _awake:
                _awake.remove(self)
            _awake.append(self)
            tired = _awake[:-AWAKE]
            del _awake[:-AWAKE]
        for picture in tired:
            picture.sleep()
        if self.figure is None:
            self._make()

    def _make(self):
        self._asleep = dict(vars(self))
        with style.context(STYLE):
            self.figure = Figure(figsize=[n / 100 for n in self.size], dpi=100 * DENSITY, layout="constrained")
            self.canvas = FigureCanvasAgg(self.figure)
            self.build(self.figure)
        titles = {axes._left_title for axes in self.figure.axes}
        for artist in self.figure.findobj(lambda a: a.get_animated() and a not in titles):
            artist.set_in_layout(False)  # what moves must not move the axes

    def sleep(self):
        """Forget the figure and everything made with it; the image on screen stays."""
        asleep = self._asleep
        vars(self).clear()
        vars(self).update(asleep)

    @staticmethod
    def compute():
        """The result for the settings in its signature."""

    def build(self, figure):
        """Make axes and artists; those that move with `animated=True`."""
        raise NotImplementedError

    def show(self, result, settings):
        """Set the moving artists; return True if something of the background changed as well."""
        raise NotImplementedError

    def words(self, result, settings):
        """What is seen, in a sentence."""
        return ""

    def update(self, settings):
        """Compute, set the artists and return the words; `draw` makes it visible."""
        result = self.compute(**{name: getattr(settings, name) for name in self.needs})
        self.wake()
        with style.context(STYLE):
            if self.show(result, settings):
                self.background = None
        return self.words(result, settings)

    def draw(self, words=""):
        """Redraw what moves over the kept background and send the picture, with `words` for who cannot see it."""
        if self.background is None:
            self._draw_background()
        self.canvas.restore_region(self.background)
        for artist in self.moving:
            if isinstance(artist, Text):
                lettering.draw(artist, self.canvas.get_renderer())
            else:
                self.figure.draw_artist(artist)
        with self.image.hold_sync():  # one message
            self.image.value = png(np.asarray(self.canvas.buffer_rgba()))
            self.image.tooltip = words

    def _draw_background(self):
        # The layout is found with everything in place, then kept: axes that move cannot be compared.
        if self.figure.get_layout_engine() is not None:
            self.figure.draw_without_rendering()
            self.figure.set_layout_engine("none")
            for axes in self.figure.axes:  # the solver's last bits differ from one program to the next
                axes.set_position(np.round(axes.get_position(original=True).bounds, 9))
        self.canvas.draw()  # leaves out what is animated
        self.background = self.canvas.copy_from_bbox(self.figure.bbox)
        artists = self.figure.findobj(lambda artist: artist.get_animated())
        self.moving = sorted(artists, key=lambda artist: artist.get_zorder())

    def pixels(self, density):
        """The whole picture as an (h, w, 4) array, to be stored."""
        self.figure.set_dpi(100 * density)
        for artist in (moving := self.figure.findobj(lambda a: a.get_animated())):
            artist.set_animated(False)
        self.canvas.draw()
        rgba = np.array(self.canvas.buffer_rgba())
        for artist in moving:
            artist.set_animated(True)
        self.figure.set_dpi(100 * DENSITY)
        self.background = None
        return rgba


class Explorer:
    """A live figure: `controls` (setting → Control), `pictures` (Picture classes), called with its settings.

    Raises ValueError for a setting it does not have and for a value that makes no sense.
    """

    name = ""
    controls = {}
    pictures = ()

    def __init_subclass__(cls):
        keyword = inspect.Parameter.KEYWORD_ONLY
        cls.__signature__ = inspect.Signature(
            [inspect.Parameter(n, keyword, default=c.default) for n, c in cls.controls.items()]
        )

    def __init__(self, **settings):
        settings = self.check({name: c.default for name, c in self.controls.items()} | settings)
        self.error = None
        self._one_at_a_time = threading.RLock()  # JupyterLab serves widgets from several threads
        self._later = None
        self._held = False
        self._settings = settings
        self.views = [picture() for picture in self.pictures]
        self.sliders = {name: c.widget(settings[name]) for name, c in self.controls.items()}
        for slider in self.sliders.values():
            slider.observe(self._moved, "value")
        self._names = {slider: name for name, slider in self.sliders.items()}
        self._said = [""] * len(self.views)
        self._text = widgets.HTML()
        self.root = widgets.VBox(
            [widgets.HTML(STYLE_SHEET), self._panel(), *(v.image for v in self.views), self._text]
        ).add_class("cl-explorer")
        self._refresh(self.views)

    def _panel(self):
        box = widgets.Box(list(self.sliders.values())).add_class("cl-controls")
        box.layout.flex_flow = "row wrap"
        return box

    def check(self, settings):
        """The settings, each checked by its control; raises ValueError that says what is right."""
        for name in settings:
            if name not in self.controls:
                known = ", ".join(self.controls)
                raise ValueError(f"explore.{self.name} has no setting {name!r}; it has {known}")
        return {name: self.controls[name].check(name, value) for name, value in settings.items()}

    @property
    def settings(self):
        """The settings on screen, as a dict."""
        return dict(self._settings)

    def _state(self):
        """What pictures are made from: attributes named as the settings."""
        return SimpleNamespace(**self.settings)

    @property
    def call(self):
        """The call that brings the present state back."""
        written = ", ".join(f"{name}={value!r}".replace("'", '"') for name, value in self.settings.items())
        return f"explore.{self.name}({written})"

    @property
    def words(self):
        """What the pictures show, in words."""
        return " ".join(said for said in self._said if said)

    def move(self, **settings):
        """Set controls from code, as one move; all pictures are up to date afterwards."""
        self._held = True
        try:
            for name, value in self.check(settings).items():
                self._settings[name] = value
                self.sliders[name].value = value
        finally:
            self._held = False
        self._refresh(self.views)

    def _moved(self, change):
        """A control was moved: the first pictures at once, the later ones when it is quiet."""
        name = self._names[change.owner]
        value = self.controls[name].clean(change.new)
        if self._held or self.controls[name].same(value, self._settings[name]):
            return
        self._settings[name] = value
        self._arrive([v for v in self.views if not v.later])
        later = [v for v in self.views if v.later]
        if later and self.error is None:
            self._follow(later)

    def _follow(self, views):
        if self._later is not None:
            self._later.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # no kernel, so nobody waits: at once
            self._arrive(views)
        else:
            self._later = loop.call_later(PAUSE, self._arrive, views)

    def _arrive(self, views):
        try:
            self._refresh(views)
        except Exception as error:
            self._fail(error)

    def _refresh(self, views):
        with self._one_at_a_time:
            self._show(views)

    def _show(self, views):
        settings = self._state()
        for view in views:
            words = self._said[self.views.index(view)] = view.update(settings)
            view.draw(words)
        self.error = None
        self._tell(f'<span role="status" aria-live="polite">{html.escape(self.words)}</span>')

    def _fail(self, error):
        """Say under the figure what went wrong; the figure stays as it was and goes on working."""
        self.error = error
        message = html.escape(f"{type(error).__name__}: {error}")
        self._tell(f'<span role="alert" class="cl-error">⚠ This setting failed. {message}</span>')

    def _tell(self, words):
        """Put words, and the call that brings this state back, under the pictures."""
        call = f"<code>{html.escape(self.call)}</code>"
        self._text.value = f'<div class="cl-words">{words}</div><div class="cl-call">{call}</div>'

    def stored(self):
        """The pictures below each other as one PNG at 100 dpi, to be kept in the notebook."""
        stack = []
        for view in self.views:
            if view.figure is None:
                view.draw(view.update(self._state()))
            with style.context(STYLE):
                stack.append(view.pixels(1))
        return png_small(np.concatenate(stack))

    def __repr__(self):
        return f"Live figure: {self.call}"

    def _repr_mimebundle_(self, include=None, exclude=None):
        still = self.stored()
        bundle = self.root._repr_mimebundle_() | {"image/png": still, "text/plain": repr(self)}
        width = self.views[0].size[0]
        return bundle, {"image/png": {"alt": self.words, "width": width}}


def png_small(rgba):
    """PNG bytes of a picture to be kept: smaller and slower than `png`."""
    from io import BytesIO

    from PIL import Image

    out = BytesIO()
    Image.fromarray(rgba).convert("RGB").save(out, "png", optimize=True)
    return out.getvalue()


STYLE_SHEET = """<style>
.cl-explorer { max-width: 880px; }
.cl-controls { gap: 2px 18px; }
.cl-words { font-size: 14px; min-height: 2.8em; line-height: 1.4; }
.cl-call code { font-size: 12px; color: var(--jp-ui-font-color2, #555); user-select: all; }
.cl-error { color: #b00020; font-weight: 600; }
</style>"""
