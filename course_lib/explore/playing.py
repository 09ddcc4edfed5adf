"""Live figures that go on by themselves: a slice of training, a picture, and room for everything else.

Slices run on the kernel's own event loop: a cell that runs holds them up, and never the other way round
for longer than one slice. The page says when a picture has been seen; two ahead of that the training waits.
So it pauses by itself when its cell is scrolled away, its tab is hidden or its page is closed.
"""

import asyncio
import html
import time
from types import SimpleNamespace

import ipywidgets as widgets

from .live import Explorer

SLICE = 0.02  # seconds of training between two pictures, at most
GAP = 0.008  # seconds left to everything else
AHEAD = 2  # pictures on their way that have not been seen
WORDS_EVERY = 8  # pictures between two updates of the words, while it plays

# A page that runs no script says nothing; then nobody is waited for.
WATCH = """<style onload="
const root = this.closest('.cl-explorer');
if (root && !root.watched) {
  root.watched = true;
  let shown = null;
  const say = () => root.querySelector('.cl-seen')?.click();
  const seen = () => shown && !document.hidden && say();
  new IntersectionObserver((all) => {
    const first = shown === null;
    shown = all[all.length - 1].isIntersecting;
    if (shown || first) say();
  }).observe(root);
  root.addEventListener('load', (event) => event.target.closest('.cl-paced') && seen(), true);
  document.addEventListener('visibilitychange', seen);
}
">.cl-seen { display: none; }
.cl-buttons { gap: 4px; align-items: center; }
.cl-note { font-size: 13px; min-height: 1.4em; color: #8a4b00; }
.cl-call { max-height: 8em; overflow-y: auto; }</style>"""


class Playing(Explorer):
    """A live figure with play, pause, step, epoch and restart; a child says what these mean."""

    def __init__(self, **settings):
        self.playing, self._round, self._waiting, self.note = False, 0, False, ""
        self._pending, self._acknowledged, self._pictures = 0, 0, 0
        try:
            self._loop = asyncio.get_running_loop()  # the kernel's
        except RuntimeError:
            self._loop = None
        self._seen = widgets.Button(description="seen").add_class("cl-seen")
        self._seen.on_click(lambda button: self._acknowledge())
        self._buttons = {}
        for label, words, action in (
            ("▶ play", "Train on and on, picture by picture", self.toggle),
            ("1 step", "One update", self.step),
            ("1 epoch", "One pass through the training records", self.epoch),
            ("↺ restart", "Back to the first weights, with the present settings", self.restart),
        ):
            button = self._buttons[label] = widgets.Button(description=label, tooltip=words)
            button.layout.width = "92px"
            button.on_click(lambda button, action=action: self._guarded(action))
        super().__init__(**settings)
        self.views[0].image.add_class("cl-paced")
        self.root.children = (widgets.HTML(WATCH), *self.root.children, self._seen)

    # What a child defines: training itself.

    def advance(self, seconds):
        """Train for one picture, `seconds` at most; say whether it goes on."""
        raise NotImplementedError

    def take(self, epoch=False):
        """One step, or one epoch."""
        raise NotImplementedError

    def begin(self):
        """Start anew with the present settings."""
        raise NotImplementedError

    def given(self):
        """What the pictures are given beside the settings."""
        raise NotImplementedError

    # What the buttons do.

    def toggle(self):
        """Play if it is paused, pause if it plays."""
        self.pause() if self.playing else self.play()

    def play(self):
        """Train until it is paused or over; without a kernel, at once to where it pauses by itself."""
        with self._one_at_a_time:
            self.playing, self.note = True, ""
            self._round += 1
            self._pending, self._waiting = 0, False
            self._label()
            if self._loop is None:
                while self.playing:
                    self._slice(self._round)
            else:
                self._loop.call_soon_threadsafe(self._slice, self._round)

    def pause(self, note=""):
        """Stop after the present step; all pictures and words are brought up to date."""
        with self._one_at_a_time:
            self.playing, self.note = False, note
            self._label()
            self._refresh(self.views)

    def step(self, epoch=False):
        """Pause, and take one step or one epoch."""
        with self._one_at_a_time:
            self.playing, self.note = False, ""
            self._label()
            self.take(epoch)
            self._refresh(self.views)

    def epoch(self):
        """Pause, and take one epoch."""
        self.step(epoch=True)

    def restart(self):
        """Back to the first weights; a figure that plays goes on from there."""
        with self._one_at_a_time:
            self.begin()
            self.note = ""
            self._refresh(self.views)

    def _guarded(self, action):
        try:
            action()
        except Exception as error:
            self.playing = False
            self._label()
            self._fail(error)

    def _label(self):
        button = self._buttons["▶ play"]
        button.description = "❚❚ pause" if self.playing else "▶ play"
        (self.root.add_class if self.playing else self.root.remove_class)("cl-playing")

    # The slices.

    def _slice(self, round_):
        with self._one_at_a_time:
            if not self.playing or round_ != self._round:
                return
            if self._acknowledged and self._pending >= AHEAD:
                self._waiting = True  # the next sign from the page goes on
                return
            try:
                going = self.advance(SLICE)
                self._pictures += 1
                self._pending += 1
                if going:
                    self._refresh(self._turn())
                else:
                    self.pause(self.note)
            except Exception as error:
                self.playing = False
                self._label()
                self._fail(error)
        if self.playing and self._loop is not None:
            self._loop.call_later(GAP, self._slice, round_)

    def _turn(self):
        """The first picture, and one of the others in turn."""
        first, *others = self.views
        return [first, others[self._pictures % len(others)]] if others else [first]

    def _acknowledge(self):
        """The page has shown a picture."""
        with self._one_at_a_time:
            self._acknowledged += 1
            self._pending = 0
            if self._waiting:
                self._waiting = False
                self._loop.call_soon_threadsafe(self._slice, self._round)

    def _state(self):
        return SimpleNamespace(**self.settings, **self.given())

    def _show(self, views):
        settings = self._state()
        for view in views:
            words = self._said[self.views.index(view)] = view.update(settings)
            view.draw("" if self.playing else words)
        self.error = None
        if not self.playing:
            self._tell(f'<span role="status" aria-live="polite">{html.escape(self.words)}</span>')
        elif self._pictures % WORDS_EVERY == 1:  # a screen reader is not told all of it
            self._tell(html.escape(self.words))

    def _tell(self, words):
        super()._tell(words)
        if self.note:
            self._text.value += f'<div class="cl-note" role="status">{html.escape(self.note)}</div>'


def until(seconds):
    """A function that says whether this much time has passed."""
    end = time.perf_counter() + seconds
    return lambda: time.perf_counter() >= end
