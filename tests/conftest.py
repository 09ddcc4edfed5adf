"""One thread and no window, settled before numpy and matplotlib load."""

import os

# With several threads the order of a sum, and so its last digits, differ between machines.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ["MPLBACKEND"] = "Agg"
os.environ["COURSE_PROGRESS"] = "off"  # what tests solve is not the learner's progress

from hypothesis import settings  # noqa: E402

settings.register_profile("course", derandomize=True, deadline=None)  # the same cases every time
settings.load_profile("course")
