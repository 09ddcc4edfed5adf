# ruff: noqa: E501  (attacks read best one statement after the other)
"""Submissions of every kind, honest, broken and hostile, to a small set of its own, and what each must earn."""

import base64
import copy
import json
from dataclasses import dataclass, field

import nbformat
import numpy as np

from assignments.notebooks import HIDDEN, source_notebook
from assignments.problems import FreeText, Problem, ProblemSet
from course_lib.exercises.engine import Choice, Function, Mistake, Number, Option

STUDENT, OTHER = "ann", "bob"

TOY = ProblemSet(
    "toy",
    "A toy set",
    "no lesson",
    [
        Problem(
            points=4,
            exercise=Function(
                prompt="The cube.",
                solution_code='def cube(z):\n    """z to the third."""\n    return z**3',
                oracle=lambda z: z * z * z,
                inputs=lambda rng: (rng.normal(size=(2, 3)),),
                mistakes=[Mistake("square", lambda z: z**2, "This is the square.")],
                hints=["z · z · z"],
                seconds=1.0,
            ),
            public=[(np.array([1.0, 2.0]),), (np.array([[-1.0], [3.0]]),)],
            parts={"square": 0.25},
        ),
        Problem(
            points=3,
            exercise=Function(
                prompt="Rows less their mean.",
                solution_code='def centered(z):\n    """Each row less its mean."""\n'
                "    return z - z.mean(axis=-1, keepdims=True)",
                oracle=lambda z: z - z.mean(axis=-1)[:, None],
                inputs=lambda rng: (rng.normal(size=(2, 3)),),
                mistakes=[],
                hints=["z.mean(axis=-1, keepdims=True)"],
                seconds=1.0,
            ),
            public=[(np.array([[1.0, 3.0]]),)],
        ),
        Problem(
            points=3,
            exercise=Number(
                name="area",
                prompt="The area of a rectangle with sides {a} and {b}.",
                values={"a": tuple(range(3, 90)), "b": tuple(range(101, 190))},
                oracle=lambda a, b: a * b,
                mistakes=[],
                hints=["a times b"],
                working="{a} · {b}",
            ),
        ),
        Problem(
            points=1,
            exercise=Choice(
                name="which",
                prompt="Which is even?",
                options=[Option("1", "No."), Option("2", "Yes.", right=True), Option("3", "No."), Option("5", "No.")],
                hints=["Divide by 2."],
            ),
        ),
        Problem(
            points=2, exercise=FreeText(name="why", prompt="Why?", hints=[], rubric=[(2, "a reason")], model="Because.")
        ),
    ],
)
FULL = {"cube": 4.0, "centered": 3.0, "area": 3.0, "which": 1.0, "why": None}
NOTHING = {"cube": 0.0, "centered": 0.0, "area": 0.0, "which": 0.0, "why": None}
TEXT = "Because I say so."


def area(student):
    a, b = TOY["area"].drawn(student).given(None).values()
    return a * b


RIGHT = {
    "who": f'STUDENT = "{STUDENT}"',
    "cube": "def cube(z):\n    return z**3",
    "centered": "def centered(z):\n    return z - z.mean(axis=-1, keepdims=True)",
    "area": f"area = {area(STUDENT)}",
    "which": 'which = "b"',
    "why": TEXT,
}
WRONG = RIGHT | {
    "cube": "def cube(z):\n    return z + 1",
    "centered": "def centered(z):\n    return z + 1",
    "area": "area = 1",
    "which": 'which = "a"',
}
STUBS = {
    "cube": "def cube(z):\n    raise NotImplementedError()",
    "centered": "def centered(z):\n    raise NotImplementedError()",
    "area": "area = ...",
    "which": "which = ...",
}


def notebook(answers, first=(), last=(), of=TOY):
    """The notebook of a set with these answers, as plain data, and with cells more at its beginning and end."""
    made = source_notebook(of)
    for cell in made.cells:
        cell.source = cell.source.split(HIDDEN[0])[0].strip()
        cell.source = answers.get(cell.metadata.nbgrader.grade_id, cell.source)
    data = json.loads(nbformat.writes(made, split_lines=False))
    data["cells"] = [*map(code, first), *data["cells"], *map(code, last)]
    return data


def code(source):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, "id": "more"}


def changed(data, change):
    """A copy of a notebook after `change(cells)`."""
    data = copy.deepcopy(data)
    data["cells"] = change(data["cells"]) or data["cells"]
    return data


def stripped(cells):
    for cell in cells:
        cell["metadata"] = {}


def of_2013(data):
    """The same as a notebook of format 3, as IPython wrote it."""
    cells = [
        {"cell_type": "code", "input": cell["source"].splitlines(True), "language": "python", "outputs": []}
        if cell["cell_type"] == "code"
        else {"cell_type": "markdown", "source": cell["source"]}
        for cell in data["cells"]
    ]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": [{"cells": cells}]}


@dataclass
class Submission:
    """A submission, what it must earn, and a flag that the instructor must see."""

    name: str
    data: object  # a notebook as plain data, or bytes
    marks: dict = field(default_factory=lambda: FULL)
    flag: str = ""
    why: str = ""  # a word of the reason, if it cannot be graded
    needs: str = ""  # a protection without which it may succeed


def honest(name, data=None, flag="", **answers):
    return Submission(name, notebook(RIGHT | answers) if data is None else data, FULL, flag)


def broken(name, flag="", first=(), last=(), earned=None, **answers):
    """Right but for the exercises named, which earn nothing, or what `earned` says."""
    lost = {name: 0.0 for name in answers if name in FULL}
    return Submission(name, notebook(RIGHT | answers, first, last), FULL | lost | (earned or {}), flag)


def hostile(name, attack="", flag="", needs="", last="", **answers):
    """Wrong answers and an attack, which must not turn them into points."""
    return Submission(name, notebook(WRONG | answers, [attack], [last]), NOTHING, flag, needs=needs)


SOLVED = notebook(RIGHT)

HONEST = [
    honest("as it should be"),
    honest("answers twice", changed(SOLVED, lambda cells: cells + cells), flag="more than once"),
    honest(
        "stubs pasted below",
        notebook(RIGHT, last=STUBS.values()),
    ),
    honest("marking cells deleted", changed(SOLVED, lambda cells: [c for c in cells if "check(" not in c["source"]]), "missing"),
    honest("metadata stripped", changed(SOLVED, stripped), "none of its cells"),
    honest("cells in reverse", changed(SOLVED, lambda cells: cells[::-1])),
    honest("of 2013", of_2013(SOLVED)),
    honest("with a byte order mark", b"\xef\xbb\xbf" + json.dumps(SOLVED).encode()),
    honest("bare", {"cells": [{k: c[k] for k in ("cell_type", "source")} for c in SOLVED["cells"]]}),
    honest("sources as lists", changed(SOLVED, lambda cells: [c | {"source": c["source"].splitlines(True)} for c in cells])),
    honest("a cell raises", notebook(RIGHT, ["1 / 0", "undefined", "import nothing_of_that_name"])),
    honest("a cell cannot be parsed", notebook(RIGHT, ["def f(:", "return 3", "x ==== 1", "\x00"])),
    honest("raises before it defines", cube="print(not_defined)\ndef cube(z):\n    return z**3"),
    honest(
        "warns and prints",
        notebook(
            RIGHT,
            ["import sys, warnings, numpy as np\nwarnings.warn('oh')\nprint('no', file=sys.stderr)\nnp.log(0.0)"],
        ),
        cube="",
    ),
    honest("warns when called", cube="import warnings\ndef cube(z):\n    warnings.warn('oh')\n    print(z)\n    return z**3"),
    honest("prints a million lines", notebook(RIGHT, ["for i in range(10**6):\n    print(i)"])),
    honest(
        "plots and magics",
        notebook(
            RIGHT,
            [
                "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
                "!pip install nothing\nfiles = !ls\n%load_ext autoreload\nget_ipython().run_line_magic('lsmagic', '')",
                "from IPython.display import display, Markdown\ndisplay(Markdown('hm'))\nplt?",
                "%%bash\necho hello",
            ],
        ),
    ),
    honest(
        "plots before it answers",
        cube="%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\ncube = lambda z: z**3",
        centered="!ls\n%config InlineBackend.figure_format = 'svg'\nget_ipython().events.register('post_execute', print)\n"
        "display(3)\nfrom IPython import get_ipython\nmean = %time 3\ncentered = lambda z: z - z.mean(1, keepdims=True)",
    ),
    honest("timed", cube="%%time\ndef cube(z):\n    return z**3", area=f"%time area = {area(STUDENT)}"),
    honest("annotations", cube="from __future__ import annotations\ndef cube(z: Array) -> Array:\n    return z**3"),
    honest("a lambda", cube="cube = lambda z: z * z * z"),
    honest("an object", cube="class Cube:\n    def __call__(self, z):\n        return z**3\ncube = Cube()"),
    honest("an array as number", area=f"area = np.array([{area(STUDENT)}.0])[0]"),
    honest(
        "pieces in many cells",
        notebook(RIGHT | {"cube": "def cube(z):\n    return z * square(z)"}, last=["def square(z):\n    return z**power\npower = 2"]),
    ),
    honest(
        "threads",
        cube="from concurrent.futures import ThreadPoolExecutor\n"
        "def cube(z):\n    with ThreadPoolExecutor(2) as pool:\n        return np.array(list(pool.map(lambda r: r**3, z)))",
    ),
    honest("half a character", cube="# \ud800\ndef cube(z):\n    return z**3"),
    honest("names used again below", notebook(RIGHT, last=["area = 7\nwhich = 'c'\ncube = centered = None"])),
    honest(
        "helpers of one name",
        cube="def helper(z):\n    return z**2\ndef cube(z):\n    return helper(z) * z",
        centered="def helper(z):\n    return z.mean(axis=-1, keepdims=True)\ndef centered(z):\n    return z - helper(z)",
    ),
    honest("umlauts", cube="# Würfel ∛ 🎲\ndef cube(z):\n    größe = z\n    return größe**3"),
    honest("asks and leaves", notebook(RIGHT, ["name = input('who? ')", "import sys\nsys.exit(0)", "quit()"])),
    honest("tries a pool", notebook(RIGHT, ["from multiprocessing import Pool\nprint(Pool(2).map(abs, [1]))"])),
    honest("asks torch", notebook(RIGHT, ["import torch\nprint(torch.zeros(1))"]), flag="it imports torch"),
    honest("a loop without end at its end", notebook(RIGHT, last=["while True:\n    pass"])),
    honest("another id", who=f'STUDENT = "{OTHER}"', flag=f"its STUDENT is '{OTHER}'"),
    honest("id in capitals", who=f'STUDENT = " {STUDENT.upper()} "'),
    honest(
        "ends its process at the end",
        notebook(RIGHT, last=["import os\nos._exit(0)"]),
        flag="ended the process",
    ),
]

BROKEN = [
    Submission("as handed out", notebook(RIGHT | STUBS | {"why": "YOUR ANSWER HERE"}), NOTHING | {"why": 0.0}),
    broken("a known mistake with its part", cube="def cube(z):\n    return z**2", earned={"cube": 1.0}),
    broken("raises", cube="def cube(z):\n    return z.cube()"),
    broken("nothing returned", cube="def cube(z):\n    z**3"),
    broken("not a function", cube="cube = 27"),
    broken("syntax error", cube="def cube(z)\n    return z**3"),
    broken("a letter for a number", area='area = "many"', which="which = 2"),
    broken("for two students", flag=f"right for '{OTHER}'", who=f'STUDENT = "{OTHER}"', area=f"area = {area(OTHER)}"),
    broken("endless", cube="def cube(z):\n    while True:\n        pass"),
    broken("endless, swallowing all", cube="def cube(z):\n    while True:\n        try:\n            len('')\n        except BaseException:\n            pass"),
    broken("endless inside C", flag="started again", cube="import itertools\ndef cube(z):\n    return sum(itertools.repeat(1))"),
    broken("sleeps", cube="import time\ndef cube(z):\n    time.sleep(1000)"),
    broken("recursion", cube="def cube(z):\n    return cube(z)"),
    broken("a memory bomb", cube="def cube(z):\n    return np.ones(10**10).sum()"),
    broken("a slow memory bomb", cube="def cube(z):\n    a = []\n    while True:\n        a.append(np.ones(10**7))"),
    broken("ends its process", flag="started again", cube="import os\ndef cube(z):\n    os._exit(0)"),
    broken("crashes", flag="started again", cube="import ctypes\ndef cube(z):\n    ctypes.string_at(0)"),
    broken("a gigabyte of print", cube="def cube(z):\n    while True:\n        print('x' * 10**6)"),
    broken("asks while it runs", cube="def cube(z):\n    return float(input('z? '))**3"),
    broken("a generator", cube="def cube(z):\n    return (v**3 for v in z)"),
    broken("an object array", cube="def cube(z):\n    return (z**3).astype(object)"),
    broken("a huge array", cube="def cube(z):\n    return np.zeros(10**7)"),
    broken("not a number", cube="def cube(z):\n    return z * np.nan", centered="def centered(z):\n    return z + np.inf"),
    broken("deep lists", cube="def cube(z):\n    a = []\n    for i in range(10**5):\n        a = [a]\n    return a"),
    broken("a list of itself", cube="def cube(z):\n    a = [1]\n    a.append(a)\n    return a"),
    broken("whole numbers without end", cube="def cube(z):\n    return 10**5000", area="area = 10**100_000"),
    broken("half", cube="def cube(z):\n    z **= 3\n    return z", earned={"cube": 2.0}),  # changes its input
    broken("a dictionary of text", cube="def cube(z):\n    return {'z': z}", which="which = b'b'"),
]

PIPE = """
import json, os, struct
def send(data, fd=3):
    data = data if isinstance(data, bytes) else json.dumps(data).encode()
    os.write(fd, struct.pack(">I", len(data)) + data)
"""
ARRAY = {"dtype": "f8", "shape": [2], "data": base64.b64encode(np.array([1.0, 8.0]).tobytes()).decode()}
REPLY = {"value": ARRAY, "raised": None, "where": None, "stopped": "", "changed": [], "touched": [], "printed": ""}
REPLY |= {"seen": [], "loaded": []}
FOUND = {"found": {name: [1] for name in ("cube", "centered", "area", "which", "STUDENT")}, "seen": [], "loaded": []}


def sends(message, more=""):
    """A function that writes a message of its own into the pipe before it answers."""
    return f"{PIPE}\n{more}\ndef cube(z):\n    send({message})\n    return z + 1"


class Paths:
    """Filled in by the tests: files that no submission may touch or see."""

    database, secret, elsewhere = "/nowhere/gradebook.db", "/nowhere/secret", "/nowhere"


def hostile_submissions(paths=Paths):
    """All attacks; `paths` names what they are after."""
    sources = json.dumps(__import__("assignments").__path__[0])
    return [
        hostile(
            "patches numpy.testing",
            "import numpy.testing as t, numpy as np\nfor m in (t, np):\n    for n in ('assert_allclose', 'assert_equal', 'allclose', "
            "'isclose', 'array_equal', 'abs', 'isfinite'):\n        if hasattr(m, n): setattr(m, n, lambda *a, **k: True)",
        ),
        hostile(
            "patches the checker",
            "from course_lib.exercises.engine import checker, values, exercise, diagnosis, guard\n"
            "from course_lib.exercises.engine.verdict import Verdict, Status\n"
            "yes = lambda e, *a, **k: Verdict(e.name, Status.CORRECT, 'ok')\n"
            "exercise.judge_function = checker.judge_function = yes\n"
            "values.agree = checker.agree = diagnosis.agree = lambda *a, **k: True\n"
            "guard.Caller.__call__ = lambda self, args, seed=0: guard.Outcome(args[0]**3 if args else 'b')\n"
            "guard.Caller.__init__ = lambda self, *a: None",
            cube="cube = None",
            centered="centered = None",
            area="area = None",
            which="which = None",
        ),
        hostile(
            "patches builtins",
            "import builtins\nfor n in ('all', 'any', 'isinstance', 'type', 'float', 'abs', 'len', 'zip', 'list', 'callable'):\n"
            "    setattr(builtins, n, lambda *a, **k: True)",
        ),
        hostile(
            "patches json",
            "import json, base64, struct\njson.dumps = lambda *a, **k: '{\"earned\": 4, \"verdict\": {\"status\": \"correct\"}}'\n"
            "json.loads = lambda *a, **k: {'name': 'cube', 'nth': 0}",
        ),
        hostile(
            "get_ipython and transformers",
            "import ast\nip = get_ipython()\nclass T(ast.NodeTransformer):\n    def visit_Assert(self, n): return ast.Pass()\n"
            "ip.ast_transformers = [T()]\nip.run_cell = lambda *a, **k: None\nip.run_line_magic('autocall', '2')\n"
            "ip.input_transformers_post.append(lambda lines: ['pass'])",
        ),
        hostile(
            "writes the database",
            f"import sqlite3\ndb = sqlite3.connect({paths.database!r})\ndb.execute('update grade set auto_score = 100')\ndb.commit()",
            flag="sqlite3.connect",
            needs="own user",
        ),
        hostile("writes the database by hand", f"open({paths.database!r}, 'w').write('all mine')", "open", "own user"),
        hostile(
            "deletes what it can",
            f"import shutil, os\nfor p in ({paths.elsewhere!r}, {sources}, '/tmp', '/usr/share/doc'):\n    shutil.rmtree(p, ignore_errors=True)",
            needs="own user",
        ),
        hostile(
            "reads the sources",
            f"import sys, glob\nfound = []\nfor path in glob.glob({sources} + '/**', recursive=True) + [{sources} + '/problems.py', {paths.secret!r}]:\n"
            "    try:\n        found.append(open(path, errors='ignore').read())\n    except OSError:\n        pass\n"
            "if any('class Problem' in f or 'secret' in f for f in found):\n    area = AREA\n".replace("AREA", str(area(STUDENT))),
            flag="open",
            needs="sources",
            area="",
        ),
        hostile(
            "imports the sources",
            f"import sys, os\nsys.path[:0] = [os.path.dirname({sources}), {sources}]\nimport assignments.problems\nfrom assignments import grading\n"
            f"area = {area(STUDENT)}",
            needs="sources",
            area="",
        ),
        hostile(
            "walks the memory",
            "import gc\nfor thing in gc.get_objects():\n    if type(thing).__name__ in ('Problem', 'ProblemSet', 'Grader', 'Function'):\n"
            f"        area = {area(STUDENT)}",
            flag="gc.get_objects",
            area="",
        ),
        hostile(
            "looks into frames",
            last="import sys\ndef cube(z):\n    frame = sys._getframe()\n    while frame:\n        for v in list(frame.f_locals.values()):\n"
            "            if hasattr(v, 'oracle'):\n                return v.oracle(z)\n            if isinstance(v, dict) and 'expected' in v:\n"
            "                return v['expected']\n        frame = frame.f_back\n    return z",
        ),
        hostile(
            "reads memory of others",
            "import os\nfor pid in ['self', '1', str(os.getppid())]:\n    for name in ('mem', 'environ', 'maps', 'cmdline', 'fd'):\n        try:\n"
            "            open(f'/proc/{pid}/{name}', 'rb').read(100)\n        except OSError:\n            pass",
        ),
        hostile("answers before it is asked", PIPE + "import time\n" + f"send({FOUND})\nfor i in range(40):\n    send(dict({REPLY}, id=i))"),
        hostile("answers early, at the last cell", last=PIPE + f"\nfor i in range(40):\n    send(dict({REPLY}, id=i))"),
        hostile("sends a mark", cube=sends({"earned": 4, "verdict": {"status": "correct"}, "id": 0})),
        hostile("sends a pickle", cube=sends("__import__('pickle').dumps(os.system)")),
        hostile("sends a deep message", cube=sends("b'[' * 100_000 + b']' * 100_000")),
        hostile("sends deep dictionaries", cube=sends("b'{\"a\":' * 50_000")),
        hostile("sends a huge message", cube=sends("b'[' + b'1,' * 10**7 + b'1]'")),
        hostile("promises four gigabytes", cube=sends("b''", "import os\nos.write(3, b'\\xff' * 4)")),
        hostile("sends bytes that are no text", cube=sends("b'\\xff\\xfe\\x00' * 1000")),
        hostile("sends half a message", cube=PIPE + "def cube(z):\n    os.write(3, b'\\x00\\x00\\x10\\x00{')\n    os._exit(0)"),
        hostile("sends long digits", cube=sends("b'{\"id\": 0, \"value\": ' + b'9' * 500_000 + b'}'")),
        hostile("sends other types", cube=sends({"id": 0, "value": {"dtype": "O8", "shape": [1], "data": "AAAAAAAAAAA="}})),
        hostile("sends wild shapes", cube=sends(REPLY | {"id": 0, "value": ARRAY | {"shape": [-1, 10**9]}})),
        hostile("sends odd fields", cube=sends(REPLY | {"id": 0, "raised": [1, {}], "printed": 5, "where": "no"})),
        hostile("floods the pipe", cube=PIPE + "def cube(z):\n    while True:\n        os.write(3, b'\\0\\0\\0\\2{}' * 10_000)"),
        hostile("drips into the pipe", cube=PIPE + "import time\ndef cube(z):\n    while True:\n        os.write(3, b'\\0'); time.sleep(0.2)"),
        hostile("closes every file", "import os\nos.closerange(0, 100)"),
        hostile("closes the pipe when asked", cube="import os\ndef cube(z):\n    os.closerange(0, 100)\n    return z"),
        hostile(
            "leaves a double to answer",
            "import os, socket, json, struct\nif not os.fork():\n    s = socket.socket(fileno=os.dup(3))\n    while True:\n"
            "        s.recv(10**6)\n        data = b'{\"id\": 0, \"value\": 1.0}'\n        s.send(struct.pack('>I', len(data)) + data)",
            flag="os.fork",
        ),
        hostile(
            "signals to the parent",
            "import os, signal\nfor pid in (os.getppid(), 1, -1, 0):\n    for s in (signal.SIGTERM, signal.SIGSTOP, signal.SIGKILL):\n"
            "        try:\n            os.kill(pid, s) if pid > 0 else None\n        except OSError:\n            pass",
            flag="os.kill",
            needs="own user",
        ),
        hostile("a signal to all", "import os\nos.kill(-1, 9)", "os.kill", "own user"),
        hostile("signals to the parent when called", cube="import os\ndef cube(z):\n    os.kill(os.getppid(), 9)\n    return z", needs="own user"),
        hostile("a fork bomb", "import os\nwhile True:\n    os.fork()", needs="processes"),
        hostile("a fork bomb when called", cube="import os\ndef cube(z):\n    while True:\n        os.fork()", needs="processes"),
        hostile("ends at once", "import os\nos._exit(1)", "ended the process"),
        hostile("ends in every cell", cube="import os; os._exit(1)", centered="import os; os._exit(1)", area="import os; os._exit(1)"),
        hostile("never begins", "while True:\n    pass"),
        hostile("never begins, inside C", "sum(iter(int, 1))", "had to be stopped"),
        hostile(
            "deaf to alarms",
            "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))\nsignal.setitimer = lambda *a: None\nwhile True: pass",
            "had to be stopped",
        ),
        hostile("prints a gigabyte", "import os\nfor i in range(1000):\n    print('x' * 10**6)\n    os.write(1, b'x' * 10**6)"),
        hostile("a memory bomb at once", "hoard = [bytearray(10**8) for i in range(1000)]"),
        hostile("fills the disk", "for i in range(10**4):\n    with open(f'f{i}', 'wb') as f:\n        f.write(b'x' * 10**8)", needs="own user"),
        hostile("a deep tree of folders", "import os\nfor i in range(3000):\n    os.mkdir('d'); os.chdir('d')"),
        hostile("opens files without end", "files = [open('f', 'w') for i in range(10**6)]"),
        hostile(
            "arrays that equal everything",
            "class Yes(np.ndarray):\n    __eq__ = __le__ = lambda s, o: np.True_\n    def __array_ufunc__(self, *a, **k): return np.True_\n"
            "    def __array_function__(self, *a, **k): return True\n    def __reduce__(self): raise SystemExit\n    def __del__(self): raise SystemExit\n"
            "    dtype = property(lambda s: 1 / 0)\n    def __repr__(self): raise SystemExit",
            cube="def cube(z):\n    return (z + 1).view(Yes)",
            centered="def centered(z):\n    return (z + 1).view(Yes)",
        ),
        hostile(
            "numbers that equal everything",
            "class Yes(float):\n    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = lambda s, o: True\n    __hash__ = float.__hash__\n"
            "    __abs__ = __sub__ = __rsub__ = lambda *a: 0.0\n    def __float__(self): return Yes(0)\n"
            "class S(str):\n    strip = lower = lambda *a: 'b'\n    __eq__ = lambda *a: True\n    __hash__ = str.__hash__",
            area="area = Yes(1)",
            which="which = S('a')",
        ),
        hostile(
            "answers that raise",
            "class R:\n    def __getattribute__(self, n): raise SystemExit(n)\n    def __repr__(self): raise SystemExit\n    __eq__ = __array__ = __str__ = __repr__\n"
            "    def __del__(self): raise KeyboardInterrupt",
            cube="def cube(z):\n    return R()",
            centered="def centered(z):\n    raise type('E\\x00\\ud800<script>', (Exception,), {'__str__': lambda s: 1 / 0})",
            area="area = R()",
            which="which = [R()]",
        ),
        hostile(
            "knows the public cases",
            cube="KNOWN = {(1.0, 2.0): [1.0, 8.0], (-1.0, 3.0): [-1.0, 27.0]}\n"
            "def cube(z):\n    return np.array(KNOWN.get(tuple(z.ravel()), z.ravel())).reshape(z.shape)",
            centered="def centered(z):\n    return np.array([[-1.0, 1.0]]) if z.shape == (1, 2) else z",
        ),
        hostile(
            "traces",
            "import sys, threading\nseen = []\ndef spy(frame, event, arg):\n    seen.append(frame.f_locals.get('expected'))\n    return spy\n"
            "sys.settrace(spy)\nsys.setprofile(spy)\nthreading.settrace(spy)",
            flag="sys.settrace",
            cube="def cube(z):\n    return next((s for s in seen if s is not None), z)",
        ),
        hostile("at exit", "import atexit, os\natexit.register(lambda: os.write(3, b'{}' * 1000))\nimport sys\nsys.exit()"),
        hostile(
            "threads that go on",
            PIPE + "import threading, time\ndef go():\n    while True:\n        send({'id': 0, 'value': 1})\n        time.sleep(0.001)\n"
            "for i in range(5):\n    threading.Thread(target=go, daemon=True).start()",
        ),
        hostile(
            "modules replaced",
            "import sys, types\nfake = types.ModuleType('numpy')\nfor name in list(sys.modules):\n"
            "    if name.startswith(('numpy', 'course_lib', 'json', 'struct', 'base64', 'os')):\n        sys.modules[name] = fake",
        ),
        hostile("fake builtins", "__builtins__ = {'__import__': lambda *a: 1 / 0}\n__name__ = 'assignments'\n__file__ = '/etc/passwd'"),
        hostile(
            "symlinks",
            f"import os\nos.symlink({paths.database!r}, 'toy_public2.json')\nopen('toy_public2.json', 'w').write('mine')",
            "os.symlink",
            "own user",
        ),
        hostile(
            "an environment for others",
            f"import os\nos.environ.update(LD_PRELOAD={paths.elsewhere!r} + '/x.so', PYTHONPATH='.', PYTHONSTARTUP='x.py', NUMPY_EXPERIMENTAL_ARRAY_FUNCTION='0')\n"
            "open('sitecustomize.py', 'w').write('print(1)')\nopen('numpy.py', 'w').write('x = 1')",
        ),
        hostile(
            "calls home",
            "import socket\ns = socket.socket()\ns.settimeout(0.2)\ntry:\n    s.connect(('127.0.0.1', PORT))\n    s.sendall(b'stolen')\nexcept OSError:\n    pass".replace(
                "PORT", str(getattr(paths, "port", 9))
            ),
            "socket.connect",
            "network",
        ),
        hostile(
            "sleeps on after the end",
            "import os, time\nif not os.fork():\n    os.setsid()\n    if not os.fork():\n        time.sleep(10_000)\n    os._exit(0)",
            "os.fork",
            "processes",
        ),
        hostile("runs a program", "import subprocess\nsubprocess.run(['/bin/sh', '-c', 'sleep 1000 & kill -9 $PPID'])", "subprocess.Popen"),
        hostile("guesses twice", which='which = "a"', last='which = "b"'),
        hostile("not attempted on hidden cases", cube="def cube(z):\n    if z.shape == (2,):\n        return z**3\n    raise NotImplementedError"),
        hostile("another one's numbers", who=f'STUDENT = "{OTHER}"', area=f"area = {area(OTHER)}", flag=f"right for '{OTHER}'"),
        hostile("an id that bites", who="class S(str):\n    def __str__(self): raise SystemExit\nSTUDENT = S('\\ud800\\x00' * 10**6)"),
        hostile("ids without end", who="STUDENT = 'x' * 10**8"),
        hostile("asks for more rights", "import os, ctypes\nc = ctypes.CDLL(None)\nc.unshare(0x10020000)\nc.setuid(0)\nos.chroot('.')", "ctypes.dlopen"),
        hostile("unsteady", cube="calls = []\ndef cube(z):\n    calls.append(1)\n    return z**3 if len(calls) < 9 else z"),
        hostile(
            "imports what is forbidden",
            "import importlib\nimportlib.import_module('sci' + 'py')",
            "it imports scipy",
        ),
        hostile("code without end", "x = " + "-" * 100_000 + "1", last="x = " + "(" * 5000 + ")" * 5000),
        hostile("thousand cells", "\n".join("x = 1" for _ in range(20_000))),
    ]


NOT_GRADED = [
    Submission("empty", b"", why="empty"),
    Submission("not a notebook", b"%PDF-1.4 \xff\xfe", why="not a notebook"),
    Submission("a page", b"<html>please log in</html>", why="not a notebook"),
    Submission("cut off", json.dumps(SOLVED).encode()[:2000], why="not a notebook"),
    Submission("a list", b"[1, 2]", why="not a notebook"),
    Submission("deep", b"[" * 10**6, why="not a notebook"),
    Submission("cells that are none", {"cells": [1, "two"]}, why="not a notebook"),
    Submission("sheets that are none", {"worksheets": "no", "cells": []}, why="not a notebook"),
    Submission("sources that are none", {"cells": [{"cell_type": "code", "source": [[1], {}]}]}, why="not a notebook"),
    Submission("too much code", {"cells": [code("x" * 10**7)]}, why="more than"),
    Submission("too many cells", {"cells": [code("x")] * 5000}, why="more than"),
    Submission("digits", b'{"nbformat": ' + b"9" * 10**7 + b"}", why="not a notebook"),
    Submission("too large", b"[" + b" " * (21 * 2**20) + b"]", why="more than any notebook"),
]
