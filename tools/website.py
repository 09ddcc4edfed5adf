"""Build the web site of the course: the lessons with their stored outputs, glossary, papers, claims, code.

python tools/website.py                 into build/site/html
python tools/website.py --into FOLDER   somewhere else

Nothing is executed. First the source is laid out in a folder of its own: docs/site as it stands, the
notebooks with a name for each heading and words for each picture, and the pages that follow from them.
Then Sphinx makes the pages of it; what it warns of is an error.
"""

import argparse
import importlib
import importlib.metadata
import inspect
import json
import pkgutil
import re
import shutil
import sys
import unicodedata
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LESSONS = ROOT / "notebooks"

CLAIM = r"[A-Z]\d+"  # such as R4: how a claim is called
BEGINS_WITH_CLAIM = re.compile(rf"{CLAIM} · ")
PLACEHOLDERS = ("OWNER", "YOUR_GITHUB_NAME")  # stand in pyproject.toml until somebody sets the address
MATHJAX = "tex-svg-full.js"  # one file: it draws its own letters and loads nothing


class Problem(Exception):
    """Something in the lessons or in docs/ that the site needs otherwise; the message says what and where."""


# ------------------------------------------------------------------------------ the address


def repository(project=ROOT / "pyproject.toml"):
    """The repository's address from pyproject.toml, or "" as long as none is set."""
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        import tomli as tomllib
    urls = tomllib.loads(project.read_text("utf-8"))["project"].get("urls", {})
    address = urls.get("Repository", "").rstrip("/").removesuffix(".git")
    named = re.fullmatch(r"https://github\.com/([\w.-]+)/[\w.-]+", address)
    return address if named and named[1] not in PLACEHOLDERS else ""


def binder(address, lesson):
    """Where mybinder.org opens this notebook of the repository."""
    where = address.replace("https://github.com", "https://mybinder.org/v2/gh")
    return f"{where}/HEAD?labpath={quote(f'notebooks/{lesson}', safe='')}"


# ------------------------------------------------------------------------------- the lessons


def read(path):
    """A notebook, the source of each cell as one text."""
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def notebooks():
    return sorted(LESSONS.glob("[0-9][0-9]_*.ipynb"))


def number(path):
    return path.name[:2]


def prose(notebook):
    """All Markdown cells, as one text."""
    return "\n\n".join(cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "markdown")


def sections(text):
    """The sections of a text as (level, heading, what stands under it)."""
    parts = re.split(r"^(#+) +(.+)$", without_fences(text), flags=re.M)
    return [(len(level), heading.strip(), body) for level, heading, body in zip(*[iter(parts[1:])] * 3)]


def without_fences(text):
    """The text without its blocks of code, in which # starts a comment."""
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def names(heading):
    """What a heading can be linked by, after the lesson's number: r4 for a claim, live-2, else its words."""
    if BEGINS_WITH_CLAIM.match(heading):
        return [claim.lower() for claim in re.findall(rf"\b({CLAIM}) · ", heading)]
    words = re.sub(r"^\d\d · ", "", heading)
    live = re.match(r"(Live( \d+)?) · ", words)
    plain = unicodedata.normalize("NFKD", live[1] if live else words).encode("ascii", "ignore").decode()
    return ["-".join(re.findall(r"[a-z0-9]+", plain.lower()))]


def with_names(text, lesson):
    """The text with a link target before each heading: (06-live-2)= ."""

    def named(match):
        targets = "".join(f"({lesson}-{name})=\n" for name in names(match[2]))
        return targets + match[0]

    pieces = re.split(r"(^```.*?^```)", text, flags=re.M | re.S)
    pieces[::2] = [re.sub(r"^(#+) +(.+)$", named, piece, flags=re.M) for piece in pieces[::2]]
    return "".join(pieces)


def for_the_site(path):
    """A lesson as the site shows it."""
    notebook = read(path)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = with_names(cell["source"], number(path))
        else:
            describe(cell, path.name)
            present(cell)
    return notebook


def describe(cell, where):
    """Hand the words for a cell's picture on to myst-nb, which has room for those of one; Problem without any."""
    pictures = [output for output in cell["outputs"] if "image/png" in output.get("data", {})]
    said = [picture["metadata"].get("image/png", {}).get("alt", "") for picture in pictures]
    if len(said) > 1 or "" in said:
        raise Problem(
            f"{where}, cell {cell['id']}: one picture to a cell, and it needs words for those who do not see it.\n"
            "Live figures bring them; for others there is course_lib.figures.show(figure, words)."
        )
    for words in said:
        cell["metadata"]["mystnb"] = {"image": {"alt": words}}


def present(cell):
    """Mark a cell that shows what an exercise asks; if it does nothing else, leave its one line out."""
    *before, last = cell["source"].splitlines() or [""]
    if re.fullmatch(r"ex\.\w+", last):
        tags = cell["metadata"].setdefault("tags", [])
        tags += ["asks"] if before else ["asks", "remove-input"]


# ------------------------------------------------------------- pages that follow from the lessons


def overview():
    """The lessons, each with its question and its time, as a list in Markdown."""
    lines = []
    for path in notebooks():
        text = prose(read(path))
        title = re.search(r"^# +(?:\d\d · )?(.+)$", text, re.M)[1]
        question = re.search(r"^\*\*(.+?)\*\*", text, re.M | re.S)[1].replace("\n", " ")
        time = re.search(r"^\| Time \| (?:about )?(.+?)(?:[:;].*)? \|", text, re.M)[1]
        lines.append(f"- {{doc}}`{number(path)} · {title} <notebooks/{path.stem}>`\\\n  {question} *{time}*")
    return "\n".join(lines)


def claims():
    """The claims that the lessons measure, and the verdict in a sentence or two, as Markdown."""
    lines = []
    for path in notebooks():
        parts = sections(prose(read(path)))
        found = [claim for part in parts for claim in claims_in(*part, number(path))]
        if found:
            lines += [f"## {parts[0][1]}", ""]
        for claim, body in found:
            lines += [claim, f": {verdict(body)}", ""]
    return "\n".join(lines)


def claims_in(level, heading, body, lesson):
    """What a section checks, as (claim with its link, what is said of it): its heading, or a quotation under it."""
    quoted = re.search(r'^> (".+")\n(.+)', body, re.M | re.S)
    if heading == "Myth check" and quoted:
        return [(f"[{quoted[1]}](#{lesson}-myth-check)", quoted[2])]
    if level != 3 or not is_claim(heading):
        return []
    if not BEGINS_WITH_CLAIM.match(heading):
        return [(f"[{heading}](#{lesson}-{names(heading)[0]})", body)]
    link = re.sub(rf"\b({CLAIM}) · ", lambda match: f"[{match[1]}](#{lesson}-{match[1].lower()}) ", heading)
    return [(link, body)]


def is_claim(heading):
    return bool(BEGINS_WITH_CLAIM.match(heading)) or heading.startswith('"')


def verdict(body, enough=120):
    """The first sentences under a claim: as many as it takes to say something."""
    paragraph = body.strip().split("\n\n")[0].replace("\n", " ")
    said = ""
    for sentence in re.split(r"(?<=[.!?:])\s+(?=[A-Z*(\"$])", paragraph):
        said = f"{said} {sentence}".strip()
        if len(said) >= enough:
            break
    return re.sub(r":$", " …", said)


REFERENCE = re.compile(r"(?<!\*)\*([^*]+)\*(?!\*)[^*]*?\b(1[89]\d\d|20\d\d)\b")


def references(notebook):
    """The papers that a lesson names under "References", as (title, year)."""
    text = prose(notebook).partition("**References.**")[2].partition("\n\n")[0]
    return [(title.replace("\n", " "), year) for title, year in REFERENCE.findall(text)]


def letters(title):
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", title).casefold())


def paper(title, year, papers):
    """The key of a paper in the bibliography; a title may be given by its beginning."""
    begins = {
        key: letters(entry.fields["title"])
        for key, entry in papers.entries.items()
        if entry.fields["year"] == year and letters(entry.fields["title"]).startswith(letters(title))
    }
    if not begins:
        raise Problem(f'docs/papers.bib lacks "{title}" of {year}.')
    return min(begins, key=lambda key: len(begins[key]))


def bibliography():
    """docs/papers.bib, each paper with the numbers of the lessons that name it."""
    from pybtex.database import parse_file

    papers = parse_file(str(DOCS / "papers.bib"), "bibtex")
    named = {}
    for path in notebooks():
        for title, year in references(read(path)):
            named.setdefault(paper(title, year, papers), []).append(number(path))
    for key, lessons in named.items():
        papers.entries[key].fields["note"] = named_in(lessons)
    return papers.to_string("bibtex").replace(r"\_", "_")  # in an address it would be a part of it


def named_in(lessons):
    return f"Lesson{'s' * (len(lessons) > 1)} {', '.join(lessons)}" if lessons else ""


def modules():
    """The modules of course_lib that a reader of the lessons meets, each with its first sentence."""
    import course_lib

    found = {f"course_lib.{module.name}" for module in pkgutil.iter_modules(course_lib.__path__)}
    found = found - {"course_lib.exercises"} | {"course_lib.exercises.engine"}
    return {name: importlib.import_module(name).__doc__.strip().splitlines()[0] for name in sorted(found)}


def page_of(module):
    """The page of a module, in Markdown: its docstrings, or for the live figures their calls."""
    if module == "course_lib.explore":
        return figures()
    more = "\n   :imported-members:" if module == "course_lib.exercises.engine" else ""
    return f"# {module}\n\n```{{eval-rst}}\n.. automodule:: {module}\n   :members:{more}\n```\n"


def figures():
    """The live figures: how each is called, what it shows, and in which lesson it stands."""
    from course_lib import explore

    code = {number(path): "".join(cell["source"] for cell in read(path)["cells"]) for path in notebooks()}
    lines = ["# course_lib.explore", "", explore.__doc__, ""]
    for name in explore.__all__:
        figure = getattr(explore, name)
        settings = str(inspect.signature(figure)).replace("*, ", "")
        lessons = [lesson for lesson, text in code.items() if re.search(rf"\bexplore\.{name}\(", text)]
        lines += [f"```{{py:function}} explore.{name}{settings}", ":no-index:", "", inspect.getdoc(figure), ""]
        lines += [named_in(lessons), "```", ""]
    return "\n".join(lines)


# ------------------------------------------------------------------------------ laying it out


def guide(text):
    """A page of docs/; what it links to outside lies in the repository, if that has an address."""
    address = repository()
    return re.sub(
        r"(?<!!)\[([^]]+)\]\(\.\./([^)]+)\)",
        lambda link: f"[{link[1]}]({address}/blob/HEAD/{link[2]})" if address else link[1],
        text,
    )


def mathjax():
    """MathJax as one file, out of a package that brings it along."""
    return importlib.metadata.distribution("sphinx-mathjax-offline").locate_file(
        f"sphinx-mathjax-offline/static/mathjax/{MATHJAX}"
    )


def lay_out(source):
    """Write all that Sphinx reads into an empty folder."""
    shutil.copytree(DOCS / "site", source, ignore=shutil.ignore_patterns("conf.py", "_templates", "_static"))
    for folder in ("notebooks", "guides", "api"):
        (source / folder).mkdir()
    for path in notebooks():
        (source / "notebooks" / path.name).write_text(json.dumps(for_the_site(path)), "utf-8")
    for path in DOCS.glob("*.md"):
        (source / "guides" / path.name).write_text(guide(path.read_text("utf-8")), "utf-8")
    shutil.copy(DOCS / "learning_rate.png", source)
    (source / "papers.bib").write_text(bibliography(), "utf-8")
    for module in modules():
        (source / "api" / f"{module}.md").write_text(page_of(module), "utf-8")
    fill(source / "index.md", lessons=overview())
    there = f"[Open the first lesson there.]({binder(repository(), notebooks()[0].name)})" if repository() else ""
    fill(source / "run.md", there=there)
    fill(source / "claims.md", claims=claims())
    fill(source / "code.md", modules="\n".join(f"- {{doc}}`api/{m}`: {says}" for m, says in modules().items()))


def fill(page, **parts):
    """Put text where a page says so: <!-- name -->."""
    text = page.read_text("utf-8")
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->", part)
    page.write_text(text, "utf-8")


def build(into):
    """Make the site; returns 0 if all went well."""
    from sphinx.cmd.build import main as sphinx

    for folder in ("source", "html", "doctrees"):
        shutil.rmtree(into / folder, ignore_errors=True)
    into.mkdir(parents=True, exist_ok=True)
    lay_out(into / "source")
    folders = [str(into / "source"), str(into / "html")]
    options = ["--builder=html", f"--conf-dir={DOCS / 'site'}", f"--doctree-dir={into / 'doctrees'}"]
    return sphinx([*options, "--quiet", "--fail-on-warning", "--keep-going", *folders])


def main(arguments):
    parser = argparse.ArgumentParser(prog="website.py", description=__doc__.splitlines()[0])
    parser.add_argument("--into", type=Path, default=ROOT / "build" / "site", help="where to build it")
    into = parser.parse_args(arguments).into
    try:
        failed = build(into)
    except Problem as problem:
        print(problem, file=sys.stderr)
        return 1
    if not failed:
        print(f"The site is built: open {into / 'html' / 'index.html'}")
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
