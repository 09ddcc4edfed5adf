"""The address of the course's repository, and the places that follow from it.

python tools/course.py address https://github.com/OWNER/NAME   set it, in every place
python tools/course.py address                                 only bring every place in line with it

It stands in pyproject.toml. From it follow the badges in README.md, the first code cell of each
notebook, and the links in the other files of PLACES.
"""

import re
import sys
from pathlib import Path
from urllib.parse import quote

import notebooks

ROOT = Path(__file__).resolve().parent.parent
PLACES = (
    "pyproject.toml",
    "*.md",
    "CITATION.cff",
    "docs/**/*.md",
    ".github/**/*.*",
    "notebooks/*.ipynb",
)
BADGE = "https://mybinder.org/badge_logo.svg"
# A row of the README's table whose lesson is there: number and link, what it is about, its badge.
ROW = re.compile(r"^(\| \d\d \| \[[^]]+\]\(notebooks/(.+?)\) \| [^|]+ \|)(?:.*\|)?$", re.M)
FIRST = "00_start_here.ipynb"


def owner_and_name(address):
    """The OWNER/NAME of a GitHub address; ends the program when it is none."""
    found = re.fullmatch(r"https://github\.com/([\w-]+/[\w.-]+?)(?:\.git)?/?", address)
    if not found:
        sys.exit(f"{address} is no address of a repository. It looks like this: https://github.com/OWNER/NAME")
    return found[1]


def binder(repository, notebook):
    """The badge that starts this notebook on mybinder.org, in Markdown."""
    path = quote(f"notebooks/{notebook}", safe="")
    address = f"https://mybinder.org/v2/gh/{repository}/HEAD?labpath={path}"
    return f"[![Run {notebook[:2]} on Binder]({BADGE})]({address})"


def with_badges(readme, repository):
    """The README with a badge for the course, and one in the row of each lesson that is there."""
    course = binder(repository, FIRST).replace("Run 00", "Run the course")
    readme = re.sub(rf"^\[!\[Run the course on Binder\]\({re.escape(BADGE)}\)\]\(.*\)$", course, readme, flags=re.M)
    return ROW.sub(lambda row: f"{row[1]} {binder(repository, row[2])} |", readme)


def renamed(text, old, new):
    """The text with the OWNER/NAME of one repository in place of the other's."""
    return re.sub(rf"(?<![\w-]){re.escape(old)}(?![\w-])", new, text)


def main(arguments):
    old = owner_and_name(notebooks.repository())
    new = owner_and_name(arguments[0]) if arguments else old
    for path in sorted({path for place in PLACES for path in ROOT.glob(place) if path.is_file()}):
        before = notebooks.read(path)
        after = renamed(before, old, new)
        if path == ROOT / "README.md":
            after = with_badges(after, new)
        if path.suffix == ".ipynb":
            after = notebooks.with_install_cell(after, f"https://github.com/{new}")
        if after != before:
            notebooks.write(path, after)
            print(f"{path.relative_to(ROOT).as_posix()}: written")
    print(f"The course's address is https://github.com/{new}")


if __name__ == "__main__":
    main(sys.argv[1:])
