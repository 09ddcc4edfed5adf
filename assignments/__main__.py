"""The commands of the instructor's kit; docs/teaching.md shows them at work."""

import argparse
import collections
import os
import subprocess
import sys
from pathlib import Path

from .intake import KitError

PROGRAM = os.environ.get("COURSE_COMMAND", "python -m assignments")


def say(text=""):
    print(text, flush=True)


def parser():
    """The command line."""
    top = argparse.ArgumentParser(prog=PROGRAM, description="Hand out problem sets, grade them, and get the marks.")
    top.add_argument("--course", default="class", metavar="FOLDER", help="the class's folder (./class)")
    commands = top.add_subparsers(dest="command", required=True, metavar="command")

    def command(name, text):
        made = commands.add_parser(name, help=text, description=text)
        made.add_argument("--course", default=argparse.SUPPRESS, metavar="FOLDER", help="the class's folder (./class)")
        return made

    one = command("prepare", "make the class's folder, or bring roster and due dates up to date")
    one.add_argument("roster", nargs="?", help="a CSV file with the columns id,last_name,first_name,email")
    one.add_argument("--due", action="append", default=[], metavar="SET=DATE", help='such as "set_1=2026-12-01 18:00"')

    one = command("release", "make what students get of a set, as a folder and a zip")
    one.add_argument("set")
    one.add_argument("--exercises", nargs="+", metavar="NAME", help="make a set of your own of these exercises")

    command("bank", "list the exercises that a set of your own can be made of")

    one = command("collect", "take in what was handed in: an LMS's zip, or a folder")
    one.add_argument("set")
    one.add_argument("sources", nargs="+", metavar="zip-or-folder")
    one.add_argument("--times", action="store_true", help="take the files' times for those of handing in")

    one = command("grade", "grade what was collected and not graded yet")
    one.add_argument("set")
    one.add_argument("--student", action="append", default=[], metavar="ID", help="only this one; may be repeated")
    one.add_argument("--again", action="store_true", help="grade anew what is graded already")
    one.add_argument("--processes", type=int, metavar="N", help="how many at once (one per processor)")

    one = command("formgrader", "open nbgrader's formgrader in the browser, to read and mark by hand")
    one.add_argument("--port", type=int, default=8899)
    one.add_argument("--no-browser", action="store_true", help="only serve it, and print its address")

    one = command("feedback", "make a page for every student")
    one.add_argument("set")

    one = command("export", "write the marks as CSV")
    one.add_argument("sets", nargs="*", metavar="set", help="only these; all that were released otherwise")
    one.add_argument("--to", metavar="FILE", help="the file (grades.csv in the class's folder)")

    one = command("practice", "write a made-up class to practise with: a roster and two zips from an LMS")
    one.add_argument("folder", nargs="?", default="practice", help="where to (./practice)")

    command("status", "how far each set is, and what needs you")
    return top


# ---------------------------------------------------------------------------------- the commands


def prepare(course, given):
    from .gradebook import prepare

    for sentence in prepare(course, given.roster, given.due):
        say(sentence)
    say(f"The class is in {course.root}")


def release(course, given):
    from .gradebook import release

    packed = release(course, given.set, given.exercises)
    say(f"Hand out {packed}")
    say("In it are the notebook and a file that its checks need. Both belong into one folder.")


def bank(course, given):
    from . import problems

    for name, found in problems.bank().items():
        if "/" in name:
            say(f"{name:55} {found[0].points:g} points")


def collect(course, given):
    from . import intake

    course.must_exist()
    names = [problem.name for problem in course.problem_set(given.set)]
    students = course.students()
    known = {student.id: student for student in students}
    done = intake.collect(given.sources, students, given.set, names, course.submitted, given.times)
    counts = collections.Counter(done.states.values())
    say(f"{given.set}: {counts['new']} new, {counts['replaced']} replaced, {counts['as before']} as before.")
    for who, sentence in done.notes:
        say(f"  {known.get(who, who)}: {sentence}")
    if done.missing:
        say(f"Nothing yet from {len(done.missing)}: {', '.join(done.missing)}")


def grade(course, given):
    from functools import partial

    from tqdm import tqdm

    from .gradebook import FAILED, grade
    from .sandbox import protections

    for name, in_force, sentence in protections():
        if not in_force:
            say(f"Not protected here: {sentence}")
    progress = partial(tqdm, desc=given.set, unit=" notebooks", leave=False, disable=None)
    rows, before = grade(course, given.set, given.student, given.again, given.processes, progress)
    failed = {student: row for student, row in rows.items() if row.status == FAILED}
    say(f"{given.set}: {len(rows) - len(failed)} graded, {len(failed)} could not be graded.")
    if before:
        say(f"{before} were graded before and have not changed (--again grades them anew).")
    for student, row in failed.items():
        say(f"  {student} could not be graded: {row.why}")
    for student, row in rows.items():
        for flag in row.flags:
            say(f"  {student}, for your eye: {flag}")


def formgrader(course, given):
    course.must_exist()
    root = Path(__file__).resolve().parents[1]
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH", "")]))
    command = [
        sys.executable, "-m", "jupyter", "server",
        f"--ServerApp.root_dir={course.root}",
        "--ServerApp.jpserver_extensions=nbgrader.server_extensions.formgrader=True",
        "--ServerApp.default_url=/formgrader/gradebook",
        f"--ServerApp.port={given.port}",
        "--ServerApp.log_level=ERROR",
    ]  # fmt: skip
    if given.no_browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    say("Starting the formgrader. To stop it, press Ctrl-C here, twice.")
    return subprocess.call(command, cwd=course.root, env={**os.environ, "PYTHONPATH": path})


def feedback(course, given):
    from .export import feedback

    done = feedback(course, given.set)
    say(f"{len(done)} pages: {course.root / 'feedback'}/<id>/{given.set}/{given.set}.html")


def export(course, given):
    from .export import write_csv

    path = Path(given.to) if given.to else course.root / "grades.csv"
    found = write_csv(course, path, given.sets)
    for status, number in collections.Counter(r.status for r in found).most_common():
        say(f"{number:4} {status}")
    say(f"Written to {path}")


def practice(course, given):
    from .practice import write

    write(Path(given.folder))
    say(f"Written to {given.folder}: roster.csv, moodle.zip, canvas.zip")


def status(course, given):
    from . import problems
    from .export import FAILED, NOT_GRADED, results

    names = course.must_exist().released()
    say(f"{course.root}: {len(course.students())} students")
    for name in names:
        found = results(course, [name])
        counts = collections.Counter(r.status for r in found)
        say(f"{name}: " + ", ".join(f"{number} {status}" for status, number in counts.most_common()))
        for r in found:
            if r.status in (FAILED, NOT_GRADED):
                say(f"  {r.student}: {r.status}" + (f", {r.why}" if r.why else ""))
    if not names:
        say(f"No set is released yet. There are {', '.join(s.name for s in problems.every_set())}: release set_1")


COMMANDS = (prepare, release, bank, collect, grade, formgrader, feedback, export, practice, status)


def main(arguments=None):
    """Run one command; returns the exit code."""
    given = parser().parse_args(arguments)
    try:
        from .gradebook import Course

        run = {command.__name__: command for command in COMMANDS}[given.command]
        return run(Course(given.course), given) or 0
    except KitError as error:
        say(f"\n{error}\n")
        return 1
    except ModuleNotFoundError as error:
        if error.name.split(".")[0] not in ("nbgrader", "nbformat", "sqlalchemy", "traitlets"):
            raise
        say("\nThe kit needs nbgrader. Give the commands through  python tools/course.py teach …  : it installs it.\n")
        return 1
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        say("\nStopped; what is done is kept. Give the same command again to go on.")
        return 1


if __name__ == "__main__":
    sys.exit(main())
