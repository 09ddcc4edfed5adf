"""What a worker may and may not, what its messages may say, and that grading holds on lesser machines too."""

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from submissions import FULL, RIGHT, SOLVED, STUDENT, TEXT, TOY, area, notebook

from assignments import grading, sandbox
from assignments.grading import Grader, Run, stock_check
from assignments.problems import FreeText, every_set
from assignments.sandbox import Limits, Lost, Sandbox, Unable, outcome_of, read_message, value_of
from assignments.worker import pack
from course_lib.exercises.engine import Function, Status
from course_lib.exercises.engine.guard import Outcome, Raised
from course_lib.exercises.engine.values import Odd, plain, same_data

ROOT = Path(__file__).resolve().parents[2]
LIMITS = Limits(seconds=1.0, total=20.0, memory=2 * 2**30)


@pytest.fixture(scope="module")
def box():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_OF_THE_GRADER", "42")
        made = Sandbox(LIMITS)
    yield made
    made.close()


def bound(box, source, name="found"):
    """What a cell of this source binds to `name`, as it comes out of the worker."""
    run = Run(box, 0, [source], [name], {"toy_public.json": "{}"})
    try:
        run.ready()
        return run.value(name, 0)
    finally:
        run.drop()


# ------------------------------------------------------------------------------------- what a worker may


def walled(box):
    if not box.walls:
        pytest.skip("this machine has no namespaces for us: protections() says what is off")


@pytest.mark.parametrize("name", ["SECRET_OF_THE_GRADER", "USER", "LD_LIBRARY_PATH"])
def test_nothing_of_our_environment_is_there(box, name):
    assert bound(box, f"import os\nfound = os.environ.get({name!r}, 'none')") == "none"


def test_the_folder_is_its_own_with_what_was_handed_out(box):
    assert bound(box, "import os\nfound = os.listdir()") == ["toy_public.json"]
    bound(box, "open('left behind', 'w').write('for the next'); found = 1")
    assert bound(box, "import os\nfound = os.listdir()") == ["toy_public.json"]


def test_it_is_nobody_and_stays_nobody(box):
    if os.getuid():
        pytest.skip("only root can give a submission a user of its own")
    source = "import os\nfound = [*os.getresuid(), *os.getresgid(), len(os.getgroups())]"
    *ids, groups = bound(box, source)
    assert len(set(ids)) == 1 and ids[0] >= sandbox.FIRST_USER and groups == 0
    for back in ("os.setuid(0)", "os.setgid(0)", "os.setgroups([0])", "os.chroot('.')"):
        assert bound(box, trying(f"import os\n{back}")) == "PermissionError"


@pytest.mark.parametrize("path", ["/", "/usr", "/dev", "/tmp", sys.prefix, str(ROOT / "course_lib")])
def test_it_writes_nowhere_else(box, path):
    walled(box)
    assert bound(box, trying(f"open({path + '/x'!r}, 'w')")) in ("OSError", "PermissionError", "FileNotFoundError")


def test_it_sees_python_the_course_and_no_more(box):
    walled(box)
    seen = bound(box, "import os\nfound = sorted(os.listdir('/'))")
    needed = {Path(p).parts[1] for p in (sys.prefix, sys.base_prefix, ROOT)}
    assert set(seen) <= {"bin", "dev", "etc", "lib", "lib32", "lib64", "submission", "usr"} | needed
    assert bound(box, f"import os\nfound = os.path.exists({str(ROOT / 'assignments')!r})") is False
    inside = {Path(p).relative_to(ROOT).parts[0] for p in (sys.prefix, sys.base_prefix) if Path(p).is_relative_to(ROOT)}
    assert set(bound(box, f"import os\nfound = os.listdir({str(ROOT)!r})")) == {"course_lib"} | inside


def test_it_has_no_network(box):
    walled(box)
    assert bound(box, "import socket\nfound = [name for _, name in socket.if_nameindex()]") == ["lo"]
    datagram = "import socket\nsocket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('{}', 9))"
    for address in ("127.0.0.1", "192.0.2.1"):
        assert bound(box, trying(datagram.format(address))) == "OSError"


def trying(source):
    """A cell that runs `source` and binds "done" or the name of the error to `found`."""
    lines = "".join(f"    {line}\n" for line in source.splitlines())
    return f"try:\n{lines}    found = 'done'\nexcept BaseException as e:\n    found = type(e).__name__"


MANY_THREADS = """
import threading
end = threading.Event()
try:
    [threading.Thread(target=end.wait).start() for i in range(99)]
finally:
    end.set()
"""


@pytest.mark.parametrize(
    ("attack", "error"),
    [
        ("np.ones(10**10)", "MemoryError|ArrayMemoryError"),
        ("[open('f') for i in range(1000)]", "OSError|FileNotFoundError"),
        ("import os; [os.dup(0) for i in range(1000)]", "OSError"),
        ("f = open('f', 'wb'); f.write(bytes(10**8)); f.flush()", "OSError"),
        (MANY_THREADS, "RuntimeError"),
    ],
)
def test_limits(box, attack, error):
    assert bound(box, trying(attack)) in error.split("|")


def test_all_files_together_are_limited(box):
    walled(box)
    write = "    for i in range(100):\n        open(f'f{i}', 'wb').write(bytes(10**7))"
    source = f"try:\n{write}\nexcept OSError:\n    pass\nfound = i"
    assert bound(box, source) <= LIMITS.disk / 1e7


def test_a_strict_umask_of_the_grader_is_no_hindrance():
    before = os.umask(0o077)
    try:
        strict = Sandbox(LIMITS)
    finally:
        os.umask(before)
    assert bound(strict, "import colorsys, os\nfound = os.listdir()") == ["toy_public.json"]
    strict.close()


def test_protections_are_sentences(box):
    for name, in_force, sentence in box.protections():
        assert isinstance(in_force, bool) and sentence[0].isupper() and sentence.endswith("."), name


def test_without_fork_it_says_where_grading_works(monkeypatch):
    monkeypatch.delattr(os, "fork")
    with pytest.raises(Unable, match="WSL"):
        Sandbox()
    assert [(name, in_force) for name, in_force, _ in sandbox.protections()] == [("grading", False)]


# ---------------------------------------------------------------------------------- what messages may say


@pytest.mark.parametrize(
    "value",
    [None, True, 3, -2.5, math.inf, "text", [], [1, 2.0, [True, "a"]], 10**299, np.arange(6.0).reshape(2, 3)]
    + [np.array([True, False]), np.array([], float), np.array([1, 2], "i2"), np.float32([1.5]), np.longdouble([2.5])],
    ids=repr,
)
def test_a_plain_value_comes_through_as_it_is(value):
    got = value_of(json.loads(json.dumps(pack(value))))
    if isinstance(value, np.ndarray) and value.dtype == np.longdouble:
        value = value.astype(float)
    assert same_data(got, value)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"odd": 3},
        {"tuple": [1]},
        [[[1]]],
        [{"odd": "x"}],
        {"dtype": "O8", "shape": [1], "data": "AAAAAAAAAAA="},
        {"dtype": "f8", "shape": [2], "data": "AAAAAAAAAAA="},
        {"dtype": "f8", "shape": [-1], "data": "AAAAAAAAAAA="},
        {"dtype": "f8", "shape": [True], "data": "AAAAAAAAAAA="},
        {"dtype": "f8", "shape": [1] * 9, "data": "AAAAAAAAAAA="},
        {"dtype": "f8", "shape": [], "data": "AAAAAAAAAAA="},
        {"dtype": "f8", "shape": [0, 10**12], "data": ""},
        {"dtype": "f8", "shape": [1], "data": "not base64"},
        {"dtype": ["f8"], "shape": [1], "data": "AAAAAAAAAAA="},
        {"dtype": "f8", "shape": [1], "data": "AAAAAAAAAAA=", "more": 1},
        [0] * 100_001,
    ],
    ids=lambda d: repr(d)[:40],
)
def test_what_pack_never_writes_is_refused(data):
    with pytest.raises(Lost):
        value_of(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"[1]", b"3", b"{", b"\xff", b'{"a": ' + b"9" * 400 + b"}", b'["\\"[[', b'{"a": nan}']
    + [b"[" * 10**6, b'{"a":' * 10**5, b'"' + b'\\"' * 10**6, b'{"a": ' + b"[" * 9 + b"]" * 9 + b"}"],
    ids=lambda d: repr(d[:20]),
)
def test_messages_that_are_none_are_refused_at_once(data):
    start = time.process_time()
    with pytest.raises(Lost):
        read_message(data)
    assert time.process_time() - start < 2  # not a matter of speed: quadratic reading would take an hour


def test_brackets_in_a_text_are_no_depth():
    deep = '"[[[[[[[[[[[[[' + "\\"
    assert read_message(json.dumps({"a": deep}).encode()) == {"a": deep}


REPLY = {"value": 1.0, "raised": None, "where": None, "stopped": "", "changed": [], "touched": [], "printed": ""}


@pytest.mark.parametrize(
    "wrong",
    [{"raised": ["E"]}, {"raised": "E"}, {"raised": ["E", 3]}, {"stopped": "now"}, {"changed": [0, 1, 2]}]
    + [{"changed": ["0"]}, {"touched": "np"}, {"printed": None}, {"printed": ["x"]}, {"value": {}}]
    + [{"raised": ["E", ""], "where": [1]}],
    ids=repr,
)
def test_replies_with_odd_fields_are_refused(wrong):
    assert outcome_of(REPLY, [], 1) == Outcome(1.0)
    with pytest.raises(Lost):
        outcome_of(REPLY | wrong, [], 2)


def test_texts_are_made_harmless_and_lines_are_ours():
    reply = REPLY | {"raised": ["E\x00\ud800", "\x1b[31m" + "x" * 999], "where": [1, 2], "printed": "a\nb\x07"}
    outcome = outcome_of(reply, ["first\n  second\n"], 0)
    assert outcome.raised == Raised("E\ufffd?", "\ufffd[31m" + "x" * 295, "line 2: second")
    assert outcome.printed == "a\nb\ufffd"
    assert outcome_of(reply | {"where": [7, 7]}, ["first"], 0).raised.line == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    | st.builds(lambda a: pack(np.array(a, "f8")), st.lists(st.floats(), min_size=1, max_size=6))
    | st.builds(lambda what: {"odd": what}, st.text()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)  # fmt: skip


@given(json_values)
def test_no_answer_breaks_the_marking_and_only_right_ones_earn(data):
    try:
        value = value_of(json.loads(json.dumps(data)))
    except Lost:
        return
    for problem in TOY:
        if isinstance(problem.exercise, FreeText):
            continue
        mark = problem.mark(STUDENT, answer=value)
        right = {"area": area(STUDENT), "which": "b"}.get(problem.name)
        assert mark.earned == 0 or right == value
        if problem.name in ("cube", "centered"):
            mark = problem.mark(STUDENT, call=lambda args, seed=0, value=value: Outcome(value))
            assert mark.earned == 0 and mark.verdict.status is not Status.CORRECT
        json.dumps(mark.to_json(), ensure_ascii=False).encode()


@given(st.binary(max_size=200))
def test_bytes_are_a_message_or_refused(data):
    try:
        assert isinstance(read_message(data), dict)
    except Lost:
        pass


def test_an_odd_value_keeps_its_words():
    assert value_of({"odd": "a value of type set"}) == Odd("a value of type set")


# ------------------------------------------------------------------------------------------ the grader


def graded(grader, path, data, student=STUDENT):
    path.write_text(json.dumps(data))
    return grader.grade(path, student)


def earned(report):
    return {name: mark.earned for name, mark in report.marks.items()}


def test_a_nursery_that_was_ended_is_started_again(tmp_path):
    with Grader(TOY, 1, LIMITS) as grader:
        for _ in range(2):
            assert earned(graded(grader, tmp_path / "toy.ipynb", SOLVED)) == FULL
            grader.sandbox.process.kill()
            grader.sandbox.process.wait()


def test_a_fault_of_ours_is_not_the_students(tmp_path, monkeypatch):
    with Grader(TOY, 1, LIMITS) as grader:
        monkeypatch.setattr(grading, "outcome_of", lambda *args: 1 / 0)
        report = graded(grader, tmp_path / "toy.ipynb", SOLVED)
    assert (report.status, report.marks) == ("could not be graded", {})
    assert "grading itself failed" in report.why and "ZeroDivisionError" in report.why


def test_the_cell_that_was_marked_is_told(tmp_path):
    with Grader(TOY, 1, LIMITS) as grader:
        data = notebook(RIGHT, last=["def cube(z):\n    raise NotImplementedError"])
        report = graded(grader, tmp_path / "toy.ipynb", data)
    assert {name: report.answers[name] for name in FULL} == {name: RIGHT[name] for name in FULL}


def test_numbers_are_those_of_the_roster(tmp_path):
    with Grader(TOY, 1, LIMITS) as grader:
        report = graded(grader, tmp_path / "toy.ipynb", SOLVED, "someone else")
    assert earned(report) == FULL | {"area": 0.0}
    assert f"area: right for '{STUDENT}', whose numbers are others" in report.flags


@pytest.mark.parametrize("problem_set", every_set(), ids=lambda s: s.name)
def test_the_solutions_of_every_set_earn_all_points_and_no_flag(problem_set, tmp_path):
    answers = {"who": f'STUDENT = "{STUDENT}"'}
    for problem in problem_set:
        if isinstance(problem.exercise, FreeText):
            answers[problem.name] = TEXT
        elif not isinstance(problem.exercise, Function):
            right = plain(problem.drawn(STUDENT).right_answers()[0])
            value = f"np.array({right.tolist()})" if isinstance(right, np.ndarray) else repr(right)
            answers[problem.name] = f"{problem.name} = {value}"
    with Grader(problem_set, 1) as grader:
        report = graded(grader, tmp_path / "set.ipynb", notebook(answers, of=problem_set))
    assert report.flags == []
    for problem in problem_set:
        assert report.marks[problem.name].earned == (
            None if isinstance(problem.exercise, FreeText) else problem.points
        ), problem.name


def test_when_the_grader_is_killed_nothing_goes_on_and_nothing_is_left(tmp_path):
    (tmp_path / "toy.ipynb").write_text(json.dumps(notebook(RIGHT, ["import time\ntime.sleep(1000)"])))
    (tmp_path / "temporary").mkdir()
    code = (
        "import sys; from submissions import TOY, STUDENT; from assignments.grading import Grader, Limits\n"
        "with Grader(TOY, 1, Limits(seconds=500, total=500)) as grader:\n"
        "    print('ready', flush=True); grader.grade(sys.argv[1], STUDENT)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "toy.ipynb"],
        env=environment() | {"TMPDIR": str(tmp_path / "temporary")},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    deadline = time.monotonic() + 60
    while len(family := psutil.Process(process.pid).children(recursive=True)) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(family) == 3  # nursery, keeper, worker
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not psutil.wait_procs(family, timeout=60)[1]
    assert os.listdir(tmp_path / "temporary") == []


@pytest.mark.parametrize(
    ("name", "answer", "points"),
    [("cube", lambda z: z**3, 4), ("cube", lambda z: z**2, 1), ("area", area(STUDENT), 3), ("which", "b", 1)],
)
def test_stock_check_gives_the_points_that_stock_nbgrader_wants(name, answer, points, monkeypatch):
    monkeypatch.setattr(grading, "find", {"toy": TOY}.__getitem__)
    assert stock_check("toy", name, {"STUDENT": STUDENT, name: answer}) == points


@pytest.mark.parametrize(("name", "answer"), [("cube", lambda z: z), ("area", ...), ("which", "a")])
def test_stock_check_fails_what_earns_nothing(name, answer, monkeypatch):
    monkeypatch.setattr(grading, "find", {"toy": TOY}.__getitem__)
    with pytest.raises(AssertionError, match="."):
        stock_check("toy", name, {"STUDENT": STUDENT, name: answer})


# --------------------------------------------------------------------------- on lesser machines, as another user

NOBODY = 65534
IN_ANOTHER_WAY = """
import json, sys, tempfile
from pathlib import Path
from submissions import BROKEN, HONEST, STUDENT, TOY, hostile_submissions
from assignments.grading import Grader, Limits
folder = Path(tempfile.mkdtemp())
rows = [s for s in [*HONEST, *BROKEN, *hostile_submissions()] if s.name in json.loads(sys.argv[2])]
with Grader(TOY, 1, Limits(seconds=1, total=15), walls=sys.argv[1] == "walls") as grader:
    said = {"protections": {name: holds for name, holds, _ in grader.protections()}, "marks": {}}
    for row in rows:
        (folder / "toy.ipynb").write_text(json.dumps(row.data))
        report = grader.grade(folder / "toy.ipynb", STUDENT)
        earned = {name: mark.earned for name, mark in report.marks.items()}
        said["marks"][row.name] = [earned, row.marks, report.status, report.why, report.flags]
print(json.dumps(said))
"""
ROWS = [
    "as it should be", "plots and magics", "threads", "ends its process at the end", "endless inside C", "crashes",
    "a memory bomb", "for two students", "a known mistake with its part", "patches the checker", "sends a mark",
    "answers before it is asked", "closes every file", "reads the sources",
]  # fmt: skip


def environment():
    libraries = [p for p in sys.path if p.endswith("-packages")]
    paths = [str(ROOT), str(Path(__file__).parent), *libraries]
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join(paths), "COURSE_PROGRESS": "off", "HOME": "/nowhere"}


def python_for(user):
    """A Python of this version that this user may run, with our libraries, or a skip."""
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    for python in (sys.executable, f"/usr/local/bin/{version}", f"/usr/bin/{version}"):
        try:
            trial = [python, "-c", "import numpy, assignments"]
            subprocess.run(trial, env=environment(), cwd="/", check=True, **as_user(user))
            return python
        except (OSError, subprocess.CalledProcessError):
            continue
    pytest.skip(f"no {version} on this machine that user {user} may run with the libraries of this one")


def as_user(user):
    return {"user": user, "group": user, "extra_groups": []} if os.getuid() == 0 and user else {}


def in_another_way(user, walls):
    command = [python_for(NOBODY), "-c", IN_ANOTHER_WAY, walls, json.dumps(ROWS)]
    done = subprocess.run(command, env=environment(), cwd="/", capture_output=True, text=True, **as_user(user))
    assert not done.returncode, done.stderr
    said = json.loads(done.stdout)
    assert len(said["marks"]) == len(ROWS)
    return said


@pytest.mark.parametrize(("user", "walls"), [(0, "no walls"), (NOBODY, "walls"), (NOBODY, "no walls")])
def test_marks_are_the_same_in_every_way_of_grading(user, walls):
    if user == 0 and os.getuid():
        pytest.skip("only root can try how root grades")
    said = in_another_way(user, walls)
    stolen = said["marks"].pop("reads the sources")[0]["area"]
    for name, (got, wanted, status, why, _) in said["marks"].items():
        assert (name, got, status, why) == (name, wanted, "graded", "")
    # Where the sources can be read, that attack succeeds: what protections() says is true, either way.
    assert bool(stolen) is not said["protections"]["sources"]
    assert said["protections"]["network"] is said["protections"]["sources"] is (walls == "walls") or user
    assert said["protections"]["own user"] is (walls == "walls" or user == 0) or user
