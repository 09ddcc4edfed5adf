"""On PYTHONPATH, this makes a Python as bare as the one in a browser (Pyodide).

No PyTorch, scikit-learn, Optuna, isal and psutil; no threads, processes, alarms, and no C call by hand.
"""

import ctypes
import os
import signal
import sys
import sysconfig
import threading
from importlib.machinery import PathFinder

GONE = {"torch", "sklearn", "optuna", "isal", "psutil", "_multiprocessing", "_posixsubprocess", "fcntl", "termios"}


class Bare(PathFinder):
    """Finds what Python finds, except what is gone."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        return None if fullname in GONE else super().find_spec(fullname, path, target)


def no_thread(self):
    raise RuntimeError("can't start new thread")


sys.meta_path[sys.meta_path.index(PathFinder)] = Bare
for name in GONE & set(sys.modules):
    del sys.modules[name]
sysconfig.get_config_vars()  # while it still finds those of the real system
sys.platform = "emscripten"
threading.Thread.start = no_thread
del ctypes.pythonapi
for module, names in ((os, ("fork", "forkpty", "posix_spawn")), (signal, ("setitimer", "alarm", "pthread_kill"))):
    for name in names:
        vars(module).pop(name, None)
