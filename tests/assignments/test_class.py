"""A class from roster to CSV: thirty submissions, what becomes of every one, and that nothing is lost on the way."""

import csv
import json
import shutil

import nbformat
import pytest
from class_tools import SET, content, mark_by_hand

from assignments import export, gradebook, problems
from assignments.gradebook import FAILED
from assignments.intake import KitError
from assignments.practice import answered, as_bytes, cell_of, zipped
from course_lib.exercises.engine import Function
from course_lib.exercises.engine.values import show_call

PROBLEMS = problems.find(SET)
BY_HAND = [p.name for p in PROBLEMS if type(p.exercise).__name__ == "FreeText"]


def rows_of(course, tmp_path):
    path = tmp_path / "marks.csv"
    export.write_csv(course, path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


def submission(course, student):
    return course.submitted / student / SET / f"{SET}.ipynb"


@pytest.fixture(scope="session")
def table(graded_once, tmp_path_factory):
    return rows_of(gradebook.Course(graded_once), tmp_path_factory.mktemp("csv"))


# ------------------------------------------------------------------------------- the whole class


def test_thirty_submissions_end_as_they_must(table, made):
    assert sum(expected.status != "not submitted" for expected in made.expected.values()) == 30
    assert set(table) == set(made.expected)
    for student, expected in made.expected.items():
        row = table[student]
        assert row["status"] == expected.status, (student, row)
        assert expected.why in row["why"] and expected.flag in row["flags"], (student, row)
        assert row["late"] == {True: "yes", False: "no"}[expected.late] or expected.status == "not submitted"
        if expected.status in ("complete", "waits for manual marks"):
            for problem in PROBLEMS:
                points = row[f"{SET}: {problem.name}"]
                if problem.name in BY_HAND:
                    assert points == ("0" if expected.status == "complete" else ""), (student, problem.name)
                else:
                    assert float(points) == (problem.points if problem.name in expected.right else 0), (student, row)
        else:
            assert [row[f"{SET}: {p.name}"] for p in PROBLEMS] == [""] * len(PROBLEMS.problems)


def test_only_a_complete_row_has_a_total(table):
    for row in table.values():
        assert float(row["possible"]) == PROBLEMS.points
        if row["status"] == "complete":
            assert float(row["total"]) == sum(float(row[f"{SET}: {p.name}"]) for p in PROBLEMS)
        else:
            assert row["total"] == ""


def test_a_name_that_is_a_formula_stays_text(table, made):
    formula = next(row for row in table.values() if "cmd" in row["first_name"])
    assert formula["first_name"] == "'=cmd|calc"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1"])
def test_whatever_starts_like_a_formula_gets_an_apostrophe(text):
    assert export.safe(text) == "'" + text


@pytest.mark.parametrize("text", ["", "Anna", "1 + 1", "O'Brien", "a=b"])
def test_other_text_is_left_alone(text):
    assert export.safe(text) == text


def test_commas_quotes_and_line_breaks_survive_the_csv(small, tmp_path, made):
    course = small(["s100"])
    odd = 'Ann "the\nthird", Esq.'
    with course.gradebook() as book:
        book.update_or_create_student("s100", first_name=odd)
    assert rows_of(course, tmp_path)["s100"]["first_name"] == odd


# ------------------------------------------------------------------------------------ grading anew


def test_grading_everything_anew_gives_the_same_to_the_last_digit(graded, command):
    mark_by_hand(graded, "s100", BY_HAND[0], 2.5, "A fine answer.")
    before = content(graded)
    assert "30 were graded before" in command(graded.root, "grade", SET)
    said = command(graded.root, "grade", SET, "--again")
    assert "27 graded, 3 could not be graded" in said
    after = content(graded)
    for what in ("students", "submissions", "grades", "comments", "lines", "notebooks"):
        assert after[what] == before[what], what
    others = [line for line in after["reports"] if "s100" not in line]
    assert others == [line for line in before["reports"] if "s100" not in line] and len(others) == 29


def test_one_student_can_be_graded_alone(small, command):
    course = small(["s100", "s122"])
    assert "1 graded" in command(course.root, "grade", SET, "--student", "s122")
    statuses = {r.student.id: r.status for r in export.results(course)}
    assert statuses["s122"] == "complete" and statuses["s100"] == "not graded yet"
    said = command(course.root, "grade", SET, "--student", "nobody", code=1)
    assert "nothing of set_1 from nobody" in said


def test_a_failed_regrade_never_shows_the_old_mark_as_new(small, command, tmp_path):
    course = small(["s100"])
    command(course.root, "grade", SET)
    mark_by_hand(course, "s100", BY_HAND[0], 3)
    complete = rows_of(course, tmp_path)["s100"]
    assert complete["status"] == "complete" and float(complete["total"]) == PROBLEMS.points - 1

    whole = submission(course, "s100").read_bytes()
    submission(course, "s100").write_bytes(whole[:2000])
    new = rows_of(course, tmp_path)["s100"]
    assert (new["status"], new["why"], new["total"]) == ("not graded yet", "handed in anew since it was graded", "")
    said = command(course.root, "grade", SET)
    assert "0 graded, 1 could not be graded" in said and "s100 could not be graded" in said
    row = rows_of(course, tmp_path)["s100"]
    assert row["status"] == FAILED and row["why"] and row["total"] == ""
    assert [row[f"{SET}: {p.name}"] for p in PROBLEMS] == [""] * len(PROBLEMS.problems)
    with course.gradebook() as book:
        grades = [g for n in book.find_submission(SET, "s100").notebooks for g in n.grades]
        assert {g.auto_score for g in grades} == {None} and all(g.needs_manual_grade for g in grades)
        assert [g.manual_score for g in grades if g.cell.name == BY_HAND[0]] == [3]

    submission(course, "s100").write_bytes(whole)
    command(course.root, "grade", SET)
    assert rows_of(course, tmp_path)["s100"] == complete


def test_a_manual_mark_waits_for_a_look_when_the_answer_changed(small, command, tmp_path):
    course = small(["s100"])
    command(course.root, "grade", SET)
    mark_by_hand(course, "s100", BY_HAND[0], 3)
    notebook = json.loads(submission(course, "s100").read_bytes())
    cell_of(notebook, BY_HAND[0])["source"] = "Another answer altogether."
    submission(course, "s100").write_bytes(as_bytes(notebook))
    for words in ((), ("--again",)):  # grading once more must not take it for looked at
        command(course.root, "grade", SET, *words)
        row = rows_of(course, tmp_path)["s100"]
        assert (row["status"], row["why"]) == ("waits for manual marks", BY_HAND[0])
    mark_by_hand(course, "s100", BY_HAND[0], 3)
    command(course.root, "grade", SET, "--again")
    assert rows_of(course, tmp_path)["s100"]["status"] == "complete"


def test_a_mark_set_by_hand_outlives_a_regrade(small, command, tmp_path):
    course = small(["s122"])  # blank
    command(course.root, "grade", SET)
    mark_by_hand(course, "s122", PROBLEMS.problems[0].name, 1.25)
    command(course.root, "grade", SET, "--again")
    row = rows_of(course, tmp_path)["s122"]
    assert (row["status"], row["total"]) == ("complete", "1.25")


def test_a_notebook_that_could_not_be_graded_can_be_marked_by_hand(small, command, tmp_path):
    course = small(["s124"])
    command(course.root, "grade", SET)
    for problem in PROBLEMS:
        assert rows_of(course, tmp_path)["s124"]["status"] == FAILED
        mark_by_hand(course, "s124", problem.name, 1)
    row = rows_of(course, tmp_path)["s124"]
    assert (row["status"], float(row["total"])) == ("complete", len(PROBLEMS.problems))


def test_a_crash_while_storing_leaves_nothing_half_done(small, command, monkeypatch):
    course = small(["s100"])
    command(course.root, "grade", SET)
    before = content(course)
    notebook = json.loads(submission(course, "s100").read_bytes())
    notebook["cells"] = notebook["cells"][:3]
    submission(course, "s100").write_bytes(as_bytes(notebook))

    def crash(*_):
        raise MemoryError

    monkeypatch.setattr(gradebook.Row, "write", crash)
    with pytest.raises(MemoryError):
        gradebook.grade(course, SET)
    after = content(course)
    assert {k: v for k, v in after.items() if k != "notebooks"} == {k: v for k, v in before.items() if k != "notebooks"}


def test_an_error_of_ours_costs_one_student_nothing_but_time(small, command, monkeypatch):
    from assignments import grading

    works = grading.Grader.grade

    def fails_once(self, path, student):
        if student == "s100":
            raise ZeroDivisionError("a slip of ours")
        return works(self, path, student)

    monkeypatch.setattr(grading.Grader, "grade", fails_once)
    course = small(["s100", "s122"])
    said = command(course.root, "grade", SET)
    assert "1 graded, 1 could not be graded" in said and "an error in the grading itself" in said
    monkeypatch.undo()
    assert "2 graded, 0 could not" in command(course.root, "grade", SET, "--again")


def test_where_code_cannot_run_apart_nothing_is_graded(small, command, monkeypatch):
    from assignments import grading, sandbox

    def unable(*_, **__):
        raise sandbox.Unable("no processes here")

    monkeypatch.setattr(grading, "Sandbox", unable)
    monkeypatch.setattr(sandbox, "Sandbox", unable)
    course = small(["s100"])
    before = content(course)
    said = command(course.root, "grade", SET, code=1)
    assert "Not protected here: no processes here" in said and "nothing was graded: no processes here" in said
    assert content(course) == before


# ------------------------------------------------------------------------------------- feedback


def test_feedback_shows_verdicts_marks_and_comments_and_no_hidden_case(small, command):
    students = ["s100", "s119", "s120", "s123", "s124"]
    course = small(students)
    command(course.root, "grade", SET)
    mark_by_hand(course, "s100", BY_HAND[0], 3, "Well said indeed.")
    assert "5 pages" in command(course.root, "feedback", SET)
    pages = {s: (course.root / "feedback" / s / SET / f"{SET}.html").read_text("utf-8") for s in students}
    assert "Well said indeed." in pages["s100"] and "Correct" in pages["s100"]
    assert "Not attempted yet" in pages["s119"] and "could not be graded" in pages["s124"]
    assert "Stopped: it took too long" in pages["s123"]
    for student, page in pages.items():
        for forbidden in ("BEGIN HIDDEN", "stock_check", "BEGIN SOLUTION", "for the instructor"):
            assert forbidden not in page, (student, forbidden)
        for problem in PROBLEMS:
            exercise = problem.drawn(student)
            if not isinstance(exercise, Function):
                continue
            public = [show_call(problem.name, case) for case in problem.public]
            for case in exercise.cases(problems.seed_of(SET, problem.name, student)):
                call = show_call(problem.name, case)
                assert call in public or call not in page, (student, call)
    for problem in PROBLEMS:  # who has not solved it does not see how it is done
        if isinstance(problem.exercise, Function):
            body = [line.strip() for line in problem.exercise.solution_code.split("\n")[2:] if len(line.strip()) > 12]
            assert body and not [line for line in body if line in pages["s119"]]


def test_what_is_for_the_instructor_is_not_in_the_feedback(small, command):
    course = small(["s128"])
    command(course.root, "grade", SET)
    shown = nbformat.read(course.root / "autograded" / "s128" / SET / f"{SET}.ipynb", as_version=4)
    assert "imports torch" in shown.cells[0].source
    command(course.root, "feedback", SET)
    page = (course.root / "feedback" / "s128" / SET / f"{SET}.html").read_text("utf-8")
    assert "imports torch" not in page and "instructor&#39;s eye" not in page and "instructor's eye" not in page


@pytest.mark.parametrize(
    "attack",
    [
        "<script>steal()</script>",
        "<img src=x onerror=steal()>",
        "[click](javascript:steal())",
        "[click][1]\n\n[1]: javascript:steal()",
        "![](https://elsewhere.example/count.png)",
        "<javascript:steal()>",
        "</div><iframe src='//elsewhere.example'>",
    ],
)
def test_a_students_words_cannot_act_on_the_page_that_marks(attack):
    from nbconvert import HTMLExporter

    cell = nbformat.v4.new_markdown_cell(gradebook.harmless(f"Hello\n\n{attack}\n\nbye $a<b$"))
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    body = page.lower()
    assert "hello" in body and "bye" in body
    for harm in ("<script>steal", "onerror=steal()>", 'href="javascript', "<iframe", 'src="https://elsewhere'):
        assert harm not in body.replace("&lt;", "_"), page
    assert "<img" not in body


# ------------------------------------------------------------------------------------- commands


def test_releasing_again_changes_nothing_and_a_changed_set_is_not_torn_from_its_marks(graded, command, monkeypatch):
    before = content(graded)
    packed = (graded.root / f"{SET}.zip").read_bytes()
    command(graded.root, "release", SET)
    assert content(graded) == before and (graded.root / f"{SET}.zip").read_bytes() == packed
    shorter = problems.ProblemSet(SET, "Shorter", "part", PROBLEMS.problems[:2])
    monkeypatch.setattr(problems, "find", lambda name: shorter)
    assert "was graded for 30 students" in command(graded.root, "release", SET, code=1)
    assert content(graded) == before


def test_a_set_of_ones_own_from_the_bank(small, command, tmp_path):
    course = small([])
    names = [p.name for p in PROBLEMS][:2]
    said = command(course.root, "release", "my_set", "--exercises", *names)
    assert "my_set.zip" in said
    source = course.root / "release" / "my_set" / "my_set.ipynb"
    handed_in = tmp_path / "in"
    handed_in.mkdir()
    solved = answered(nbformat.read(source, as_version=4), course.problem_set("my_set"), "s100")
    (handed_in / "s100.ipynb").write_bytes(as_bytes(solved))
    assert "1 new" in command(course.root, "collect", "my_set", handed_in)
    assert "1 graded" in command(course.root, "grade", "my_set")
    row = next(r for r in export.results(course, ["my_set"]) if r.student.id == "s100")
    assert row.status == "complete" and row.total == row.possible == sum(p.points for p in PROBLEMS.problems[:2])
    assert "no exercise 'nonsense'" in command(course.root, "release", "other", "--exercises", "nonsense", code=1)
    assert "a set of the course" in command(course.root, "release", SET, "--exercises", *names, code=1)
    assert "released already" in command(course.root, "release", "my_set", "--exercises", names[0], code=1)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["status"], "is no class yet"),
        (["grade", SET], "is no class yet"),
        (["export"], "is no class yet"),
        (["collect", SET, "x.zip"], "is no class yet"),
        (["formgrader"], "is no class yet"),
        (["prepare"], "needs its roster"),
        (["prepare", "none.csv"], "cannot be read"),
    ],
)
def test_without_a_class_every_command_says_what_to_do(tmp_path, command, words, said):
    assert said in command(tmp_path / "none", *words, code=1)
    assert not (tmp_path / "none").exists()


def test_mistakes_in_a_command_are_told_in_a_sentence(small, command):
    course = small([])
    assert "no set 'set_9'" in command(course.root, "grade", "set_9", code=1)
    assert "has not been released" in command(course.root, "grade", "set_2", code=1)
    assert "has not been released" in command(course.root, "export", "set_2", code=1)
    assert "no file or folder" in command(course.root, "collect", SET, "none.zip", code=1)
    assert "is no due date" in command(course.root, "prepare", "--due", "set_1=tomorrow", code=1)
    assert "no set 'set_9'" in command(course.root, "prepare", "--due", "set_9=2026-12-01", code=1)
    assert "Nothing of set_1 is graded yet" in command(course.root, "feedback", SET, code=1)


def test_a_class_is_made_without_the_environments_programs_on_the_path(tmp_path, command, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")  # as when .venv is not activated
    (tmp_path / "roster.csv").write_text("id,last_name,first_name,email\nann,Lee,Ann,\n")
    command(tmp_path / "class", "prepare", tmp_path / "roster.csv")
    assert "1 students" in command(tmp_path / "class", "status")
    assert "nothing of set_1 to grade yet" not in command(tmp_path / "class", "release", SET)
    assert "nothing of set_1 to grade yet" in command(tmp_path / "class", "grade", SET, code=1)


def test_students_who_leave_the_roster_keep_their_marks(graded, command, tmp_path):
    before = content(graded)
    (tmp_path / "roster.csv").write_text("id,last_name,first_name,email\nnew1,New,Ann,\n")
    said = command(graded.root, "prepare", tmp_path / "roster.csv")
    assert "1 students in the roster, 1 of them new" in said and "kept with their marks: s100" in said
    assert content(graded)["grades"] == before["grades"]


def test_status_names_who_could_not_be_graded(graded, command):
    said = command(graded.root, "status")
    assert "set_1: 25 waits for manual marks" in said and "s124 (Bob Young): could not be graded" in said


def test_nbgraders_own_autograding_refuses_and_touches_no_mark(graded):
    before = content(graded)
    result = graded.nbgrader().autograde(SET, "s100", force=True)
    assert not result["success"] and "students' code runs apart" in result["log"]
    after = content(graded)
    assert after["grades"] == before["grades"] and after["reports"] == before["reports"]
    assert gradebook.grade(graded, SET)[0].keys() <= {"s100"}  # a notebook it took away comes back
    assert content(graded) == before


def test_a_due_date_and_the_files_times_tell_who_is_late(small, command, tmp_path):
    course = small([])
    released = course.release_of(SET)
    files = {f"{s}/{SET}.ipynb": as_bytes(answered(released, PROBLEMS, s, lambda p: False)) for s in ("s100", "s101")}
    (tmp_path / "in.zip").write_bytes(zipped(files))  # 2026-11-20, 12:00 and 12:01
    command(course.root, "prepare", "--due", "set_1=2026-11-20 12:00:30")
    command(course.root, "collect", SET, tmp_path / "in.zip", "--times")
    command(course.root, "grade", SET)
    late = {r.student.id: r.late for r in export.results(course) if r.status != "not submitted"}
    assert late == {"s100": False, "s101": True}


def test_a_submission_put_into_the_folder_by_hand_is_graded(small, command):
    course = small(["s100"])
    (course.submitted / "s100" / SET / "intake.json").unlink()
    assert "1 graded" in command(course.root, "grade", SET)


def test_two_commands_find_the_class_from_any_folder(graded, command, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert "33 students" in command("class", "status")
    with pytest.raises(KitError):
        gradebook.Course(tmp_path / "elsewhere").must_exist()
    shutil.move(tmp_path / "class", tmp_path / "moved")
    assert "33 students" in command("moved", "status")
