"""The graded sets: full marks for what is right, what was declared for each mistake, and nothing given away."""

import functools
import importlib
import inspect
import itertools
import json
import os
import pkgutil
import re
import statistics
import subprocess
import sys
from pathlib import Path

import nbformat
import numpy as np
import pytest
import torch
from nbclient import NotebookClient
from sklearn.metrics import matthews_corrcoef, mean_pinball_loss

import course_lib
from assignments.notebooks import marking_guide, public_file, release_notebook, source_notebook
from assignments.problems import FreeText, Mark, bank, every_set, find, from_bank, seed_of
from course_lib.exercises.engine import Choice, Function, Number, Status
from course_lib.exercises.engine.guard import Caller, Outcome, called
from course_lib.exercises.engine.progress import exercise_sets
from course_lib.exercises.engine.values import agree, plain, same_data, show_call
from course_lib.exercises.handed_out import Handout, from_data, own_numbers, to_data

ROOT = Path(__file__).resolve().parents[2]
SETS = every_set()
PROBLEMS = [p for s in SETS for p in s]
STUDENTS = [f"s{i:03}" for i in range(20)]

each_set = pytest.mark.parametrize("problem_set", SETS, ids=lambda s: s.name)


def of_kind(*kinds):
    chosen = [p for p in PROBLEMS if isinstance(p.exercise, kinds)]
    return pytest.mark.parametrize("problem", chosen, ids=lambda p: p.name)


def named(name):
    return next(p for p in PROBLEMS if p.name == name)


def oracle(name):
    return named(name).exercise.oracle


# ------------------------------------------------------------------------------------------- the marks


@of_kind(Function, Number, Choice)
def test_right_answers_get_full_marks_whoever_gives_them(problem):
    for student in STUDENTS:
        answers = problem.drawn(student).right_answers()
        assert len(answers) >= 2, "a differently written right answer is missing"
        for answer in answers:
            mark = problem.mark(student, answer)
            assert mark.earned == mark.possible == problem.points, mark.verdict
            assert mark.notes == []


@of_kind(Function, Number, Choice)
def test_every_known_mistake_gets_its_explanation_and_its_part_of_the_points(problem):
    names = {m for m, _ in problem.drawn("anybody").wrong_answers()}
    assert len(names) >= 4 and set(problem.parts) <= names
    for student in STUDENTS if isinstance(problem.exercise, Number) else STUDENTS[:5]:
        for name, answer in problem.drawn(student).wrong_answers():
            mark = problem.mark(student, answer)
            assert (mark.verdict.status, mark.verdict.mistake) == (Status.KNOWN_MISTAKE, name), (student, mark.verdict)
            assert mark.earned == problem.points * problem.parts.get(name, 0) < problem.points
            assert bool(mark.notes) == (name in problem.parts)


@of_kind(Function, Number, Choice, FreeText)
def test_what_was_handed_out_unsolved_gets_nothing(problem):
    nothing = ["YOUR ANSWER HERE", "  \n", ...] if isinstance(problem.exercise, FreeText) else [...]
    if isinstance(problem.exercise, Function):
        nothing.append(problem.exercise.unsolved_answer())
    for answer in nothing:
        mark = problem.mark("s001", answer)
        assert (mark.earned, mark.verdict.status) == (0, Status.NOT_ATTEMPTED)


@of_kind(FreeText)
def test_words_wait_for_a_person_whose_rubric_adds_up(problem):
    assert problem.mark("s001", problem.exercise.model).earned is None
    assert sum(points for points, _ in problem.exercise.rubric) == problem.points
    assert 80 <= len(problem.exercise.model.split()) <= 200


@of_kind(Function, Number, Choice, FreeText)
def test_a_mark_survives_json(problem):
    for answer in (..., "b", 1.0, lambda *args: args[0]):
        mark = problem.mark("s001", answer)
        assert Mark.from_json(json.loads(json.dumps(mark.to_json()))) == mark


@of_kind(Function)
def test_who_knows_only_the_public_answers_gets_nothing(problem):
    exercise = problem.exercise
    table = {show_call("f", args): exercise.oracle(*args) for args in problem.public}
    known = [*table.values()]
    for student in STUDENTS[:5]:
        mark = problem.mark(student, lambda *args: table.get(show_call("f", args), known[0]))
        assert mark.earned == 0, mark.verdict


@of_kind(Function)
def test_a_function_that_runs_elsewhere_gets_the_same_marks(problem):
    solution, *_ = problem.exercise.right_answers()
    assert problem.mark("s001", call=Caller(solution)).earned == problem.points
    assert problem.mark("s001", call=lambda args, seed=0: Outcome(stopped="time")).verdict.status is Status.TOO_SLOW


def test_slips_cost_half():
    pinball, d_mish = named("pinball"), named("d_mish")
    right = pinball.drawn("s001").right_answers()[0]
    assert pinball.mark("s001", right * 1.02).earned == pinball.points / 2
    solution = d_mish.exercise.right_answers()[0]
    assert d_mish.mark("s001", lambda z: solution(z).astype("float32")).earned == d_mish.points / 2


@of_kind(Function)
def test_a_mark_tells_no_hidden_case(problem):
    """A student's function may print its inputs, give them back, or raise them: the mark must not pass them on."""

    class Tells:
        pass

    def raises(*args):
        raise ValueError(repr(args))

    def prints(*args):
        print(args)
        return right(*args) if show_call("", args) in public else None

    def named_type(*args):
        return type(repr(args), (), {})() if show_call("", args) not in public else right(*args)

    right, public = problem.exercise.right_answers()[0], {show_call("", args) for args in problem.public}
    hidden = [args for args in problem.drawn("s001").cases(seed_of(problem.set_name, problem.name, "s001"))]
    hidden = [args for args in hidden if show_call("", args) not in public]

    def late(wrong):
        return lambda *args: right(*args) if show_call("", args) in public else wrong(*args)

    for answer in (late(raises), prints, named_type, late(lambda *args: args[0]), late(lambda *args: "text")):
        mark = problem.mark("s001", answer)
        assert mark.earned < problem.points
        said = json.dumps(mark.to_json(), ensure_ascii=False)
        for args in hidden:
            assert show_call(problem.name, args) not in said and repr(args)[1:-1] not in said
        verdict = mark.verdict
        assert (verdict.failing_input, verdict.expected, verdict.got, verdict.printed) == ("", "", "", "")


# ----------------------------------------------------------------------------- everybody's own numbers


@of_kind(Number)
def test_neighbours_have_other_numbers_and_everybody_the_same_again(problem):
    drawn = [tuple(problem.drawn(student).values.values()) for student in STUDENTS]
    assert all(a != b for a, b in itertools.pairwise(drawn))
    assert len(set(drawn)) > 16
    for student, values in zip(STUDENTS, drawn, strict=True):
        again = own_numbers(problem.set_name, problem.name, problem.ranges, f"  {student.upper()} ")
        assert tuple(again.values()) == values
        assert all(v in problem.ranges[k] for k, v in again.items())


def test_marks_and_numbers_are_the_same_in_every_process():
    program = """
import json
from assignments.problems import every_set
for s in every_set():
    for p in s:
        e = p.drawn("s007")
        answers = [*e.right_answers(), *(a for _, a in e.wrong_answers())] if hasattr(e, "oracle") else ["b", "words"]
        print(p.name, getattr(e, "values", ""), [json.dumps(p.mark("s007", a).to_json()) for a in answers])
"""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1
    assert outputs.pop().count('"correct"') > 30


# -------------------------------------------------------------------------- what libraries do not answer


def public_functions():
    """Every public function that course_lib has; not figures, searches and the set-up check, which start something."""
    left_out = ("course_lib.explore", "course_lib.search", "course_lib.setup_check")
    for module in pkgutil.walk_packages(course_lib.__path__, "course_lib."):
        if module.name.startswith(left_out):
            continue
        for name, thing in vars(importlib.import_module(module.name)).items():
            ours = inspect.isfunction(thing) and thing.__module__.startswith("course_lib")
            if ours and not thing.__module__.startswith(left_out) and not inspect.isgeneratorfunction(thing):
                if not name.startswith("_"):
                    yield f"{thing.__module__}.{thing.__qualname__}", thing
    for lesson in exercise_sets():
        for exercise in lesson:
            if isinstance(exercise, Function):
                yield exercise.key, exercise.right_answers()[0]


@of_kind(Function)
@pytest.mark.filterwarnings("ignore")
def test_no_function_of_the_course_answers_a_problem(problem):
    functions = dict(public_functions())
    assert len(functions) > 200
    cases = problem.drawn("s001").cases(1)
    expected = [plain(problem.exercise.oracle(*args)) for args in cases]

    def answers(function):
        with np.errstate(all="ignore"):
            return all(agree(called(function, args).value, e) for args, e in zip(cases, expected, strict=True))

    assert answers(problem.exercise.right_answers()[0])
    assert [name for name, function in functions.items() if answers(function)] == []


# --------------------------------------------------------------------- every oracle against another one


def tensor(array):
    return torch.tensor(np.asarray(array))


def cases(name, seeds=range(5)):
    for seed in seeds:
        yield from named(name).drawn("s001").cases(seed)


def test_slope_of_mish():
    for (z,) in cases("d_mish"):
        x = tensor(z).requires_grad_()
        torch.nn.functional.mish(x).sum().backward()
        np.testing.assert_allclose(oracle("d_mish")(z), x.grad, rtol=1e-12, atol=1e-14)


def test_log_cosh():
    assert oracle("log_cosh")([1.0], [0.0]) == pytest.approx(0.4337808304830271)
    for z, y in cases("log_cosh"):
        d = tensor(z - y)
        ours = (torch.logaddexp(d, -d) - np.log(2)).mean()
        assert oracle("log_cosh")(z, y) == pytest.approx(ours.item(), rel=1e-12)
    small = np.array([0.3, -0.2])
    naive = torch.log(torch.cosh(tensor(small))).mean()
    assert oracle("log_cosh")(small, 0 * small) == pytest.approx(naive.item(), rel=1e-12)


def test_focal_loss():
    for z, y, gamma in cases("focal_loss"):
        bce = torch.nn.functional.binary_cross_entropy_with_logits(tensor(z), tensor(y).double(), reduction="none")
        focal = ((1 - torch.exp(-bce)) ** gamma * bce).mean()
        assert oracle("focal_loss")(z, y, gamma) == pytest.approx(focal.item(), rel=1e-9)


def test_soft_targets():
    for z, y, eps in cases("soft_targets"):
        theirs = torch.nn.functional.cross_entropy(tensor(z), tensor(y), label_smoothing=eps)
        assert oracle("soft_targets")(z, y, eps) == pytest.approx(theirs.item(), rel=1e-12)


def test_pinball():
    for student in STUDENTS:
        y1, y2, y3, p, tau = named("pinball").drawn(student).values.values()
        theirs = mean_pinball_loss([y1, y2, y3], [p] * 3, alpha=tau)
        assert oracle("pinball")(y1, y2, y3, p, tau) == pytest.approx(theirs, rel=1e-12)


def optimized(make, gradients, start):
    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = make([theta])
    for g in gradients:
        theta.grad = tensor(g)
        optimizer.step()
        yield theta.detach().numpy().copy()


def test_amsgrad_step():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(30, 3)) * np.where(np.arange(30) < 5, 10, 0.3)[:, None]
    w, m, v, top = np.ones(3), np.zeros(3), np.zeros(3), np.zeros(3)
    theirs = optimized(lambda p: torch.optim.Adam(p, lr=0.1, amsgrad=True), gradients, [1.0] * 3)
    for t, (g, wanted) in enumerate(zip(gradients, theirs, strict=True), start=1):
        w, m, v, top = oracle("amsgrad_step")(w, m, v, top, g, t, 0.1)
        np.testing.assert_allclose(w, wanted, rtol=1e-10)
    assert (top > v).all()


def test_lion_step():
    w, m = oracle("lion_step")(np.array([1.0, -2.0, 0.5]), np.array([0.5, -0.1, 0.0]), np.array([-1, 3, 0.0]), 0.1, 0.2)
    np.testing.assert_allclose(w, [0.88, -2.06, 0.49])
    np.testing.assert_allclose(m, [0.485, -0.069, 0.0])


@pytest.mark.parametrize("steps, longer", [(4, 1), (3, 2), (5, 3)])
def test_fading_restarts(steps, longer):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=steps, T_mult=longer)
    cycle = 0
    for step in range(60):
        theirs = schedule.get_last_lr()[0]
        cycle += step > 0 and theirs == 1.0
        assert oracle("fading_restarts")(step, steps, longer, 0.7) == pytest.approx(theirs * 0.7**cycle, abs=1e-12)
        optimizer.step()
        schedule.step()
    assert cycle >= 2


def test_radam_factor():
    """With a gradient that stays 1, a step of RAdam is as long as its factor."""
    for student in STUDENTS:
        t, beta2 = named("radam_factor").drawn(student).values.values()
        radam = functools.partial(torch.optim.RAdam, lr=1.0, betas=(0.9, beta2), eps=1e-15)
        path = [*optimized(radam, [[1.0]] * t, [0.0])]
        assert oracle("radam_factor")(t, beta2) == pytest.approx(path[-2].item() - path[-1].item(), rel=1e-9)


def test_noise_scale():
    squared, noise = 1.7, 31.0
    assert oracle("noise_scale")(8, 400, squared + noise / 8, squared + noise / 400) == pytest.approx(noise / squared)


def test_group_norm():
    for x, groups in cases("group_norm"):
        theirs = torch.nn.functional.group_norm(tensor(x), groups)
        np.testing.assert_allclose(oracle("group_norm")(x, groups), theirs, rtol=1e-9, atol=1e-10)


def test_adaptive_clip():
    for W, g, limit in cases("adaptive_clip"):
        clipped = oracle("adaptive_clip")(W, g, limit)
        for w, before, after in zip(W.T, g.T, clipped.T, strict=True):
            column = torch.nn.Parameter(tensor(w))
            column.grad = tensor(before.copy())
            torch.nn.utils.clip_grad_norm_([column], limit * max(np.linalg.norm(w), 1e-3))
            np.testing.assert_allclose(after, column.grad, rtol=2e-2 if (w == 0).all() else 1e-4)


def test_standardized():
    for W, gain in cases("standardized"):
        variance, mean = torch.var_mean(tensor(W), dim=0, unbiased=False)
        theirs = gain * (tensor(W) - mean) / (len(W) * variance).sqrt()
        np.testing.assert_allclose(oracle("standardized")(W, gain), theirs, rtol=1e-9, atol=1e-12)


def test_residual_share():
    for student in STUDENTS:
        blocks, growth = named("residual_share").drawn(student).values.values()
        alpha, variance = oracle("residual_share")(blocks, growth), 1.0
        for _ in range(blocks):
            variance += alpha**2 * variance
        assert variance == pytest.approx(growth)


def test_calibration_error():
    error = oracle("calibration_error")
    assert error(np.array([0.2, 0.4, 0.9, 1.0]), np.array([0, 1, 1, 0]), 2) == pytest.approx(0.325)
    sure = np.array([0.75, 0.8, 0.7, 0.75])  # three in the last bin, which were right, and one below it
    assert error(sure, np.array([1, 1, 0, 1]), 4) == pytest.approx(0.75 * 0.7 / 3 + 0.25 * 0.7)
    assert error(np.array([0.5, 0.5]), np.array([1, 0]), 10) == 0


@pytest.mark.parametrize(
    "costs, alpha, wanted",
    [
        ([2, 1, 1.04, 0.9, 0.95, 1], 5, [4, 3]),
        ([3, 2, 1], 5, [2, 2]),
        ([1, 1.2, 0.1], 10, [1, 0]),
        ([1, 0.5, 0.5, 0.54, 0.56], 10, [4, 1]),
    ],
)
def test_stop_at(costs, alpha, wanted):
    assert oracle("stop_at")(np.array(costs, float), alpha) == wanted


def test_shrink():
    for w, g, lr, l1, l2 in cases("shrink"):
        theirs = torch.nn.functional.softshrink(tensor(w - lr * g), lr * l1) / (1 + lr * l2)
        np.testing.assert_allclose(oracle("shrink")(w, g, lr, l1, l2), theirs, rtol=1e-12)


def test_matthews():
    for student in STUDENTS:
        tp, fp, fn, tn = named("matthews").drawn(student).values.values()
        true, said = [1] * tp + [0] * fp + [1] * fn + [0] * tn, [1] * (tp + fp) + [0] * (fn + tn)
        assert oracle("matthews")(tp, fp, fn, tn) == pytest.approx(matthews_corrcoef(true, said))


def test_temperature():
    for student in STUDENTS:
        z1, z2, p = named("temperature").drawn(student).values.values()
        softened = torch.softmax(torch.tensor([z1, z2], dtype=torch.float64) / oracle("temperature")(z1, z2, p), 0)
        assert softened[0].item() == pytest.approx(p)
        assert oracle("temperature")(z1, z2, p) > 1


def test_survivors():
    table = np.array([[0.9, 0.5], [1.1, 0.1], [0.8, 0.4], [1.0, 0.2]])
    assert oracle("survivors")(table, 2) == [2]
    late = np.array([[1, 9, 1], [2, 8, 2], [3, 7, 3], [4, 6, 4], [5, 5, 5], [6, 4, 6], [7, 3, 7], [8, 2, 8.0]])
    assert oracle("survivors")(late, 2) == [2]  # 0-3 stay, then 2 and 3, then 2
    assert oracle("survivors")(late, 9) == [0]
    assert oracle("survivors")(late[:, :1], 2) == [0, 1, 2, 3]


def test_expected_best():
    assert oracle("expected_best")([3.0, 1.0], 2) == 1.5
    costs, rng = np.array([0.4, 0.9, 0.3, 0.7]), np.random.default_rng(0)
    drawn = rng.choice(costs, size=(200_000, 3)).min(axis=1).mean()
    assert oracle("expected_best")(costs, 3) == pytest.approx(drawn, abs=2e-3)


def test_layer_rates():
    rates = [oracle("layer_rates")(0.08, 3, 2.0, epoch) for epoch in (0, 1, 2, 7)]
    np.testing.assert_allclose(rates, [[0, 0, 0.08], [0, 0.04, 0.08], [0.02, 0.04, 0.08], [0.02, 0.04, 0.08]])


def test_trials_needed():
    assert oracle("trials_needed")(0.05, 0.95) == 59
    for student in STUDENTS:
        share, sure = named("trials_needed").drawn(student).values.values()
        n = oracle("trials_needed")(share, sure)
        assert 1 - (1 - share) ** n >= sure > 1 - (1 - share) ** (n - 1)


def test_paired_seeds():
    for student in STUDENTS:
        d = [*named("paired_seeds").drawn(student).values.values()]
        error = statistics.stdev(d) / 2
        assert oracle("paired_seeds")(*d) == pytest.approx(statistics.mean(d) / error)


def test_every_oracle_is_proven_here():
    proven = {name.removeprefix("test_") for name in globals()} | {"d_mish"}
    assert [p.name for p in PROBLEMS if hasattr(p.exercise, "oracle") and p.name not in proven] == []


# ------------------------------------------------------------------------------------- the notebooks


@each_set
def test_a_set_is_complete(problem_set):
    kinds = [type(p.exercise) for p in problem_set]
    assert 5 <= len(kinds) <= 7
    assert kinds.count(FreeText) == 1 and kinds.count(Number) >= 1 and kinds.count(Function) >= 3
    for problem in problem_set:
        assert len(problem.exercise.hints) >= 3
        if isinstance(problem.exercise, Function):
            assert len(problem.public) >= 2 and len(problem.exercise.edge_cases) >= 2
    assert find(problem_set.name) is problem_set
    guide = marking_guide(problem_set)
    assert all(p.exercise.model.strip() in guide for p in problem_set if isinstance(p.exercise, FreeText))


def metadata(cell):
    return cell.metadata["nbgrader"]


@each_set
def test_the_source_is_what_nbgrader_asks_for(problem_set):
    source = source_notebook(problem_set, due="1 December, 18:00")
    nbformat.validate(source)
    cells = {metadata(c)["grade_id"]: c for c in source.cells}
    assert len(cells) == len(source.cells)
    assert "1 December, 18:00" in cells["title"].source
    for cell in source.cells:
        data = metadata(cell)
        assert (data["schema_version"], data["task"], data["cell_type"]) == (3, False, cell.cell_type)
        assert ("points" in data) == data["grade"]
    assert sum(metadata(c).get("points", 0) for c in source.cells) == problem_set.points
    for problem in problem_set:
        answer = metadata(cells[problem.name])
        free = isinstance(problem.exercise, FreeText)
        assert (answer["grade"], answer["locked"]) == (free, False)
        if not free:
            marks = cells[f"{problem.name}-marks"]
            assert (metadata(marks)["grade"], metadata(marks)["locked"]) == (True, True)
            assert f'stock_check("{problem_set.name}", "{problem.name}", globals())' in marks.source


def test_the_release_is_what_nbgrader_itself_makes_of_the_source(tmp_path, monkeypatch):
    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    # nbgrader starts alembic by its name alone.
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    set_1 = find("set_1")
    (tmp_path / "source" / "set_1").mkdir(parents=True)
    nbformat.write(source_notebook(set_1), tmp_path / "source" / "set_1" / "set_1.ipynb")
    config = Config()
    config.CourseDirectory.root = str(tmp_path)
    made = NbGraderAPI(config=config).generate_assignment("set_1")
    assert made["success"], made["log"]
    theirs = nbformat.read(tmp_path / "release" / "set_1" / "set_1.ipynb", as_version=4)
    ours = release_notebook(set_1)
    assert [(c.id, c.cell_type, c.source, c.metadata) for c in theirs.cells] == [
        (c.id, c.cell_type, c.source, c.metadata) for c in ours.cells
    ]


def hand_out(problem_set, folder, student):
    """The two files of a set, with the student's id filled in; the notebook to be solved or run."""
    notebook = release_notebook(problem_set)
    who = next(c for c in notebook.cells if metadata(c)["grade_id"] == "who")
    assert who.source.endswith('STUDENT = ""')
    who.source = who.source.replace('""', f'"{student}"')
    (folder / f"{problem_set.name}_public.json").write_text(json.dumps(public_file(problem_set)), "utf-8")
    return notebook


def run(notebook, folder):
    # A time of day kept in the notebook could look like a right answer.
    options = {"allow_errors": True, "record_timing": False, "timeout": 60}
    client = NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, **options)
    client.execute()
    return [o for c in notebook.cells for o in c.get("outputs", [])]


@each_set
def test_nothing_is_given_away(problem_set, tmp_path):
    notebook = hand_out(problem_set, tmp_path, "s003")
    outputs = run(notebook, tmp_path)
    assert not [o for o in outputs if o.output_type == "error"]
    said = json.dumps(notebook, ensure_ascii=False) + json.dumps(public_file(problem_set), ensure_ascii=False)
    said = said.replace("\\n", "\n").replace('\\"', '"')
    assert said.count("Not attempted yet") >= 2 * sum(not isinstance(p.exercise, FreeText) for p in problem_set)
    for word in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "stock_check", "oracle", "rubric", "assignments."):
        assert word not in said, word
    for problem in problem_set:
        exercise = problem.exercise
        if isinstance(exercise, Function):
            body = exercise.solution_code.split("\n")[2:]
            for line in (line.strip() for line in body):
                assert len(line) < 12 or line not in said, f"{problem.name}: {line}"
            assert exercise.oracle.__name__ not in said or exercise.oracle.__name__ == "<lambda>"
            public = [to_data(args) for args in problem.public]
            for seed in (0, seed_of(problem_set.name, problem.name, "s003")):
                for args in problem.drawn("s003").cases(seed)[len(problem.public) :]:
                    assert to_data(args) not in public
                    hidden = [json.dumps(to_data(a)) for a in args if np.size(a) > 2]
                    assert not [a for a in hidden if a in said and a not in json.dumps(public)]
        if isinstance(exercise, Number):
            data = public_file(problem_set)["exercises"][problem.name]
            assert set(data) == {"kind", "set", "points", "hints", "ranges", "shape", "precision"}
            for student in STUDENTS:
                right = problem.drawn(student).right_answers()[0]
                written = f"{right:.5g}"
                assert len(written) < 6 or written not in said, (problem.name, right)
        if isinstance(exercise, Choice):
            data = public_file(problem_set)["exercises"][problem.name]
            assert set(data) == {"kind", "set", "points", "hints", "letters"}
            assert not [o.why for o in exercise.options if o.why in said]
        if isinstance(exercise, FreeText):
            assert problem.name not in public_file(problem_set)["exercises"]
            assert not [what for _, what in exercise.rubric if what in said]
            assert exercise.model.strip().split("\n")[1] not in said


def test_a_student_solves_a_set_in_the_notebook(tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # pictures appear in the notebook
    set_1 = find("set_1")
    notebook = hand_out(set_1, tmp_path, " S003")
    cells = {metadata(c)["grade_id"]: c for c in notebook.cells}
    for problem in set_1:
        if isinstance(problem.exercise, Function):
            cells[problem.name].source = problem.exercise.solution_code
        elif isinstance(problem.exercise, Number):
            cells[problem.name].source = f"given = numbers('{problem.name}')\n{problem.name} = 3 * given['tau']"
    outputs = run(notebook, tmp_path)
    assert not [o for o in outputs if o.output_type == "error"]
    said = [o.data["text/plain"] for o in outputs if "data" in o]
    assert sum("Right on the 3 public cases" in text for text in said) == 4
    tau = named("pinball").drawn("s003").values["tau"]
    assert any(f"`{3 * tau:.4g}` has the right form" in text for text in said)
    pictures = [o for o in outputs if "image/png" in o.get("data", {})]
    assert len(pictures) == 1


def test_an_empty_id_is_asked_for(tmp_path):
    notebook = hand_out(find("set_1"), tmp_path, "")
    errors = [o for o in run(notebook, tmp_path) if o.output_type == "error"]
    assert (errors[0].ename, errors[0].evalue[:17]) == ("ValueError", "STUDENT is empty:")


# ------------------------------------------------------------------------------- the student's checks


@pytest.fixture
def handout(tmp_path):
    def of(problem_set):
        (tmp_path / f"{problem_set.name}_public.json").write_text(json.dumps(public_file(problem_set)), "utf-8")
        return Handout(problem_set.name, "s003", tmp_path)

    return of


@of_kind(Function)
def test_public_cases_explain_known_mistakes_and_promise_nothing(problem, handout):
    check = handout(find(problem.set_name)).check
    for right in problem.exercise.right_answers():
        panel = check(problem.name, right)
        assert panel.tone == "good" and "hidden ones" in panel.text
    assert check(problem.name, problem.exercise.unsolved_answer()).tone == "info"
    assert check(problem.name).tone == "info"
    assert "without brackets" in check(problem.name, 3.0).text
    explained = 0
    for mistake in problem.exercise.mistakes:
        panel = check(problem.name, mistake.wrong)
        if panel.tone == "bad":
            assert panel.text == mistake.why, mistake.name
            explained += 1
    assert explained >= 4
    assert "ZeroDivisionError" in check(problem.name, lambda *args: 1 / 0).text


@of_kind(Number)
def test_a_number_is_noted_and_not_judged(problem, handout):
    check = handout(find(problem.set_name)).check
    right = problem.drawn("s003").right_answers()[0]
    noted = [str(check(problem.name, answer)).replace(f"{answer:.4g}", "") for answer in (right, 123.4)]
    assert noted[0] == noted[1] and "Noted" in noted[0]
    for odd in ([1.0, 2.0], "0.5", True, float("nan"), np.zeros((2, 2)), {}):
        assert check(problem.name, odd).tone == "bad", odd
    assert check(problem.name, ...).tone == "info"


@of_kind(Choice)
def test_a_choice_is_noted_and_not_judged(problem, handout):
    check = handout(find(problem.set_name)).check
    assert len({re.sub(r"\(\w\)", "", str(check(problem.name, x))) for x in problem.exercise.letters}) == 1
    assert check(problem.name, "z").tone == check(problem.name, 3).tone == "bad"


def test_hints_come_one_by_one_and_wrong_names_are_told(handout):
    mine = handout(find("set_1"))
    assert len({str(mine.hint("d_mish")) for _ in range(9)}) == 3
    with pytest.raises(ValueError, match="there is no exercise 'mish' in set_1; it has d_mish, "):
        mine.check("mish", 1)
    with pytest.raises(ValueError, match="no numbers of your own"):
        mine.numbers("d_mish")
    assert dict(mine.numbers("pinball")) == named("pinball").drawn("s003").values


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="set_1_public.json is not beside this notebook"):
        Handout("set_1", "s003", tmp_path)


def test_plain_values_survive_json():
    for value in (1.5, 3, "text", True, None, [1.0, [2.0]], np.eye(2), np.arange(3)):
        assert same_data(from_data(json.loads(json.dumps(to_data(value)))), value)


# ---------------------------------------------------------------------------------------- the bank


def test_a_set_from_the_bank():
    mine = from_bank("my_set", ["group_norm", "one_step", "ninety_percent", "08_optimizers/adam_step"])
    assert [p.name for p in mine] == ["group_norm", "one_step", "ninety_percent", "adam_step"]
    assert all(p.set_name == "my_set" for p in mine)
    assert named("group_norm").set_name == "set_3", "the set it comes from stays as it was"
    nbformat.validate(source_notebook(mine))
    solution = mine["adam_step"].exercise.right_answers()[0]
    assert mine["adam_step"].mark("s001", solution).earned == mine["adam_step"].points
    assert mine["one_step"].mark("s001", 0.485).earned == 3
    task = next(c for c in release_notebook(mine).cells if c.id == "one_step-task")
    assert "$c = 3$" in task.source, "numbers that are the same for all stand in the text"
    assert len(bank()) > 60


@pytest.mark.parametrize(
    "name, names, message",
    [
        ("my set", ["d_mish"], "letters, digits and _"),
        ("mine", ["d_mesh"], "no exercise 'd_mesh' in the bank; did you mean d_mish?"),
        ("mine", ["d_mish", "d_mish"], "two exercises called 'd_mish'"),
        ("mine", ["predict_ten"], "no exercise 'predict_ten'"),
    ],
)
def test_a_wrong_wish_is_told(name, names, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        from_bank(name, names)
