"""The math of the course, the figures that show it, and the exercises that ask for it."""


def progress():
    """A table of the exercises, notebook by notebook: solved, tried, or still open."""
    from .exercises.engine.progress import overview

    return overview()
