"""The site as it is built, page by page: links, pictures and outputs first, then what a browser shows."""

import json
import re
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

if sys.version_info < (3, 11):
    pytest.skip("the site needs Python 3.11 or newer", allow_module_level=True)

import axe_playwright_python
from bs4 import BeautifulSoup

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAMES = [f"notebooks/{path.stem}.html" for path in LESSONS]
OTHERS = ["index.html", "glossary.html", "claims.html", "papers.html", "code.html", "run.html", "search.html"]
GUIDES = [f"guides/{path.stem}.html" for path in sorted((ROOT / "docs").glob("*.md"))]
# Of the pages that Sphinx makes of docstrings, all alike, one of each kind.
CODE = ["api/course_lib.optimizers.html", "api/course_lib.explore.html", "_modules/course_lib/optimizers.html"]
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text("utf-8")


@pytest.fixture(scope="module")
def pages(site):
    """Every page, parsed, by its path in the site."""
    files = sorted(site.rglob("*.html"))
    return {path.relative_to(site).as_posix(): BeautifulSoup(path.read_bytes(), "html.parser") for path in files}


def article(page):
    return page.select_one("article")


def outputs(path):
    """(cell, output) of a lesson as it is stored."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            yield cell, output


def words(text):
    return " ".join(text.split())


# ------------------------------------------------------------------------------- the files


def test_every_page_that_should_be_there_is(pages):
    assert set(NAMES + OTHERS + CODE) <= set(pages)


def test_no_link_is_broken(pages, site):
    anchors = {name: {e["id"] for e in page.select("[id]")} for name, page in pages.items()}
    broken = []
    for name, page in pages.items():
        for link in page.select("a[href]"):
            address = urlsplit(link["href"])
            if address.scheme in ("http", "https", "mailto"):
                continue
            target = (site / name).parent / unquote(address.path) if address.path else site / name
            inside = target.resolve().relative_to(site.resolve()).as_posix()
            inside = "index.html" if inside == "." else inside
            known = not address.fragment or unquote(address.fragment) in anchors.get(inside, ())
            if not target.exists() or (inside in pages and not known):
                broken.append(f"{name}: {link['href']}")
    assert broken == []


def test_every_page_is_reached_from_the_first(pages, site):
    reached, waiting = set(), ["index.html"]
    while waiting:
        name = waiting.pop()
        if name in reached or name not in pages:
            continue
        reached.add(name)
        for link in pages[name].select("a[href]"):
            address = urlsplit(link["href"])
            if not address.scheme and address.path:
                target = ((site / name).parent / unquote(address.path)).resolve()
                waiting.append(target.relative_to(site.resolve()).as_posix())
    assert {name for name in pages if name.startswith(("notebooks/", "api/", "guides/"))} <= reached
    assert set(OTHERS) - {"search.html"} <= reached  # the search is a form


def test_no_picture_is_missing_and_each_has_words(pages, site):
    seen = 0
    for name, page in pages.items():
        for picture in page.select("img"):
            seen += 1
            assert ((site / name).parent / unquote(picture["src"])).is_file(), f"{name}: {picture['src']}"
            assert len(words(picture.get("alt", ""))) > 30, f"{name}: {picture}"
    assert seen > 2 * len(LESSONS)


def test_nothing_is_loaded_from_elsewhere(pages):
    for name, page in pages.items():
        loaded = [e.get("src") for e in page.select("script[src], img, iframe, source")]
        loaded += [e["href"] for e in page.select("link[href]") if "canonical" not in e.get("rel", [])]
        assert not [address for address in loaded if urlsplit(address).netloc], name


def test_the_search_knows_the_lessons(site):
    index = json.loads((site / "searchindex.js").read_text("utf-8").removeprefix("Search.setIndex(").removesuffix(")"))
    found = [index[kind].get("nesterov", []) for kind in ("terms", "titleterms")]
    found = {index["docnames"][i] for i in sum((f if isinstance(f, list) else [f] for f in found), [])}
    assert "notebooks/08_optimizers" in found


# ----------------------------------------------------------------------- lessons as stored


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_pictures_of_the_lesson_stand_there_with_their_words(path, pages):
    shown = [picture.get("alt") for picture in article(pages[f"notebooks/{path.stem}.html"]).select(".cell img")]
    stored = [output for _, output in outputs(path) if "image/png" in output.get("data", {})]
    assert stored and shown == [output["metadata"]["image/png"]["alt"] for output in stored]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_what_the_lesson_printed_stands_there(path, pages):
    text = words(article(pages[f"notebooks/{path.stem}.html"]).get_text())
    for _, output in outputs(path):
        for line in output.get("text", []):
            assert words(line) in text


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_bare_repr_no_widget_and_no_bare_formula(path, pages):
    page = article(pages[f"notebooks/{path.stem}.html"])
    assert not page.select("[class*=widget], script")
    for part in page.select("pre, code, .math, .MathJax"):
        part.decompose()
    text = page.get_text()
    assert "$" not in text and "<IPython" not in text and "Live figure: explore" not in text and "**" not in text


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_exercises_ask_and_answer_nothing(path, pages):
    page = article(pages[f"notebooks/{path.stem}.html"])
    html = ["".join(output.get("data", {}).get("text/html", [])) for _, output in outputs(path)]
    panels = [text for text in html if "cl-panel" in text]
    assert len(page.select(".cl-panel")) == len(panels)
    asked = [cell for cell, output in outputs(path) if re.fullmatch(r"ex\.\w+", "".join(cell["source"]))]
    alone = page.select(".tag_asks.tag_remove-input")
    assert len(alone) == len(asked)
    assert all(not cell.select(".cell_input") and words(cell.get_text()) for cell in alone)
    assert not page.select(".toggle, details"), "nothing is hidden, so no solution either"


def test_each_paper_says_which_lessons_name_it(pages):
    text = words(article(pages["papers.html"]).get_text())
    assert re.search(r"Adam: a method for stochastic optimization\. .*?Lesson 08\.", text)
    assert re.search(r"A stochastic approximation method\. .*?Lessons 05, 06, 07, 08\.", text)
    assert "\\" not in text and not [a["href"] for a in article(pages["papers.html"]).select("a") if "\\" in a["href"]]


def test_the_code_pages_show_formulas_as_they_are_written(pages):
    text = article(pages["api/course_lib.losses.html"]).get_text()
    assert "½e² up to |e| = δ, beyond it the straight line δ(|e| - ½δ) (Huber 1964)." in words(text)
    assert "`" not in text and "\\" not in text


# ------------------------------------------------------------------------------ in a browser


@pytest.mark.browser
@pytest.mark.parametrize("name", OTHERS + GUIDES + NAMES + CODE)
def test_the_page_in_the_browser(name, view):
    """Asks no other machine, complains of nothing, fits its screen, and is accessible (WCAG 2.1, A and AA)."""
    view.open(name)
    assert view.foreign == [] and view.complaints == []
    assert view.page.evaluate("[...document.images].filter((i) => !i.naturalWidth).map((i) => i.src)") == []
    assert view.page.evaluate("document.scrollingElement.scrollWidth - innerWidth") <= 0, "wider than the screen"
    assert view.page.locator(".launch").is_visible()
    assert not view.page.locator("mjx-merror").count(), "a formula that MathJax cannot read"
    in_a_line = view.page.locator("article mjx-container:not([display])")  # a table can be scrolled
    cut_off = "(f) => !f.closest('table') && f.getBoundingClientRect().right > innerWidth"
    assert in_a_line.evaluate_all(f"(all) => all.filter({cut_off}).map((f) => f.parentNode.innerText)") == []
    # A formula is up to MathJax, and has the colour of its text: one letter for each saves axe half of its work.
    view.page.evaluate("document.querySelectorAll('mjx-container').forEach((formula) => formula.replaceWith('x'))")
    view.page.evaluate(AXE)
    found = view.page.evaluate(
        """async () => {
            const tags = { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] };
            const options = { runOnly: tags, resultTypes: ["violations"], preload: false };
            const { violations, passes } = await axe.run("body", options);
            return {
                faults: violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html} ${n.failureSummary}`)),
                looked: passes.map((p) => p.id),
            };
        }"""
    )
    assert "color-contrast" in found["looked"], "the contrast was not measured"
    assert found["faults"] == []


@pytest.mark.browser
def test_every_formula_is_set(view):
    view.open("notebooks/06_learning_rate.html")
    formulas = view.page.locator("article .math").count()
    assert formulas > 30
    assert view.page.locator("article .math mjx-container").count() >= formulas


@pytest.mark.browser
def test_the_search_finds_the_lesson(view):
    view.open("search.html?q=nesterov")
    view.page.get_by_role("link", name="08 · Optimizers").last.wait_for()
    assert "Nesterov" in view.page.locator("#search-results").inner_text()
    assert view.foreign == []


@pytest.mark.browser
def test_light_and_dark_can_be_chosen(view):
    view.open("index.html")
    grounds = set()
    for theme in ("light", "dark"):
        view.page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        grounds.add(view.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(grounds) == 2
