"""How fast the course is: python tests/benchmarks/run.py [parts]

Prints a table and writes results.json beside this file.

Every comparison is made inside one run, the rivals taking turns, so that
it means the same on any machine.
Parts: training, browser, figures, notebooks, grading; without names all of them, in some seven minutes.
"""

import os

# The networks are small: one thread is fastest, and is what a learner's kernel on Binder has.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"

import argparse  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from measure import table  # noqa: E402


def training():
    import training_speed

    return [
        *training_speed.update(),
        *training_speed.sweep(),
        *training_speed.optimizers(),
        *training_speed.digits(),
        *training_speed.exercises(),
    ]


def browser():
    import browser_latency

    return [*browser_latency.race(), *browser_latency.playing()]


def figures():
    import browser_latency

    return browser_latency.figures()


def notebooks():
    import notebook_cost

    return notebook_cost.cost()


def grading():
    import grading_speed

    return grading_speed.grading()


PARTS = {part.__name__: part for part in (training, browser, figures, notebooks, grading)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", help=f"some of: {', '.join(PARTS)}")
    names = parser.parse_args().parts or list(PARTS)
    if unknown := set(names) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")

    machine = {
        "python": platform.python_version(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
    }
    if hasattr(os, "getloadavg"):
        machine["load at the start"] = round(os.getloadavg()[0], 2)
    print(", ".join(f"{name} {value}" for name, value in machine.items()))
    results = {"machine": machine, "parts": {}}
    for name in names:
        start = time.perf_counter()
        rows = PARTS[name]()
        print(f"\n{name} ({time.perf_counter() - start:.0f} s)\n{table(rows)}", flush=True)
        results["parts"][name] = [row.as_dict() for row in rows]
        text = json.dumps(results, indent=1, ensure_ascii=False)
        (HERE / "results.json").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
