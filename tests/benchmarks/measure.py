"""What every measurement shares. Rivals take turns: a machine that slows down slows them all."""

import time
from dataclasses import asdict, dataclass

import numpy as np


@dataclass
class Row:
    """One measured figure; `goal` is ("<=", 50) or (">=", 3.5)."""

    what: str
    value: float
    unit: str
    goal: tuple[str, float] | None = None
    note: str = ""

    @property
    def met(self):
        """Whether the goal is reached; None without a goal."""
        if self.goal is None:
            return None
        sign, bound = self.goal
        return bool(self.value <= bound if sign == "<=" else self.value >= bound)

    def as_dict(self):
        return asdict(self) | {"met": self.met}


def seconds(task):
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def in_turns(tasks, rounds):
    """Seconds of each task, one list per name, measured A B A B after one unmeasured round."""
    for task in tasks.values():
        task()
    taken = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            taken[name].append(seconds(task))
    return taken


def ratio(slow, fast):
    """How many times slower, from the medians of measurements that took turns."""
    return float(np.median(slow) / np.median(fast))


def table(rows):
    """The rows as lines of text, one beneath the other."""
    lines = []
    for row in rows:
        digits = 1 if abs(row.value) >= 10 else 2
        goal = f"{row.goal[0]} {row.goal[1]:g}" if row.goal else ""
        verdict = {True: "met", False: "MISSED", None: ""}[row.met]
        lines.append((row.what, f"{row.value:.{digits}f} {row.unit}", goal, verdict, row.note))
    widths = [max(len(line[i]) for line in lines) for i in range(5)]
    form = "  ".join(f"{{:{side}{width}}}" for side, width in zip("<>><<", widths))
    return "\n".join(form.format(*line).rstrip() for line in lines)
