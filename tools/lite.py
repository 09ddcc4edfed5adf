"""Build the course for JupyterLite in build/lite: a web page with Python in it, for any plain web server.

The course comes as a wheel, and the first cell of each notebook installs it from there. Python itself
(Pyodide), numpy and matplotlib the page fetches from a content delivery network when it is opened.
"""

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "lite"
NAME = "how-neural-networks-learn"


def build_wheel(folder):
    """Build the course's wheel into `folder` and return its path."""
    with tempfile.TemporaryDirectory() as clean:  # what an earlier build left behind would be packed as well
        for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT"):
            shutil.copy(ROOT / name, clean)
        shutil.copytree(ROOT / "course_lib", Path(clean) / "course_lib", ignore=shutil.ignore_patterns("__pycache__"))
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        subprocess.run([*command, "--wheel-dir", str(folder), clean], check=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def for_the_browser(text):
    """A notebook whose first code cell installs the course from the wheel beside it."""
    notebook = json.loads(text)
    (install,) = [cell for cell in notebook["cells"] if cell["id"] == "install"]
    install["source"] = f"%pip install --quiet {NAME}"
    return json.dumps(notebook)


def build(out, options=()):
    """Build the page in the folder `out`, anew; `options` go to `jupyter lite build`."""
    shutil.rmtree(out, ignore_errors=True)
    with tempfile.TemporaryDirectory() as work:
        wheel, lessons = build_wheel(work), Path(work) / "lessons"
        lessons.mkdir()
        for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
            (lessons / path.name).write_text(for_the_browser(path.read_text("utf-8")), "utf-8")
        command = [sys.executable, "-m", "jupyterlite_core", "build", "--contents", str(lessons)]
        command += ["--piplite-wheels", str(wheel), "--output-dir", str(out), *options]
        done = subprocess.run(command, cwd=work, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"JupyterLite could not be built:\n{done.stdout}{done.stderr}")


def lacks(out):
    """What a learner would miss in a finished page, in words."""
    wanted = [f"files/{path.name}" for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    wanted += ["lab/index.html", "extensions/@jupyter-widgets/jupyterlab-manager/package.json"]
    wanted += ["extensions/@jupyterlite/pyodide-kernel-extension/package.json", "pypi/all.json"]
    missing = [name for name in wanted if not (out / name).is_file()]
    index = out / "pypi" / "all.json"
    if index.is_file() and NAME not in json.loads(index.read_text("utf-8")):
        missing.append(f"{NAME} in pypi/all.json")
    return missing


def main(options=()):
    build(OUT, options)
    missing = lacks(OUT)
    if missing:
        sys.exit("The page lacks " + ", ".join(missing) + ".")
    print(f"The page is in {OUT.relative_to(ROOT).as_posix()}. To look at it:")
    print(f"    python -m http.server --directory {OUT.relative_to(ROOT).as_posix()} --bind 127.0.0.1")


if __name__ == "__main__":
    main(sys.argv[1:])
