"""One thread and no window, settled before numpy and matplotlib load."""

import os

# With several threads the order of a sum, and so its last digits, differ between machines.
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ[f"{library}_NUM_THREADS"] = "1"
os.environ["MPLBACKEND"] = "Agg"
os.environ["COURSE_PROGRESS"] = "off"  # what tests solve is not the learner's progress

import pytest  # noqa: E402
from hypothesis import settings  # noqa: E402

settings.register_profile("course", derandomize=True, deadline=None)  # the same cases every time
settings.load_profile("course")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Side by side: files, and in the browser lessons, which take longest; each stays in one process."""
    from xdist.scheduler import LoadScopeScheduling

    class ByLesson(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file, _, test = nodeid.partition("::")
            return file + test[test.find("[") :] if "lessons_in_the_browser" in file else file

    return ByLesson(config, log)
