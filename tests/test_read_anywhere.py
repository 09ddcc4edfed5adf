"""The notebooks as they are read where nothing runs: on GitHub, as pages, on paper."""

import json
import re
from html.parser import HTMLParser

import mistune
import nbformat
import pytest
from nbconvert import HTMLExporter
from notebook_promise import ROOT, tool

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path):
    return json.loads(path.read_text("utf-8"))["cells"]


def outputs(path):
    return [output for cell in cells(path) for output in cell.get("outputs", [])]


def joined(text):
    return "".join(text)


# ------------------------------------------------------------------------------------ on GitHub


class Words(HTMLParser):
    """What is left to read when a page's styles and scripts are taken away, as GitHub does."""

    def __init__(self, page):
        super().__init__()
        self.words, self.hidden, self.tags = [], 0, []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.hidden += tag in ("style", "script")

    def handle_endtag(self, tag):
        self.hidden -= tag in ("style", "script")

    def handle_data(self, text):
        if not self.hidden:
            self.words.append(text)

    def __str__(self):
        return " ".join(" ".join(self.words).split())


@every_notebook
def test_it_is_small_enough_to_be_shown(path):
    assert path.stat().st_size < 2_000_000  # GitHub gives up on larger ones, at 10 MB at the latest


def foreign(text):
    """What in this Markdown GitHub strips or cannot find: HTML, macros, pictures."""
    parse = mistune.create_markdown(renderer=None, plugins=["math", "table", "strikethrough"])
    kinds = set(re.findall(r"'type': '(\w+)'", str(parse(text))))
    return kinds & {"block_html", "inline_html", "image"} | set(re.findall(r"\\(?:newcommand|def|require)\b", text))


@every_notebook
def test_its_text_is_plain_markdown(path):
    for cell in cells(path):
        if cell["cell_type"] == "markdown":
            assert not foreign(joined(cell["source"])), cell["source"]
            assert "attachments" not in cell


def test_what_is_not_plain_is_found():
    assert foreign("a < b, `<b>`, $x<y$, $$\\sum_{i<n} z$$\n\n| a |\n|---|\n| b |\n") == set()
    assert foreign("<b>bold</b>") and foreign('<div style="color:red">\n\nred\n\n</div>')
    assert foreign("![a picture](a.png)") == {"image"} and foreign(r"$\newcommand{\w}{w}$") == {r"\newcommand"}


@every_notebook
def test_its_panels_can_be_read_without_their_style_sheet(path):
    for output in outputs(path):
        data = output.get("data", {})
        if "text/html" in data:
            left = str(Words(joined(data["text/html"])))
            plain = joined(data["text/plain"])
            # The words of the plain text, marks of Markdown aside, are all there.
            missing = [word for word in re.findall(r"[A-Za-zÀ-ž]{3,}", plain) if word not in left]
            assert not missing, (missing, plain, left)


@every_notebook
def test_its_links_lead_to_files_that_exist(path):
    for cell in cells(path):
        if cell["cell_type"] == "markdown":
            for link in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", joined(cell["source"])):
                assert (path.parent / link).exists(), link


# -------------------------------------------------------------------------------------- as a page


def pictures(page):
    return [attributes for tag, attributes in Words(page).tags if tag == "img"]


def stored(path):
    """The stored pictures: (their data, their words)."""
    return [
        (output["data"]["image/png"], output["metadata"]["image/png"]["alt"])
        for output in outputs(path)
        if "image/png" in output.get("data", {})
    ]


@every_notebook
def test_as_a_page_every_picture_is_in_it_and_has_its_words(path):
    page = tool.html(path.read_text("utf-8"))
    shown = [(picture["src"], picture["alt"]) for picture in pictures(page)]
    assert shown == [("data:image/png;base64," + data, alt) for data, alt in stored(path)]
    assert all(len(alt) > 20 for _, alt in shown)
    scripts = [attributes["src"] for tag, attributes in Words(page).tags if tag == "script" and "src" in attributes]
    assert len(scripts) == 1 and "mathjax" in scripts[0], "formulas alone come from elsewhere"
    assert "application/vnd.jupyter.widget" not in page
    assert "pip install -q" not in page  # the cell for a machine without the course is of no use here


def test_with_nbconvert_as_it_comes_every_picture_is_in_it():
    path = NOTEBOOKS[6]
    page, _ = HTMLExporter().from_notebook_node(nbformat.read(path, as_version=4))
    assert [picture["src"].split(",")[1] for picture in pictures(page)] == [data for data, _ in stored(path)]
    assert "application/vnd.jupyter.widget" not in page
