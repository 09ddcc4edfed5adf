"""The regression table: what honest, broken and hostile submissions earn; none stolen, none lost, no batch stopped."""

import json
import os
import socket
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import psutil
import pytest
from submissions import BROKEN, HONEST, NOT_GRADED, STUDENT, TOY, hostile_submissions

from assignments import sandbox
from assignments.grading import Grader, Report
from assignments.sandbox import Limits

LIMITS = Limits(seconds=1.0, total=15.0, memory=2 * 2**30)
TABLE = [*HONEST, *BROKEN, *hostile_submissions(), *NOT_GRADED]


@pytest.fixture(scope="module")
def class_folder(tmp_path_factory):
    """What attacks are after: a database, a secret, and somebody who listens; and the files as they were."""
    folder = tmp_path_factory.mktemp("class")
    folder.chmod(0o755)
    database, secret = folder / "gradebook.db", folder / "secret"
    with sqlite3.connect(database) as connection:
        connection.execute("create table grade (auto_score)")
        connection.execute("insert into grade values (1)")
    secret.write_text("the secret of the hidden cases")
    calls = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen():
            while True:
                try:
                    calls.append(server.accept())
                except OSError:
                    return

        threading.Thread(target=listen, daemon=True).start()
        yield SimpleNamespace(
            database=str(database),
            secret=str(secret),
            elsewhere=str(folder),
            port=server.getsockname()[1],
            calls=calls,
            before=(database.read_bytes(), secret.read_bytes()),
        )


def graded(submissions, folder, hidden, processes=2):
    """The Reports on submissions, by name, from one batch; and what protections were in force."""
    with Grader(TOY, processes, LIMITS, hidden=[hidden]) as grader:
        in_force = {name for name, holds, _ in grader.protections() if holds}

        def grade(submission):
            path = folder / f"{submission.name}.ipynb"
            data = submission.data
            path.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
            return submission.name, grader.grade(path, STUDENT)

        with ThreadPoolExecutor(processes) as pool:
            return dict(pool.map(grade, submissions)), in_force


@pytest.fixture(scope="module")
def batch(class_folder, tmp_path_factory):
    submissions = [*HONEST, *BROKEN, *hostile_submissions(class_folder), *NOT_GRADED]
    return graded(submissions, tmp_path_factory.mktemp("first"), class_folder.elsewhere)


@pytest.mark.parametrize("submission", TABLE, ids=lambda s: s.name)
def test_each_earns_what_it_must(submission, batch):
    reports, in_force = batch
    if submission.needs and submission.needs not in in_force:
        pytest.skip(f"this machine lacks the protection {submission.needs!r}, and grading says so: it may succeed")
    report = reports[submission.name]
    if submission.why:
        assert (report.status, report.marks) == ("could not be graded", {})
        assert submission.why in report.why
        return
    assert (report.status, report.why) == ("graded", "")
    assert {name: mark.earned for name, mark in report.marks.items()} == submission.marks
    assert submission.flag in "\n".join(report.flags)


def test_there_are_enough_of_each_kind():
    assert len({s.name for s in TABLE}) == len(TABLE)
    assert len(HONEST) >= 25 and len(BROKEN) >= 25 and len(hostile_submissions()) >= 60


def test_nothing_was_touched_or_reached(batch, class_folder):
    if "own user" not in batch[1]:
        pytest.skip("submissions run with the rights of who grades on this machine: grading says so")
    assert sorted(os.listdir(class_folder.elsewhere)) == ["gradebook.db", "secret"]
    after = [open(path, "rb").read() for path in (class_folder.database, class_folder.secret)]
    assert tuple(after) == class_folder.before
    if "network" in batch[1]:
        assert class_folder.calls == []


def test_no_process_is_left(batch):
    if "processes" not in batch[1]:
        pytest.skip("submissions may leave processes behind on this machine: grading says so")
    users = {sandbox.user_of(slot) for slot in range(2)}
    running = [p.info for p in psutil.process_iter(["uids", "cmdline"])]
    assert not [p for p in running if p["cmdline"] == ["sleep", "1000"]]
    assert not [p for p in running if p["uids"] and p["uids"].real in users]


def test_a_second_time_every_mark_is_the_same(batch, class_folder, tmp_path):
    quick = [s for s in TABLE if batch[0][s.name].seconds < 1.5][::-1]  # in another order and company
    assert len(quick) > 60
    again, _ = graded(quick, tmp_path, class_folder.elsewhere)
    texts = {s.name for s in [*HONEST, *BROKEN]}  # the words of an attack's errors may hold its addresses
    for name, report in again.items():
        first, second = batch[0][name], report
        assert (first.status, first.why, points(first)) == (second.status, second.why, points(second))
        if name in texts:
            assert first.marks == second.marks and first.answers == second.answers


def points(report):
    return {name: (mark.earned, mark.possible) for name, mark in report.marks.items()}


def test_reports_are_plain_data(batch):
    for report in batch[0].values():
        data = json.loads(json.dumps(report.to_json(), ensure_ascii=False).encode("utf-8"))
        assert Report.from_json(data) == report


def test_what_is_no_file_cannot_be_graded(tmp_path, class_folder):
    (tmp_path / "folder.ipynb").mkdir()
    os.mkfifo(tmp_path / "fifo.ipynb")
    (tmp_path / "link.ipynb").symlink_to(class_folder.secret)
    with Grader(TOY, 1, LIMITS) as grader:
        for name, why in {
            "absent": "No such file",
            "folder": "Is a directory",
            "fifo": "not a file",
            "link": "cannot be read",
        }.items():
            report = grader.grade(tmp_path / f"{name}.ipynb", STUDENT)
            assert report.status == "could not be graded" and why in report.why and not report.marks
