"""What an exercise has to say: a panel in the notebook, plain text elsewhere.

The HTML holds no ids, times or addresses: stored notebooks are compared with it, letter by letter.
"""

import html
import re
from dataclasses import dataclass

# Every tone has a sign of its own, so that nothing hangs on the colour alone.
SIGNS = {"good": "✓", "bad": "✗", "info": "○", "hint": "?", "wait": "!"}

STYLE = """<style>
.cl-panel { border: 1px solid var(--jp-border-color2, #c8c8c8); border-left-width: 6px;
  border-radius: 4px; padding: 0.6em 1em; margin: 0.2em 0; max-width: 52em; line-height: 1.5;
  background: var(--jp-layout-color1, #fff); color: var(--jp-content-font-color1, #1a1a1a); }
.cl-panel p { margin: 0.35em 0; }
.cl-panel .cl-head { font-weight: 600; }
.cl-panel .cl-foot { color: var(--jp-content-font-color2, #555); }
.cl-panel.cl-panel pre { margin: 0.4em 0; padding: 0.5em 0.8em; overflow-x: auto;
  background: var(--jp-layout-color2, #f2f2f2); color: inherit; }
.cl-panel.cl-panel table { border-collapse: collapse; margin: 0.4em 0; font-size: inherit; }
.cl-panel.cl-panel.cl-panel tr { background: none; }
.cl-panel.cl-panel th, .cl-panel.cl-panel td { text-align: left; vertical-align: top;
  padding: 0.1em 1.2em 0.1em 0; white-space: pre-wrap; }
.cl-panel.cl-panel th { font-weight: 400; white-space: nowrap;
  color: var(--jp-content-font-color2, #555); }
.cl-panel.cl-panel td { font-family: var(--jp-code-font-family, monospace); }
.cl-good { border-left-color: var(--jp-success-color1, #2e7d32); }
.cl-bad { border-left-color: var(--jp-error-color1, #c62828); }
.cl-wait { border-left-color: var(--jp-warn-color1, #ef6c00); }
.cl-hint { border-left-color: var(--jp-info-color1, #0277bd); }
</style>"""


@dataclass(frozen=True)
class Panel:
    """A heading, some sentences, and below them rows of labelled values and code.

    `tone` is one of SIGNS; in the sentences, `backticks` mark code; a blank line ends a paragraph.
    """

    tone: str
    title: str
    text: str = ""
    rows: tuple = ()
    code: str = ""
    foot: str = ""

    def __str__(self):
        lines = [f"{SIGNS[self.tone]} {self.title}"]
        if self.text:
            lines.append(self.text)
        width = max((len(label) for label, _ in self.rows), default=0)
        for label, value in self.rows:
            first, *rest = value.split("\n")
            lines.append(f"  {label:<{width}}  {first}")
            lines.extend(" " * (width + 4) + line for line in rest)
        if self.code:
            lines.extend("    " + line for line in self.code.split("\n"))
        if self.foot:
            lines.append(self.foot)
        return "\n".join(line.rstrip() for line in lines)

    __repr__ = __str__

    def html(self):
        """The panel as HTML; a screen reader reads it out when it appears."""
        parts = [
            f'<div class="cl-panel cl-{self.tone}" role="status">',
            f'<p class="cl-head"><span aria-hidden="true">{SIGNS[self.tone]}</span> {_inline(self.title)}</p>',
        ]
        parts += [f"<p>{_inline(p)}</p>" for p in self.text.split("\n\n") if p]
        if self.rows:
            parts.append("<table>")
            parts += [
                f'<tr><th scope="row">{_inline(label)}</th><td>{html.escape(value)}</td></tr>'
                for label, value in self.rows
            ]
            parts.append("</table>")
        if self.code:
            parts.append(f"<pre>{html.escape(self.code)}</pre>")
        if self.foot:
            parts.append(f'<p class="cl-foot">{_inline(self.foot)}</p>')
        return "\n".join([STYLE, *parts, "</div>"])

    def _repr_mimebundle_(self, include=None, exclude=None):
        return {"text/plain": str(self), "text/html": self.html()}


def _inline(text):
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
