"""How Sphinx makes the site; tools/website.py lays out its source and starts it."""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import website  # noqa: E402

ADDRESS = website.repository()

project = "How neural networks learn"
copyright = "the authors; text and pictures CC BY 4.0, code BSD 3-Clause"
language = "en"
extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode", "sphinx.ext.mathjax", "sphinxcontrib.bibtex"]

# The lessons are shown as they are stored: nothing runs, and a picture stands for each live figure.
nb_execution_mode = "off"
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_render_markdown_format = "myst"
nb_ipywidgets_js = {}
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]

bibtex_bibfiles = []  # the source's own, see papers()
bibtex_default_style = "plain"

autodoc_member_order = "bysource"

html_theme = "sphinx_book_theme"
html_title = project
html_static_path = ["_static"]
html_css_files = ["course.css"]
html_favicon = "_static/favicon.svg"
html_context = {"default_mode": "auto"}
templates_path = ["_templates"]
html_use_index = False
html_domain_indices = False
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "article_header_end": ["launch.html", "article-header-buttons.html"],
    "repository_url": ADDRESS,
    "use_repository_button": bool(ADDRESS),
    "navbar_persistent": [],  # the search stands in the sidebar
    "use_download_button": False,
    "use_fullscreen_button": False,
    "max_navbar_depth": 1,
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
mathjax_path = f"mathjax/{website.MATHJAX}"


def papers(app, config):
    """The bibliography lies in the source, where tools/website.py has added the lessons to it."""
    config.bibtex_bibfiles = [str(Path(app.srcdir) / "papers.bib")]


def where_to_run(app, page, template, context, doctree):
    """Give each page the address at which mybinder.org opens it, or the first lesson."""
    folder, _, name = page.rpartition("/")
    lesson = f"{name}.ipynb" if folder == "notebooks" else website.notebooks()[0].name
    context["live"] = website.binder(ADDRESS, lesson) if ADDRESS else ""


def as_written(app, what, name, obj, options, lines):
    """Docstrings are plain text with `code` in it: whatever else means something to Sphinx is escaped."""
    example = False
    for i, line in enumerate(lines):
        example = line.lstrip().startswith(">>>") or (example and bool(line.strip()))
        if not example:
            parts = re.split(r"`([^`]+)`", line)
            parts[::2] = [re.sub(r"([\\*|_])", r"\\\1", part) for part in parts[::2]]
            parts[1::2] = [f"``{part}``" for part in parts[1::2]]
            lines[i] = "".join(parts)


def bring_mathjax(app, error):
    """Put MathJax beside the pages: no formula waits for another machine."""
    if error is None:
        folder = app.outdir / "_static" / "mathjax"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(website.mathjax(), folder)


def setup(app):
    app.connect("config-inited", papers)
    app.connect("html-page-context", where_to_run)
    app.connect("autodoc-process-docstring", as_written)
    app.connect("build-finished", bring_mathjax)
