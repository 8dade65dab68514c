"""What a grader's text shows without being run: whether it can be read at all, and what its checks are worth."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from mechgrade.course import Course, Exercise
from mechgrade.course.source import BuildError, parse, read_text, shown_path


def read_grader(course: Course, exercise: Exercise) -> ast.Module:
    """The syntax tree of an exercise's grader.

    Raises:
        BuildError: there is no such file, or it does not parse.
    """
    path = course.grader_path(exercise)
    shown = shown_path(course, path)
    return parse(read_text(path, shown), shown)


def ungradable(course: Course, exercises: Iterable[Exercise]) -> list[str]:
    """Why nobody could be graded by some graders, as far as their texts show it; a sentence each."""
    problems: list[str] = []
    for exercise in exercises:
        try:
            tree = read_grader(course, exercise)
        except BuildError as error:
            problems += error.problems
            continue
        problems += _wrong_facts(tree, shown_path(course, course.grader_path(exercise)))
        points = points_of(tree)
        if points is not None:
            problems += wrong_sum(course, exercise, points)
    return problems


def wrong_sum(course: Course, exercise: Exercise, points: float) -> list[str]:
    """What to say of checks that are worth so many points together: nothing where course.yaml says the same."""
    shown = shown_path(course, course.grader_path(exercise))
    text = f"{shown}:1: its checks add up to {points:g} points, course.yaml says {exercise.points}; correct one of them"
    return [] if points == exercise.points else [text]


def _wrong_facts(tree: ast.Module, shown: str) -> Iterator[str]:
    """Functions that are given as ``facts=`` and cannot be called with the data alone: learners would be told that their data is wrong."""
    here = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in calls:
        for given in node.keywords if ast.unparse(node.func) == "compare" else []:
            made = given.value
            found = made if isinstance(made, ast.Lambda) else here.get(made.id) if isinstance(made, ast.Name) else None
            if given.arg != "facts" or found is None:
                continue
            name, takes = f"`{ast.unparse(made)}`", found.args
            places = [*takes.posonlyargs, *takes.args]
            asked = [each.arg for each in places[1 : max(1, len(places) - len(takes.defaults))]]
            asked += [each.arg for each, at in zip(takes.kwonlyargs, takes.kw_defaults, strict=True) if at is None]
            if asked:
                yield (
                    f"{shown}:{node.lineno}: facts={name} is called with the data alone, and asks for {', '.join(asked)} too; "
                    "let the scenario return what the facts need"
                )
            elif not places and takes.vararg is None:
                yield f"{shown}:{node.lineno}: facts={name} is called with the data, and takes no argument; give it one"


def checks_in(tree: ast.Module) -> list[ast.FunctionDef]:
    """The checks that a grader defines itself."""
    return [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


def made_checks(tree: ast.Module) -> ast.Call | None:
    """The call of :func:`mechgrade.grading.functions.checks_of_function`, where a grader has one."""
    calls = [node.value for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    return next((call for call in calls if ast.unparse(call.func).endswith("checks_of_function")), None)


def points_of(tree: ast.Module) -> float | None:
    """What a grader's checks are worth together; None where only running it would tell."""
    if any(_hides_checks(node) for node in tree.body):
        return None
    made = made_checks(tree)
    each = [points_of_check(check) for check in {check.name: check for check in checks_in(tree)}.values()]
    each += [_number(made.args[1:2])] if made is not None else []
    known = [points for points in each if points is not None]
    return sum(known) if len(known) == len(each) else None


def points_of_check(check: ast.FunctionDef) -> float | None:
    """What a check is worth: the number in ``@pytest.mark.points(n)``, else 1; None where it is no number."""
    for decorator in check.decorator_list:
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func).endswith("mark.points") and decorator.args:
            return _number(decorator.args)
    return 1.0


def _number(arguments: list[ast.expr]) -> float | None:
    value = arguments[0].value if arguments and isinstance(arguments[0], ast.Constant) else None
    return float(value) if isinstance(value, int | float) else None


def _hides_checks(node: ast.stmt) -> bool:
    """Whether a statement may bring checks or points that do not stand in this file as functions with a mark."""
    if isinstance(node, ast.FunctionDef | ast.Import):
        return False
    if isinstance(node, ast.ImportFrom):
        names = [alias.asname or alias.name for alias in node.names]
    else:
        names = [each.name for each in ast.walk(node) if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
        names += [node.name.lower()] if isinstance(node, ast.ClassDef) else []
        names += [each.id for each in ast.walk(node) if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)]
    return any(name == "*" or name.startswith("test") or name == "pytestmark" for name in names)
