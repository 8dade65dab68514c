"""House rules of an exercise's form, which hold or not without running anything.

After rustlings' ``dev check``: the course refuses an exercise whose files are not all there, whose points do not add up,
whose hints give the answer away or whose stub holds it. Every rule is a function that yields sentences; an audit shows them.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from mechgrade.authoring.build import build
from mechgrade.authoring.graders import checks_in, made_checks, points_of, points_of_check, read_grader, wrong_sum
from mechgrade.authoring.mutants import mutants
from mechgrade.authoring.names import hidden_library
from mechgrade.authoring.promises import broken_promises
from mechgrade.authoring.stale import stale
from mechgrade.authoring.unlisted import unlisted
from mechgrade.course import Course, Exercise
from mechgrade.course.source import BEGIN, END, BuildError, read_source, read_text, shown_path
from mechgrade.course.syntax import tree_of
from mechgrade.course.variants import Program, equivalents, programs

#: Fewer leave a grader's acceptance or refusal untried. An exercise with fewer says why: see :data:`FEWER`.
LEAST_ACCEPTED, LEAST_MISCONCEPTIONS = 2, 4

#: A comment line in a variants file that gives the reason for having fewer: ``# fewer: there is one way to ...``.
FEWER = "# fewer:"

#: Shorter lines of a solution, such as ``return loss``, stand in any text.
TELLING = 24


def broken_rules(course: Course, exercises: Iterable[Exercise], model: str) -> list[str]:
    """Every rule that the course or one of some exercises breaks, a sentence each."""
    chosen = list(exercises)
    problems = [*build(course, check=True), *stale(course, chosen, model), *_names(course), *_stray_graders(course)]
    for exercise in chosen:
        for rules in (_checks, _variants, _leaks, broken_promises):
            try:
                problems += rules(course, exercise)
            except BuildError as error:
                problems += error.problems
    for lab in dict.fromkeys(exercise.lab for exercise in chosen):
        try:
            problems += _equivalents(course, lab)
        except BuildError as error:
            problems += error.problems
    return list(dict.fromkeys(problems))  # several rules read one file


def _names(course: Course) -> Iterator[str]:
    """An exercise's name is its function's and its file's; two of one name could not be told apart on the command line."""
    every = course.exercises()
    for exercise in every:
        if why := hidden_library(exercise.name):
            yield f"course.yaml: labs.{exercise.lab}.exercises: {why}"
    for what, values in (("name", [each.name for each in every]), ("title", [each.title for each in every])):
        for value, count in Counter(values).items():
            if count > 1:
                yield f"course.yaml: {count} exercises have the {what} {value!r}; give each its own"


def _stray_graders(course: Course) -> Iterator[str]:
    """A grader that no exercise has is never run, and nobody notices."""
    known = {course.grader_path(exercise) for exercise in course.exercises()}
    known |= {course.root / "graders" / "conftest.py", *(course.hints_path(lab) for lab in course.labs)}
    known |= set(unlisted(course))  # `build` has said it of them
    shared = course.module_paths()
    for path in sorted((course.root / "graders").rglob("*")):
        ours = path in known or any(path.is_relative_to(each) for each in shared)
        if path.is_file() and not ours and "__pycache__" not in path.parts:
            yield f"{shown_path(course, path)}:1: course.yaml does not know it; add its exercise there, or move it away"


# --- the grader ----------------------------------------------------------------------------------------------------------


def _checks(course: Course, exercise: Exercise) -> Iterator[str]:
    path = course.grader_path(exercise)
    shown = shown_path(course, path)
    tree = read_grader(course, exercise)
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    for name, count in Counter(node.name for node in functions).items():
        if count > 1:
            yield f"{shown}:1: {name} is defined {count} times, and Python keeps the last; rename the others"
    checks = checks_in(tree)
    for check in checks:
        if not (ast.get_docstring(check) or "").strip():
            yield f"{shown}:{check.lineno}: {check.name} has no docstring; it is what the learner reads: say what is asked"
        if points_of_check(check) is None:
            yield f"{shown}:{check.lineno}: the points of {check.name} cannot be read; write a number, or leave them at 1"
    if (points := points_of(tree)) is not None:
        yield from wrong_sum(course, exercise, points)
    made = made_checks(tree)
    if made is not None:
        yield from _signature(course, exercise, made, shown)
    elif not any("seed" in [argument.arg for argument in check.args.args] for check in checks):
        yield f"{shown}:1: no check takes `seed`, so final grading has no hidden inputs and copied answers pass; add one"


def _signature(course: Course, exercise: Exercise, made: ast.Call, shown: str) -> Iterator[str]:
    """The inputs of made checks are the function's parameters."""
    tree = tree_of(read_source(course, exercise).reference)
    function = next(
        (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == exercise.name), None
    )
    if function is None:
        return
    parameters = [*function.args.posonlyargs, *function.args.args]
    wanted = [each.arg for each in parameters[: len(parameters) - len(function.args.defaults)]]
    both = zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    wanted += [each.arg for each, default in both if default is None]
    given = [each.arg for each in made.keywords]
    every = {each.arg for each in (*parameters, *function.args.kwonlyargs)}
    if lacking := [name for name in wanted if name not in given]:
        yield f"{shown}:{made.lineno}: {exercise.name} takes {', '.join(lacking)} too; say what may be given for it"
    if extra := [name for name in given if name is not None and name not in every]:
        yield f"{shown}:{made.lineno}: {exercise.name} takes no {', '.join(extra)}; take it out, or correct the name"


# --- variants ------------------------------------------------------------------------------------------------------------


def _variants(course: Course, exercise: Exercise) -> Iterator[str]:
    found = programs(course, exercise)
    path = course.variants_path(exercise)
    shown = shown_path(course, path)
    reason = path.is_file() and any(line.startswith(FEWER) for line in path.read_text(encoding="utf-8").splitlines())
    least = (("accepted", LEAST_ACCEPTED), ("misconception", LEAST_MISCONCEPTIONS))
    for kind, count in least:
        have = sum(program.kind == kind for program in found)
        if have < count and not reason:
            yield f"{shown}:1: {have} {kind} programs; write at least {count}, or a line `{FEWER} REASON`"
    yield from _same(found, shown)


def _same(found: list[Program], shown: str) -> Iterator[str]:
    """Two misconceptions with one sentence are one, or one of them is told the wrong thing."""
    sentences = Counter(program.sentence for program in found if program.kind == "misconception")
    for sentence, count in sentences.items():
        if count > 1:
            yield f"{shown}:1: {count} misconceptions are told {sentence[:60]!r}...; give each a sentence of its own"


# --- what a learner could read off -----------------------------------------------------------------------------------------


def _leaks(course: Course, exercise: Exercise) -> Iterator[str]:
    """A line of the solution in the stub, or in the first hint, which only points the way."""
    source = read_source(course, exercise)
    shown = shown_path(course, course.solution_path(exercise))
    lines = solution_lines(source.text)
    # The demonstration comes after the exercise and may call the same library; only what stands before it counts.
    stub = _squeezed(source.stub.partition('if __name__ == "__main__":')[0])
    hint = _squeezed(source.hints[0])
    for number, line in enumerate(source.text.splitlines(), 1):
        text = _squeezed(line.split("  #")[0])
        if number not in lines or len(text) < TELLING or text.startswith("#"):
            continue
        for place, where in ((stub, "its stub"), (hint, "its first hint")):
            if text in place:
                yield f"{shown}:{number}: this line of the solution stands in {where} too; take it out there"


def _squeezed(text: str) -> str:
    return "".join(text.split())


def solution_lines(text: str) -> set[int]:
    """The numbers of the lines between the markers of a source."""
    lines: set[int] = set()
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() == BEGIN:
            inside = True
        elif line.strip() == END:
            inside = False
        elif inside:
            lines.add(number)
    return lines


def mutated_lines(text: str) -> set[int]:
    """The solution's lines that mutants change: without what only words an error, which is nobody's mistake."""
    lines = solution_lines(text)
    for node in ast.walk(tree_of(text)):
        if isinstance(node, ast.Raise):
            lines -= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


# --- equivalent mutants ----------------------------------------------------------------------------------------------------


def _equivalents(course: Course, lab: str) -> Iterator[str]:
    """An entry for a mutant that is no longer made would excuse one that happens to read the same later."""
    path = course.equivalents_path(lab)
    for name, allowed in equivalents(course, lab).items():
        shown = shown_path(course, path)
        if name not in course.lab(lab).exercises:
            yield f"{shown}:1: {lab} has no exercise {name!r}; take it out"
            continue
        text = read_text(Path(course.solution_path(course.exercise(name, lab))), name)
        # Only of the lines that are named: to make all takes seconds.
        named = {mutant.partition(" => ")[0] for mutant in allowed}
        rows = {number for number, line in enumerate(text.splitlines(), 1) if line.strip() in named}
        made = {mutant.name for mutant in mutants(text, rows & mutated_lines(text), confusions=course.confusions)}
        for mutant in allowed:
            if mutant not in made:
                yield f"{shown}:1: {name} has no mutant {mutant!r} any more; take it out"
