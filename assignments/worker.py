"""The student's side of grading: runs the cells of one submission, then answers calls of what they defined.

Started as a script it becomes the nursery, a clean process that has loaded what students import and forks a worker
for every submission. A worker gives up its rights before it sees a student's line, and holds nothing worth stealing:
no oracle, no hidden case, no mark. What it sends is compared on the other side, never believed.

Messages are JSON behind their length; arrays travel as their bytes. Nothing is ever unpickled.
"""

import __future__

import ast
import base64
import builtins
import contextlib
import ctypes
import gc
import importlib
import io
import json
import linecache
import os
import re
import shutil
import signal
import socket
import struct
import sys
import types
from pathlib import Path

import numpy as np

HOME = "/submission"  # a worker's own folder, behind walls
PRELOADED = ["matplotlib.pyplot", "IPython.core.inputtransformer2", "course_lib.figures"]
PRELOADED += ["course_lib.exercises.handed_out"]
SEEN = 40  # events told to the instructor

# ------------------------------------------------------------------------------------------------ the pipe


def send(pipe, message):
    data = json.dumps(message).encode()
    pipe.sendall(struct.pack(">I", len(data)) + data)


def receive(pipe):
    """The next message; raises EOFError when the other side is gone."""
    return json.loads(_exactly(pipe, struct.unpack(">I", _exactly(pipe, 4))[0]))


def _exactly(pipe, count):
    parts = []
    while count:
        part = pipe.recv(min(count, 2**16))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def pack(value):
    """A plain value as JSON can hold it."""
    if isinstance(value, np.ndarray | np.generic):
        kind = "f8" if value.dtype.itemsize > 8 else f"{value.dtype.kind}{value.dtype.itemsize}"
        data = np.ascontiguousarray(value).astype(f"<{kind}").tobytes()
        return {"dtype": kind, "shape": list(value.shape), "data": base64.b64encode(data).decode()}
    if isinstance(value, list):
        return [pack(v) for v in value]
    if isinstance(value, tuple):
        return {"tuple": [pack(v) for v in value]}
    return {"odd": value.what} if hasattr(value, "what") else value


def unpack(data):
    """The value that `pack` wrote, on the worker's side, which has no reason for doubt."""
    if isinstance(data, dict):
        return tuple(map(unpack, data["tuple"])) if "tuple" in data else unpack_array(data)
    return [unpack(v) for v in data] if isinstance(data, list) else data


def unpack_array(data):
    array = np.frombuffer(base64.b64decode(data["data"], validate=True), dtype=f"<{data['dtype']}")
    return array.reshape(data["shape"]).copy()[()]


# ------------------------------------------------------------------------------------- the student's cells

DEFINITIONS = ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom


class Cells:
    """Runs cells one by one, as a notebook would, and remembers what the names in question were bound to."""

    def __init__(self, names, seconds):
        self.found = {name: [] for name in names}
        self.seconds, self.flags, self.errors, self.process = seconds, 0, {}, os.getpid()
        sys.modules["__main__"] = module = types.ModuleType("__main__")
        self.space = vars(module)
        shell = Shell(self.space)
        self.space.update(np=np, display=shell)
        builtins.get_ipython = sys.modules["IPython"].get_ipython = lambda: shell

    def run(self, number, source, only_definitions=False):
        """Run a cell; whatever happens in it, what it defines further down is still defined."""
        file = f"cell {number}"
        linecache.cache[file] = len(source), None, source.splitlines(True), file
        statements = []
        self.errors[number] = self._guarded(lambda: statements.extend(self._parsed(source)))
        if statements and not only_definitions:
            self.errors[number] = self._guarded(lambda: self._run(statements, file))
        if later := [s for s in statements if isinstance(s, DEFINITIONS)]:
            self._guarded(lambda: self._run(later, file))
        if os.getpid() != self.process:
            os._exit(0)  # a fork that a cell has made and that came back here
        for name, values in self.found.items():
            value = self.space.get(name)
            if value is not None and value is not Ellipsis and not (values and values[-1][1] is value):
                values.append((number, value))

    def _guarded(self, action):
        return Caller(action, self.seconds)([]).raised

    def _parsed(self, source):
        try:
            return ast.parse(source).body
        except SyntaxError:  # a magic, perhaps
            from IPython.core.inputtransformer2 import TransformerManager

            return ast.parse(TransformerManager().transform_cell(source)).body

    def _run(self, statements, file):
        with contextlib.redirect_stdout(Nowhere()), contextlib.redirect_stderr(Nowhere()):
            while statements:
                code = compile(ast.Module([statements.pop(0)], []), file, "exec", self.flags, dont_inherit=True)
                self.flags |= code.co_flags & __future__.annotations.compiler_flag
                exec(code, self.space)


class Nowhere(io.TextIOBase):
    """Stands in for stdout and stderr while a cell runs: whatever is printed is gone, a gigabyte too."""

    encoding = "utf-8"

    def writable(self):
        return True

    def write(self, text):
        return len(text)


class Shell:
    """What `get_ipython()` gives: magics that run code do so; whatever else it is asked to do comes to nothing."""

    def __init__(self, space):
        self.user_ns = space

    def run_line_magic(self, magic, line, *more):
        if magic in ("time", "prun"):
            exec(line, self.user_ns)

    def run_cell_magic(self, magic, line, cell):
        if magic in ("time", "prun", "capture"):
            exec(cell, self.user_ns)

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        pass


class Witness:
    """Notes for the instructor which modules were loaded and what cells asked of the system, as a hook hears it."""

    TOLD = (
        "open", "os.exec", "os.fork", "os.kill", "os.link", "os.posix_spawn", "os.symlink", "os.system",
        "subprocess.", "socket.", "sqlite3.", "signal.", "ctypes.dlopen", "gc.get", "sys.settrace", "sys.setprofile",
    )  # fmt: skip

    def __init__(self):
        self.seen, self.before = [], set(sys.modules)
        self.home = (os.getcwd(), sys.prefix, sys.base_prefix)
        sys.addaudithook(self.hear)

    def hear(self, event, args):
        if not event.startswith(self.TOLD) or len(self.seen) >= SEEN:
            return
        what = str(args[0]) if args and isinstance(args[0], str | bytes | int) else ""
        if event == "open" and os.path.abspath(what).startswith(self.home) and isinstance(args[0], str):
            return
        frame = sys._getframe(1)
        while frame and not frame.f_code.co_filename.startswith("cell "):
            ours = "importlib" in frame.f_code.co_filename or "course_lib" in frame.f_code.co_filename
            frame = None if ours else frame.f_back  # what a library does while it loads is no news
        if frame and (note := f"{event} {what}".strip()[:80]) not in self.seen:
            self.seen.append(note)

    def told(self):
        loaded = {name for name in set(sys.modules) - self.before if "." not in name}
        return {"seen": self.seen, "loaded": sorted(loaded)[:500]}


def work(pipe):
    """Run the cells of one submission, then serve one name after the other, each in a process of its own."""
    job = receive(pipe)
    for name, text in job["files"].items():
        Path(name).write_text(text, "utf-8")
    witness = Witness()
    cells = Cells(job["names"], job["seconds"])
    numbers = [i for i in range(len(job["cells"])) if i not in job["left_out"]]
    waiting = {}
    for i in numbers:
        send(pipe, {"running": i})
        cells.run(i + 1, job["cells"][i], i in job["only_definitions"])
        for name in (name for name, cell in job["marked_in"].items() if cell == i):
            waiting[name] = stand_by(pipe, cells, witness), len(cells.found[name])
    for i in numbers:  # cells in another order than they were written: now that all names are there
        if (error := cells.errors[i + 1]) and error.type == "NameError" and i not in job["only_definitions"]:
            send(pipe, {"running": i})
            cells.run(i + 1, job["cells"][i])
    found = {name: [number for number, _ in values] for name, values in cells.found.items()}
    send(pipe, {"found": found} | witness.told())
    while True:
        asked = receive(pipe)
        other, known = waiting.get(asked["name"], (None, 0))
        if asked["then"] and asked["nth"] < known:
            with contextlib.suppress(OSError, EOFError):  # it may have ended
                send(other, asked)
                receive(other)
        else:
            apart(pipe, cells, witness, asked)
        send(pipe, {"ended": asked["name"]})


def stand_by(pipe, cells, witness):
    """Fork a process that keeps all names as they are now, and serves when told; returns the socket to tell it."""
    ours, theirs = socket.socketpair()
    if os.fork():
        theirs.close()
        return ours
    ours.close()
    while True:
        apart(pipe, cells, witness, receive(theirs))
        send(theirs, {})


def apart(pipe, cells, witness, asked):
    """Serve what was asked in a process of its own, and wait for its end."""
    child = os.fork()
    if not child:
        serve(pipe, cells.found[asked["name"]][asked["nth"]][1], asked, witness)
        os._exit(0)
    os.waitpid(child, 0)


def serve(pipe, answer, asked, witness):
    """Answer calls of one function, or say what a value is, until told to end."""
    function = answer if asked["function"] else lambda: answer
    call = Caller(function, asked["seconds"])
    home = re.fullmatch(r"cell (\d+)", getattr(getattr(function, "__code__", None), "co_filename", ""))
    process = os.getpid()
    while "args" in (request := receive(pipe)):
        outcome = call(unpack(request["args"]), seed=request["seed"])
        if os.getpid() != process:
            os._exit(0)
        raised = outcome.raised
        line = raised and home and re.match(r"line (\d+)", raised.line)
        reply = {
            "id": request["id"],
            "value": pack(outcome.value),
            "raised": raised and [raised.type, raised.message],
            "where": [int(home[1]), int(line[1])] if line else None,
            "stopped": outcome.stopped,
            "changed": outcome.changed,
            "touched": outcome.touched,
            "printed": outcome.printed,
        }
        send(pipe, reply | witness.told())


# ---------------------------------------------------------------------------------------------- the nursery

CLONE = {"NEWNS": 0x20000, "NEWUTS": 0x4000000, "NEWIPC": 0x8000000, "NEWUSER": 0x10000000, "NEWPID": 0x20000000}
CLONE["NEWNET"] = 0x40000000
MS_BIND, MS_REC, MS_PRIVATE, MS_NOSUID, MS_NODEV = 4096, 16384, 1 << 18, 2, 4
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVS = 1, 4, 38
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MNT_DETACH = 442, -100, 0x8000, 2
SYSTEM = ["/usr", "/bin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache"]
SYSTEM += ["/dev/null", "/dev/zero", "/dev/random", "/dev/urandom"]


def c(name, *args):
    """Call a function of the C library; raises OSError if it fails."""
    function = getattr(ctypes.CDLL(None, use_errno=True), name)
    args = [os.fsencode(a) if isinstance(a, str) else ctypes.c_long(a) if isinstance(a, int) else a for a in args]
    if function(*args) == -1:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


def unshare(*what):
    """Leave the world of the others; who is not root does it in a user namespace, and keeps the same number there."""
    uid, gid = os.getuid(), os.getgid()
    c("unshare", sum(CLONE[w] for w in what) | (CLONE["NEWUSER"] if uid else 0))
    if uid:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def build_walls(root, shown, hidden):
    """Make under `root` a system of its own, read-only, with Python and the course and nothing else."""
    unshare("NEWNS")
    c("mount", "none", "/", None, MS_REC | MS_PRIVATE, None)
    c("mount", "tmpfs", root, "tmpfs", MS_NOSUID | MS_NODEV, "size=1m,mode=755")
    real = []
    for path in (*SYSTEM, *sorted(shown, key=len)):
        inside = root + path
        if any(path == r or path.startswith(r + "/") for r in real) or not os.path.exists(path):
            continue
        os.makedirs(os.path.dirname(inside), exist_ok=True)
        if os.path.islink(path) and path in SYSTEM:
            os.symlink(os.readlink(path), inside)
            continue
        os.makedirs(inside) if os.path.isdir(path) else Path(inside).touch()
        c("mount", path, inside, None, MS_BIND | MS_REC, None)
        real.append(path)
    for path in hidden:
        if os.path.isdir(root + path) and any(path.startswith(r + "/") for r in real):
            c("mount", "none", root + path, "tmpfs", 0, "size=4k,mode=700")
    os.mkdir(root + HOME)
    read_only = struct.pack("QQQQ", 1 | 2, 0, 0, 0)  # with nosuid
    c("syscall", SYS_MOUNT_SETATTR, AT_FDCWD, root, AT_RECURSIVE, read_only, len(read_only))


def confine(pipe, plan, job):
    """Give up every right that a submission does not need; returns the pipe, the only way out that is left."""
    import resource

    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    kept = os.dup2(pipe.detach(), 3)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.closerange(4, os.sysconf("SC_OPEN_MAX"))
    home, user = job["home"], job["user"]
    if plan["root"]:
        size = f"size={plan['disk']},nr_inodes=1000" + f",uid={user},gid={user}" * bool(user)
        c("mount", "none", plan["root"] + HOME, "tmpfs", MS_NOSUID | MS_NODEV, size)
        os.chroot(plan["root"])
        home = HOME
    os.chdir(home)
    os.environ.update(HOME=home, TMPDIR=home, MPLCONFIGDIR=home)
    os.umask(0o077)
    if not (plan["root"] or user):
        del plan["limits"]["RLIMIT_NPROC"]  # which would count all that the instructor runs
    for name, limit in plan["limits"].items():
        if hasattr(resource, name):
            hard = resource.getrlimit(getattr(resource, name))[1]
            limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
            with contextlib.suppress(ValueError):  # macOS knows some of them by name only
                resource.setrlimit(getattr(resource, name), (limit, limit))
    if user:
        os.setgroups([])
        os.setgid(user)
        os.setuid(user)
    if sys.platform == "linux":
        c("capset", struct.pack("Ii", 0x20080522, 0), bytes(24))
        c("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        c("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
        c("prctl", PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return socket.socket(fileno=kept)


def thing(path):
    """What is the same for two paths only if they lead to the same file or folder."""
    return os.path.exists(path) and (os.stat(path).st_dev, os.stat(path).st_ino)


def keep(pipe, leash, plan, job):
    """Watch over one worker; when the leash is let go, by will or by death, end everything it has started."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    if plan["root"]:
        unshare("NEWNS", "NEWPID", "NEWNET", "NEWIPC", "NEWUTS")
    worker = os.fork()
    if not worker:
        leash.close()
        things = {path: thing(path) for path in plan["hidden"]}
        pipe = confine(pipe, plan, job)
        seen = [path for path, what in things.items() if os.access(path, os.R_OK) and thing(path) == what]
        send(pipe, {"hidden": not seen, "python": os.access(os.__file__, os.R_OK)})
        work(pipe)
    pipe.close()
    leash.recv(1)
    for stop in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError):
            stop(worker, signal.SIGKILL)
    if job["user"] and not plan["root"] and not os.fork():  # what left the group has still the same user
        os.setuid(job["user"])
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()


def nursery(control, plan):
    """Load what students import, then fork a worker for every pair of sockets that comes in."""
    os.umask(0o022)  # a submission's user has to find its way through what is built here
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text("800")  # if memory runs out, not at others' cost
    if plan["root"]:
        build_walls(plan["root"], plan["shown"], plan["hidden"])
    for module in PRELOADED:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        message, fds, _, _ = socket.recv_fds(control, 4096, 2)
        if not message:  # the grader was killed, or it would have ended this process and tidied up itself
            if plan["root"]:
                c("umount2", plan["root"], MNT_DETACH)
                os.rmdir(plan["root"])  # which proves that nothing is behind it any more
            shutil.rmtree(plan["folder"], ignore_errors=True)
            return
        pipe, leash = (socket.socket(fileno=fd) for fd in fds)
        if not os.fork():
            control.close()
            try:
                keep(pipe, leash, plan, json.loads(message))
            finally:
                os._exit(0)
        pipe.close()
        leash.close()


if __name__ == "__main__":
    plan = json.loads(sys.argv[1])
    sys.path.insert(0, plan["course"])
    from course_lib.exercises.engine.guard import Caller

    # What lies beside the course, such as the problem sets, is not to be imported from here.
    beside = "assignments", "worker.py"
    sys.path[:] = [p for p in sys.path if not any((Path(p) / name).exists() for name in beside)]
    main = sys.modules["__main__"]  # kept, for a worker puts the student's in its place
    nursery(socket.socket(fileno=plan["control"]), plan)
