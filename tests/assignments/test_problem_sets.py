"""The graded sets: full marks for what is right, nothing stolen, and nothing given away."""

import pytest

from assignments.problems import every_set
from course_lib.exercises.engine import Function

SETS = every_set()
PROBLEMS = [p for s in SETS for p in s]
STUDENTS = [f"s{i:03}" for i in range(20)]


def of_kind(*kinds):
    chosen = [p for p in PROBLEMS if isinstance(p.exercise, kinds)]
    return pytest.mark.parametrize("problem", chosen, ids=lambda p: p.name)


@of_kind(Function)
def test_right_functions_get_full_marks(problem):
    for student in STUDENTS:
        for right in problem.exercise.right_answers():
            mark = problem.mark(student, right)
            assert mark.earned == mark.possible == problem.points, mark.verdict
