"""A class to test with; and every test's marks come from a database of its own."""

import shutil

import pytest
from class_tools import SET

from assignments import __main__ as kit
from assignments import notebooks, practice, problems
from assignments.gradebook import Course


@pytest.fixture(autouse=True)
def no_progress_file(monkeypatch):
    monkeypatch.setenv("COURSE_PROGRESS", "off")


@pytest.fixture
def command(capsys):
    """function(folder, *words) -> what a command of the kit says; it must succeed unless code says otherwise."""

    def run(folder, *words, code=0):
        capsys.readouterr()
        ended = kit.main(["--course", str(folder), *map(str, words)])
        said = capsys.readouterr().out
        assert ended == code, said
        return said

    return run


@pytest.fixture(scope="session")
def made():
    """The thirty made-up submissions, as an LMS packs them, and what has to come of them."""
    problem_set = problems.find(SET)
    return practice.make_class(notebooks.release_notebook(problem_set), problem_set)


@pytest.fixture(scope="session")
def collected_once(tmp_path_factory):
    """A class that went through all commands up to `collect`; never changed, tests get copies."""
    home = tmp_path_factory.mktemp("collected")
    folder = home / "class"
    practice.write(home, SET)
    for words in (
        ["prepare", home / "roster.csv", "--due", f"{SET}=2026-12-01"],
        ["release", SET],
        ["collect", SET, home / "moodle.zip", home / "canvas.zip"],
    ):
        assert kit.main(["--course", str(folder), *map(str, words)]) == 0
    return folder


@pytest.fixture(scope="session")
def graded_once(tmp_path_factory, collected_once):
    """The same after `grade`."""
    folder = tmp_path_factory.mktemp("graded") / "class"
    shutil.copytree(collected_once, folder)
    assert kit.main(["--course", str(folder), "grade", SET]) == 0
    return folder


@pytest.fixture
def graded(graded_once, tmp_path):
    """A Course of one's own, graded."""
    shutil.copytree(graded_once, tmp_path / "class")
    return Course(tmp_path / "class")


@pytest.fixture
def small(collected_once, tmp_path):
    """function(students) -> a Course of one's own with only these submissions, not graded."""

    def make(students, name="small"):
        folder = tmp_path / name
        shutil.copytree(collected_once, folder, ignore=shutil.ignore_patterns("submitted"))
        for student in students:
            shutil.copytree(collected_once / "submitted" / student, folder / "submitted" / student)
        return Course(folder)

    return make
