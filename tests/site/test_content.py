"""What the site is made of, before Sphinx: names of headings, words of pictures, claims, papers, terms."""

import importlib.util
import json
import pkgutil
import re
import sys
from pathlib import Path

import pytest

import course_lib

if sys.version_info < (3, 11):
    pytest.skip("the site needs Python 3.11 or newer", allow_module_level=True)

from pybtex.database import parse_file

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))



def loaded(name, file):
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


website = loaded("website", ROOT / "tools" / "website.py")


def markdown(path):
    cells = json.loads(path.read_text("utf-8"))["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


# ------------------------------------------------------------------------------ the address


@pytest.mark.parametrize(
    ("line", "address"),
    [
        ('Repository = "https://github.com/ada/course"', "https://github.com/ada/course"),
        ('Repository = "https://github.com/ada/course.git"', "https://github.com/ada/course"),
        ('Repository = "https://github.com/ada/course/"', "https://github.com/ada/course"),
        ('Repository = "https://github.com/OWNER/NAME"', ""),
        ('Repository = "https://github.com/YOUR_GITHUB_NAME/course"', ""),
        ('Repository = "https://example.org/ada/course"', ""),
        ('Homepage = "https://example.org"', ""),
        ("", ""),
    ],
)
def test_the_address_or_none(tmp_path, line, address):
    project = tmp_path / "pyproject.toml"
    project.write_text(f'[project]\nname = "course"\n[project.urls]\n{line}\n', "utf-8")
    assert website.repository(project) == address


def test_the_address_on_binder():
    assert website.binder("https://github.com/ada/course", "06_learning_rate.ipynb") == (
        "https://mybinder.org/v2/gh/ada/course/HEAD?labpath=notebooks%2F06_learning_rate.ipynb"
    )


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("https://github.com/ada/course", "[the tests](https://github.com/ada/course/blob/HEAD/tests/math)"),
        ("", "the tests"),
    ],
)
def test_what_a_guide_links_to_in_the_repository(monkeypatch, address, link):
    monkeypatch.setattr(website, "repository", lambda: address)
    text = "See [the tests](../tests/math) and [another guide](other.md)."
    assert website.guide(text) == f"See {link} and [another guide](other.md)."


@pytest.mark.parametrize(
    ("page", "lesson"),
    [
        ("notebooks/06_learning_rate", "06_learning_rate"),
        ("api/course_lib.losses", "00_start_here"),
        ("index", "00_start_here"),
    ],
)
def test_each_page_says_where_it_runs(monkeypatch, page, lesson):
    monkeypatch.syspath_prepend(ROOT / "tools")
    conf = loaded("site_conf", ROOT / "docs" / "site" / "conf.py")
    context = {}
    conf.ADDRESS = "https://github.com/ada/course"
    conf.where_to_run(None, page, "page.html", context, None)
    assert context["live"] == f"https://mybinder.org/v2/gh/ada/course/HEAD?labpath=notebooks%2F{lesson}.ipynb"
    conf.ADDRESS = ""
    conf.where_to_run(None, page, "page.html", context, None)
    assert context["live"] == "", "the button then leads to run.html"


# ---------------------------------------------------------------------- headings and pictures


@pytest.mark.parametrize(
    ("heading", "names"),
    [
        ("06 · The learning rate", ["the-learning-rate"]),
        ("Live · Eleven schedules", ["live"]),
        ("Live 2 · A real network", ["live-2"]),
        ('R4 · "This momentum is controlled by decay"', ["r4"]),
        ('A3 · "σ is between 0 and 1" · A4 · "σ′(10) = 0"', ["a3", "a4"]),
        ('"Then clip always, and low, to be safe"', ["then-clip-always-and-low-to-be-safe"]),
    ],
)
def test_names_of_headings(heading, names):
    assert website.names(heading) == names


def test_a_comment_in_code_is_no_heading():
    text = "# Title\n\n```python\n# a comment\n```\n\n## The math\n"
    assert website.with_names(text, "03") == (
        "(03-title)=\n# Title\n\n```python\n# a comment\n```\n\n(03-the-math)=\n## The math\n"
    )


def picture(words=None):
    known = {"alt": words} if words else {}
    return {"output_type": "display_data", "data": {"image/png": "…"}, "metadata": {"image/png": known}}


def test_the_words_of_a_picture_reach_myst_nb():
    cell = {"id": "x", "metadata": {}, "outputs": [picture("a falling curve")]}
    website.describe(cell, "06")
    assert cell["metadata"]["mystnb"]["image"]["alt"] == "a falling curve"


@pytest.mark.parametrize("outputs", [[picture()], [picture("one"), picture("two")]])
def test_a_picture_without_words_of_its_own_is_refused(outputs):
    with pytest.raises(website.Problem, match="cell x: one picture to a cell, and it needs words"):
        website.describe({"id": "x", "metadata": {}, "outputs": outputs}, "06")


# ---------------------------------------------------------------------------------- claims


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("\nWrong. It has the *square* of the unit: for rents in euros, euros squared. Its root …\n\nMore.",
         "Wrong. It has the *square* of the unit: for rents in euros, euros squared."),
        ("Right, and the product is 0.1 · 0.01 of what was there at the very beginning. More.",
         "Right, and the product is 0.1 · 0.01 of what was there at the very beginning."),
        ("Right: against slopes\nmeasured by nudging:", "Right: against slopes measured by nudging …"),
    ],
)  # fmt: skip
def test_the_verdict_is_what_stands_first(body, said):
    assert website.verdict(body, enough=60) == said


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_each_claim_of_the_lessons_is_on_the_page(path):
    headings = "\n".join(re.findall(r"^### (.+)$", markdown(path), re.M))
    page = website.claims()
    for called in re.findall(r"\b([A-Z]\d+) · ", headings):
        assert page.count(f"[{called}](#{path.name[:2]}-{called.lower()}) ") == 1, called
    for said in re.findall(r'^(?:> )?(".+")$', headings + "\n" + markdown(path).partition("## Myth check")[2], re.M):
        assert f"[{said}](#{path.name[:2]}-" in page


# ---------------------------------------------------------------------------------- papers

PAPERS = parse_file(str(ROOT / "docs" / "papers.bib"), "bibtex")


def test_a_title_may_be_given_by_its_beginning():
    assert website.paper("Adam", "2015", PAPERS) == "kingma2015"
    assert website.paper("Efficient backprop", "1998", PAPERS) == "lecun1998"


@pytest.mark.parametrize(("title", "year"), [("Adam", "2016"), ("Attention is all you need", "2017")])
def test_a_paper_that_is_missing_is_named(title, year):
    with pytest.raises(website.Problem, match=title):
        website.paper(title, year, PAPERS)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_the_bibliography_has_every_paper_of_the_lesson(path):
    text = markdown(path)
    listed = text.partition("**References.**")[2].partition("\n\n")[0]
    found = website.references(website.read(path))
    assert len(found) == len(re.findall(r"(?<!\*)\*[^*]+\*(?!\*)", listed)) >= 1
    for title, year in found:
        entry = PAPERS.entries[website.paper(title, year, PAPERS)]
        surname = entry.persons["author"][0].last_names[-1]
        assert surname in listed and year in listed, (title, surname)


def sources():
    return [path.read_text("utf-8") for path in sorted((ROOT / "course_lib").rglob("*.py"))]


def test_the_bibliography_has_what_course_lib_names():
    named = set()
    for text in sources():
        named |= set(re.findall(r"([A-Z]\w+)(?: (?:&|and) [A-Z]\w+| et al\.)? ((?:19|20)\d\d)[).,;]", text))
    known = {
        (person.last_names[-1], entry.fields["year"])
        for entry in PAPERS.entries.values()
        for person in entry.persons["author"][:1]
    }
    assert ("Kingma", "2015") in named and named <= known, named - known


# ---------------------------------------------------------------------------------- glossary

GLOSSARY = (ROOT / "docs" / "site" / "glossary.md").read_text("utf-8")
TERMS = re.findall(r"^(\S.*)\n((?:  .+\n)+)", GLOSSARY.partition(":sorted:")[2], re.M)
# The vocabulary that code, text and axes share.
VOCABULARY = (
    "lr, step, epoch, batch, batch_size, params, grads, loss, cost, schedule, optimizer, z, a, rng, run, sweep, "
    "train, validation, test"
).split(", ")


def spoken(text):
    return re.sub(r"[\s`*$-]+", " ", text.lower())


@pytest.mark.parametrize("word", VOCABULARY)
def test_the_vocabulary_is_in_the_glossary(word):
    assert any(re.search(rf"(^|\W){word}(\W|$)", term) for term, _ in TERMS)


def section(label):
    """The text of the lesson's section with this label; a claim's, a live figure's, or that of its words."""
    lesson, _, name = label.partition("-")
    (path,) = [path for path in LESSONS if path.name.startswith(lesson)]
    found = [parts for parts in website.sections(markdown(path)) if name in website.names(parts[1])]
    assert len(found) == 1, f"{label}: {len(found)} sections"
    return "\n".join(found[0][1:])


@pytest.mark.parametrize(("term", "says"), TERMS, ids=[term for term, _ in TERMS])
def test_each_term_leads_to_a_section_that_speaks_of_it(term, says):
    links = re.findall(r"\[[Ll]esson\s+(\d\d)\]\(#([\w-]+)\)", says)
    assert links and all(label.startswith(lesson) for lesson, label in links)
    text = " ".join(section(label) for _, label in links)
    assert any(re.search(rf"(?i)(^|\W){word[:4]}", text) for word in re.findall(r"[\w-]+", term)), links


def bold_terms(path):
    """What a lesson sets in bold inside a sentence: the words it introduces."""
    return {words for words in re.findall(r"(?<=\w )\*\*([a-z][\w -]+)\*\*", markdown(path).replace("\n", " "))}


# Set in bold for stress, and not as a word that is new; a session is one only in the playground.
STRESSED = (
    "relation between input and output|on the training records only|slope|signal|off|prediction minus target|"
    "does not fade|validation data|whole|there|four|steepest direction sets the limit|ten times|slower|slopes|all|"
    "every|number of steps|two|before|no|same objective|it|two processes|once|small and simple|surface|curve|"
    "price list for errors"
).split("|")  # fmt: skip


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_each_word_that_a_lesson_introduces_is_in_the_glossary(path):
    terms = " | ".join(spoken(term) for term, _ in TERMS)
    for words in bold_terms(path) - set(STRESSED):
        assert spoken(words).strip().rstrip("s")[:9] in terms, words


# --------------------------------------------------------------------------------- the code


def test_every_module_of_the_math_has_a_page():
    names = {f"course_lib.{m.name}" for m in pkgutil.iter_modules(course_lib.__path__) if not m.ispkg}
    assert names | {"course_lib.explore", "course_lib.exercises.engine"} == set(website.modules())
