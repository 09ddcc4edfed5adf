"""Moving text, drawn from outlines that are kept per character.

matplotlib lays out and rasterises a text anew whenever it changes, some 5 ms for a title; the outlines
of its characters, joined to one path, take a tenth of that.
"""

from functools import lru_cache

import numpy as np
from matplotlib.colors import to_rgba
from matplotlib.font_manager import findfont, get_font
from matplotlib.path import Path
from matplotlib.transforms import Affine2D

SHIFTS = {"baseline": 0, "bottom": 0.24, "center": -0.27, "top": -0.78}  # in heights of the font


@lru_cache(maxsize=1024)
def character(font_file, letter):
    """Outline and advance of one character, for a font of height 1."""
    font = get_font(font_file)
    font.set_size(64, 72)
    glyph = font.load_char(ord(letter))
    vertices, codes = font.get_path()
    return vertices / 64, codes, glyph.linearHoriAdvance / 65536 / 64


@lru_cache(maxsize=256)
def line(font_file, text):
    """Outline and width of a line of text, for a font of height 1."""
    letters = [character(font_file, letter) for letter in text]
    starts = np.cumsum([0, *(advance for *_, advance in letters)])
    vertices = [v + [start, 0] for (v, *_), start in zip(letters, starts, strict=False) if len(v)]
    codes = [c for _, c, _ in letters if len(c)]
    if not codes:
        return Path(np.empty((0, 2))), starts[-1]
    return Path(np.concatenate(vertices), np.concatenate(codes)), starts[-1]


def draw(text, renderer):
    """Draw a matplotlib Text; what is not one plain upright line goes matplotlib's own way."""
    words = text.get_text()
    if not text.get_visible() or not words.strip():
        return
    if "$" in words or "\n" in words or text.get_rotation():
        text.draw(renderer)
        return
    size = renderer.points_to_pixels(text.get_fontsize())
    outline, width = line(findfont(text.get_fontproperties()), words)
    x, y = text.get_transform().transform(text.get_unitless_position())
    x -= {"left": 0, "center": width / 2, "right": width}[text.get_horizontalalignment()] * size
    y += SHIFTS[text.get_verticalalignment()] * size
    context = renderer.new_gc()
    context.set_linewidth(0)
    where = Affine2D().scale(size).translate(x, y)
    renderer.draw_path(context, outline, where, rgbFace=to_rgba(text.get_color()))
