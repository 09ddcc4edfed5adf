"""A fresh environment that has the libraries and not the course, and a copy of the course's files to put there."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def environment(folder):
    """Make it in this folder; its Python."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    site = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    # A path in a .pth file brings packages into reach, pip too, but not those installed in place, as the course is.
    (Path(site) / "libraries.pth").write_text(sysconfig.get_path("purelib"), "utf-8")
    return python


def copy(folder):
    """Copy what a clone would hold to this folder, but for the tests."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True)
    if listing.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listing.stdout.decode().split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    return folder


def run(python, command, folder):
    """Run a command in this folder with that Python first on the path, as on a machine of its own."""
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "TMPDIR") if name in os.environ}
    path = os.pathsep.join([str(python.parent), "/usr/bin", "/bin"])
    # There is no network to fetch the build's setuptools from: those at hand serve.
    offline = {"PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0", "PIP_CONFIG_FILE": os.devnull}
    environ = {**kept, "PATH": path, **offline, "COURSE_PROGRESS": "off"}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
