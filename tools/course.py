"""Every command of the course in one place, for every system: `python tools/course.py help`.

It needs nothing but Python. The lines down to the version check run on any Python, however
old, so that a newcomer reads "too old" and not a SyntaxError; hence no f-strings in this file.
"""

import sys

OLDEST = (3, 10)


def too_old(version):
    """What to tell somebody whose Python has this (major, minor) version, or None."""
    if tuple(version) >= OLDEST:
        return None
    return (
        "This course needs Python {0}.{1} or newer, and this is Python {2}.{3} ({4}).\n"
        "Install a newer one (from python.org, or your system's package manager) and name it:\n"
        "    make lab PYTHON=python3.12          (Windows: py -3.12 tools\\course.py lab)"
    ).format(OLDEST[0], OLDEST[1], version[0], version[1], sys.executable)


if too_old(sys.version_info[:2]):
    sys.exit(too_old(sys.version_info[:2]))

import argparse
import hashlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import webbrowser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WINDOWS = os.name == "nt"
PYTHON = VENV / ("Scripts/python.exe" if WINDOWS else "bin/python")

ATTEMPTS, PAUSE = 3, 5  # of pip, and seconds between them

COMMANDS = {
    "lab": "open the course in JupyterLab (the first time: set it up); --port 9000 names a port,\n"
    "                    --here takes the Python that runs this, as it is (conda)",
    "test": "run every test; with arguments: pytest with these, for example  test -k sgd -x",
    "notebooks": "execute the notebooks in place and store them tidily; names choose some",
    "bench": "measure how fast the course is, and print a table",
    "teach": "the instructor's commands: prepare, release, collect, grade, export; teach --help lists them",
    "lite": "build the course as a page with Python in it (JupyterLite) in build/lite",
    "site": "build the web site of the course into build/site",
    "setup": "only set up: make .venv and install what the course needs",
    "address": "set the course's repository: address https://github.com/OWNER/NAME",
    "help": "show this list",
}


class Problem(Exception):
    """Something the reader can put right; the message says what was wrong and what to do."""


# ------------------------------------------------------------------ what may be in the way


def not_writable(folder):
    """What to tell somebody who cannot write in this folder, or None."""
    try:
        tempfile.TemporaryFile(dir=str(folder)).close()
    except OSError as error:
        return (
            "The folder {0} cannot be written to ({1}).\n"
            "The course keeps its libraries and your answers there. Copy the course to a folder\n"
            "of your own, such as your home folder, and start again from that one."
        ).format(folder, error.strerror)
    return None


def port_problem(port):
    """What to tell somebody who asked for a port that cannot be had, or None."""
    choose = "For another one: make lab PORT={0}  (without make, end with: --port {0})".format(
        port + 1 if 1023 < port < 65535 else 9000
    )
    if not 1 <= port <= 65535:
        return "{0} is no port: ports go from 1 to 65535.\n{1}".format(port, choose)
    for family, kind, _, _, address in socket.getaddrinfo(
        "localhost", port, type=socket.SOCK_STREAM
    ):
        try:
            with socket.socket(family, kind) as probe:
                if not WINDOWS:  # there the option would let two programs share the port
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except PermissionError:
            return "Port {0} is reserved for the system.\n{1}".format(port, choose)
        except OSError:
            if family == socket.AF_INET:  # a machine without IPv6 refuses ::1, and that is fine
                return (
                    "Port {0} is taken: another program uses it, perhaps a JupyterLab that still\n"
                    "runs in another window. Close that one, or choose another port.\n{1}"
                ).format(port, choose)
    return None


def can_open_browser(environ, platform=sys.platform, find=webbrowser.get):
    """Whether a browser can show the course on this machine."""
    has_screen = platform in ("win32", "darwin") or any(
        environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    )
    if not has_screen:
        return False
    try:
        find()
    except webbrowser.Error:
        return False
    return True


# ------------------------------------------------------------------------------- setting up


def fingerprint():
    """Changes whenever what is installed no longer fits: other libraries, Python, or folder."""
    parts = [str(ROOT), "{0}.{1}".format(*sys.version_info)]
    parts += [(ROOT / name).read_text("utf-8") for name in ("pyproject.toml", "constraints.txt")]
    return hashlib.sha256("\0".join(parts).encode("utf-8")).hexdigest()


def setup(*extras):
    """Make .venv and install the course with these extras, unless that was done already."""
    problem = not_writable(ROOT)
    if problem:
        raise Problem(problem)
    stamp = VENV / "installed-{0}.txt".format("-".join(extras))
    wanted = fingerprint()
    if PYTHON.exists():
        for done in VENV.glob("installed-*.txt"):
            if set(extras) <= set(done.stem.split("-")) and done.read_text("utf-8") == wanted:
                return
    make_venv()
    stamp.unlink(missing_ok=True)
    say("Installing the course's libraries into .venv. This happens once; it takes some minutes.")
    if pip_version() < (22, 0):  # older ones cannot install a folder in place from pyproject.toml
        pip("install", "--upgrade", "pip")
    course = "{0}[{1}]".format(ROOT, ",".join(extras))
    pip("install", "--constraint", ROOT / "constraints.txt", "--editable", course)
    stamp.write_text(wanted, "utf-8")  # last: without a stamp the next run goes on from here
    say("Set up.")


def make_venv():
    """Make .venv, or make it anew when it has no pip, another Python or came from elsewhere."""
    check = "import sys, pip; print('{0}.{1}'.format(*sys.version_info))"
    found = None
    if PYTHON.exists():
        found = subprocess.run(
            [str(PYTHON), "-c", check], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ).stdout.strip()
    if found == "{0}.{1}".format(*sys.version_info):
        return
    say("Making .venv with Python {0}.{1}.".format(*sys.version_info))
    if subprocess.call([sys.executable, "-m", "venv", "--clear", str(VENV)]):
        raise Problem(
            "Python could not make the folder .venv; its own message is above.\n"
            "On Debian and Ubuntu this part of Python is a package of its own:\n"
            "    sudo apt install python3-venv"
        )


def pip_version():
    text = subprocess.check_output([str(PYTHON), "-m", "pip", "--version"], text=True)
    return tuple(int(number) for number in text.split()[1].split(".")[:2])


def pip(*arguments):
    command = [str(PYTHON), "-m", "pip", "--disable-pip-version-check"]
    command += [str(argument) for argument in arguments]
    # An index that fails to answer once looks to pip like a conflict of versions; what it has
    # fetched so far is kept.
    for attempt in range(1, ATTEMPTS + 1):
        if not subprocess.call(command):
            return
        if attempt < ATTEMPTS:
            say("Installing did not finish; trying again, {0} of {1}.".format(attempt + 1, ATTEMPTS))
            time.sleep(PAUSE)
    free = shutil.disk_usage(str(ROOT)).free / 1e9
    raise Problem(
        "Installing did not finish; pip's own message is above. Please check:\n"
        "  - the network: is the internet reached from here? Behind a proxy, set HTTPS_PROXY;\n"
        "  - the disk: the libraries need about 2 GB, and {0:.1f} GB are free here;\n"
        "{1}"
        "then give the same command again: it goes on where it stopped.".format(
            free,
            "  - the folder: Windows refuses long paths; move the course to a short one;\n"
            if WINDOWS
            else "",
        )
    )


# ----------------------------------------------------------------------------- the commands


def lab(port=None, here=False):
    """Start JupyterLab on the first notebook of the course, in .venv or with this very Python."""
    if port is not None:
        problem = port_problem(port)
        if problem:
            raise Problem(problem)
    if not here:
        setup("lab")
    browser = can_open_browser(os.environ)
    say("Starting JupyterLab. To stop it, press Ctrl-C here, twice.")
    if not browser:
        say("No browser can be opened from here: open the http:// address below in yours.")
    python = sys.executable if here else str(PYTHON)
    command = [python, "-m", "jupyterlab"] + lab_options(port, browser)
    if WINDOWS:
        return run(command)
    os.chdir(str(ROOT))
    # JupyterLab takes this program's place, so that Ctrl-C reaches it alone.
    os.execve(command[0], command, environment())


def lab_options(port, browser):
    options = [
        "--ServerApp.root_dir={0}".format(ROOT),
        "--LabApp.default_url=/lab" + first_notebook(),
        "--LabApp.extension_manager=readonly",  # asks nothing of the internet
        # What is left are the address to open, and real trouble.
        "--LabApp.log_level=ERROR",
        "--ServerApp.log_level=ERROR",
    ]
    if port is not None:  # otherwise JupyterLab takes 8888 or the next that is free
        options += ["--ServerApp.port={0}".format(port), "--ServerApp.port_retries=0"]
    if not browser:
        options.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")
    return options


def first_notebook(folder=ROOT / "notebooks"):
    """The part of the address that opens the first notebook, or nothing if there is none."""
    names = sorted(path.name for path in folder.glob("*.ipynb"))
    return "/tree/notebooks/" + names[0] if names else ""


def test(arguments):
    """Lint, tests, then every notebook cell by cell; or, with arguments, pytest with these."""
    setup("lab", "test", "teach", "site")
    os.environ["COURSE_PROGRESS"] = "off"  # what tests solve is not the learner's progress
    pytest = [str(PYTHON), "-m", "pytest"]
    if arguments:
        return run(pytest + arguments)
    lint = [str(PYTHON), "-m", "ruff", "check", "--output-format=concise"]
    # Two at a time: a file of tests, or a notebook, each in one process; the slow ones, the browser's, come early.
    pytest += ["--numprocesses=2", "--dist=loadscope", "--no-loadscope-reorder"]
    runs = {"lint": lint, "tests": pytest + ["tests"]}
    if first_notebook():
        strict = ["--nbval", "--nbval-current-env", "--nbval-sanitize-with", "tests/nbval.cfg"]
        strict += ["-p", "tests.notebook_promise"]  # none takes more memory than it may
        runs["notebooks"] = pytest + strict + ["notebooks"]
    reports = os.environ.get("COURSE_REPORTS")  # a folder; set by .ci/run
    failed = []
    for name, command in runs.items():
        say("== {0}".format(name))
        if reports and name != "lint":
            command = command + ["--junitxml={0}".format(Path(reports) / (name + ".xml"))]
        if (run_offline if name == "notebooks" else run)(command):
            failed.append(name)
    say("Failed: " + ", ".join(failed) if failed else "Everything passed.")
    return 1 if failed else 0


def notebooks(arguments):
    setup("lab", "test")
    return run([str(PYTHON), "tools/notebooks.py", "execute"] + arguments)


def bench(arguments):
    setup("lab", "test", "teach", "bench")
    return run([str(PYTHON), "tests/benchmarks/run.py"] + arguments)


def teach(arguments):
    """Hand out, collect and grade problem sets; folders are meant from where the command is given."""
    setup("teach")
    os.environ["COURSE_COMMAND"] = "python tools/course.py teach"
    path = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, path))
    return run([str(PYTHON), "-m", "assignments"] + arguments, folder=os.getcwd())


def lite(arguments):
    setup("lite")
    return run([str(PYTHON), "tools/lite.py"] + arguments)


def address(arguments):
    return run([sys.executable, "tools/address.py"] + arguments)


def site(arguments):
    if sys.version_info < (3, 11):
        raise Problem(
            "The site needs Python 3.11 or newer, and this is Python {0}.{1}; the lessons run with it.\n"
            "Name a newer one: make site PYTHON=python3.12".format(*sys.version_info)
        )
    setup("lab", "test", "site")
    return run([str(PYTHON), "tools/website.py"] + arguments)


def show_help():
    say("How neural networks learn. The commands, with make or with Python alone:\n")
    for name, text in COMMANDS.items():
        say("    make {0:10} {1}".format(name, text))
    start = "py tools\\course.py" if WINDOWS else "python3 tools/course.py"
    say("\nWithout make, the same:  {0} lab".format(start))


# ------------------------------------------------------------------------------------ tools


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()  # now, so that it stands before what the next program prints


def environment():
    """The environment that the course's programs run in."""
    ours = dict(os.environ)
    # These networks are small: one thread is fastest, and sums come out alike everywhere.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        ours.setdefault(name, "1")
    # There JupyterLab finds its settings: no question about news pops up over the lesson.
    settings = [str(ROOT / "tools" / "jupyter"), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    ours["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, settings))
    return ours


def run(command, folder=str(ROOT), **variables):
    """Run a program, in the course's folder; it gets Ctrl-C itself, so wait until it has ended."""
    program = subprocess.Popen(command, cwd=folder, env=dict(environment(), **variables))
    while True:
        try:
            return program.wait()
        except KeyboardInterrupt:
            pass


def run_offline(command):
    """Run a Python program off the network; if anything in it asks for the network, it has failed."""
    with tempfile.TemporaryDirectory() as folder:
        asked = Path(folder) / "asked.txt"
        path = [str(ROOT / "tests" / "offline"), os.environ.get("PYTHONPATH", "")]
        path = os.pathsep.join(filter(None, path))
        failed = run(command, PYTHONPATH=path, COURSE_OFFLINE=str(asked))
        if asked.exists():
            say("Asked for the network, which no lesson may:\n" + asked.read_text("utf-8"))
            return 1
        return failed


def main(arguments):
    parser = argparse.ArgumentParser(prog="course.py", description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=list(COMMANDS), nargs="?", default="help")
    command, rest = parser.parse_args(arguments[:1]).command, arguments[1:]
    try:
        if command in ("lab", "setup", "help"):
            options = argparse.ArgumentParser(prog="course.py " + command)
            if command == "lab":
                options.add_argument("--port", type=int, help="the port to use, such as 9000")
                options.add_argument("--here", action="store_true", help="install nothing")
            given = vars(options.parse_args(rest))
            if command == "lab":
                return lab(**given)
            return setup("lab", "test") if command == "setup" else show_help()
        others = {"test": test, "notebooks": notebooks, "bench": bench}
        others.update(teach=teach, lite=lite, address=address, site=site)
        return others[command](rest)
    except Problem as problem:
        say("\n{0}\n".format(problem))
        return 1
    except KeyboardInterrupt:
        say("\nStopped. Give the same command again to go on.")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
