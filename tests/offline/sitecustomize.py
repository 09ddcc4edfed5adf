"""On PYTHONPATH, this keeps a Python, and those that it starts, off the network: this machine only.

An attempt fails as it does without a network, and is noted in the file that COURSE_OFFLINE names, if
any: whoever asked may have caught the error.
"""

import errno
import os
import sys

LOCAL = ("", "localhost", "::", "::1", "0.0.0.0")


def is_local(host):
    """Whether this name or address stands for this machine."""
    host = host.decode() if isinstance(host, bytes) else host
    return host is None or host in LOCAL or host.startswith("127.")


def guard(event, args):
    """Python calls it before it looks a host up or sends to it."""
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host = args[0]
    elif event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        if not isinstance(args[1], tuple):  # a socket in the file system, or one connected before
            return
        host = args[1][0]
    else:
        return
    if is_local(host):
        return
    if note := os.environ.get("COURSE_OFFLINE"):
        with open(note, "a", encoding="utf-8") as file:
            file.write(f"{event} {host}\n")
    raise OSError(errno.ENETUNREACH, f"the network is off: {host}")


sys.addaudithook(guard)
