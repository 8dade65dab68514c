"""The cells of a lab's notebook: what each is for, and which exercise it belongs to.

Every cell that comes with the course says so in its metadata: ``{"mechgrade": {"exercise": "week1/slope", "part":
"code"}}``. A learner's own cells have no such entry, and belong to the exercise above them. Cell ids and grade ids are made
from the exercise's name alone, so that they stay the same when texts or the order of exercises change.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, get_args

from mechgrade.course import Course, Exercise, Lab, Question
from mechgrade.course.lean import lean
from mechgrade.course.syntax import tree_of
from mechgrade.submissions.assemble import interface

Part = Literal["title", "text", "code", "demo", "check", "question", "answer"]
Cell = Any  # nbformat's NotebookNode, which is untyped
Notebook = Any

KEY = "mechgrade"

#: The formats' versions: nbformat 4.5 has cell ids, and nbgrader 0.9 reads schema 3 alone.
NBFORMAT, NBFORMAT_MINOR, NBGRADER_SCHEMA = 4, 5, 3

#: What stands where an answer is to be written.
PLACEHOLDER = "*Write your answer here, in place of this line.*"

#: Between these nbgrader's instructors write what a grader looks for.
BEGIN_SCHEME, END_SCHEME = "### BEGIN MARK SCHEME", "### END MARK SCHEME"

KERNEL = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}


def read_percent(text: str) -> list[Cell]:
    """The cells of a py:percent file. A line of the builder's above the first cell is no cell."""
    with lean():
        import jupytext

    head, mark, rest = text.partition("# %%")
    if mark and all(not line.strip() or line.startswith("#") for line in head.splitlines()):
        text = mark + rest
    cells: list[Cell] = jupytext.reads(text, fmt="py:percent").cells
    return cells


def section(course: Course, exercise: Exercise, text: str) -> list[Cell]:
    """An exercise's cells, from its source or its stub, and the check after the last cell to write in."""
    cells = []
    counts: dict[str, int] = {}
    for cell in read_percent(text):
        is_demo = "demo" in cell.metadata.get("tags", [])
        kind: Part = "text" if cell.cell_type != "code" else "demo" if is_demo else "code"
        counts[kind] = counts.get(kind, 0) + 1
        cell.id = f"{exercise.name}-{kind}-{counts[kind]}"[:64]
        cell.metadata[KEY] = {"exercise": str(exercise), "part": kind}
        if kind == "code" and (grade_id := _grade_id(course, exercise, cell.source)):
            cell.metadata["nbgrader"] = _nbgrader(grade_id, solution=True)
        cells.append(cell)
    last = max((place for place, cell in enumerate(cells) if part(cell) == "code"), default=len(cells) - 1)
    return [*cells[: last + 1], check_cell(exercise), *cells[last + 1 :]]


def check_cell(exercise: Exercise) -> Cell:
    """The cell that a learner runs to check an exercise, and that carries its points."""
    with lean():
        from nbformat.v4 import new_code_cell

    cell = new_code_cell(f'check("{exercise}")', id=f"{exercise.name}-check"[:64])
    cell.metadata[KEY] = {"exercise": str(exercise), "part": "check"}
    cell.metadata["nbgrader"] = _nbgrader(check_id(exercise), grade=True, locked=True, points=exercise.points)
    return cell


def check_id(exercise: Exercise) -> str:
    """The grade id of an exercise's check."""
    return f"{exercise.name}-check"


def question_cells(question: Question, scheme: Sequence[str] = ()) -> list[Cell]:
    """A question that a person grades: a cell that asks, and a cell to answer in, which carries the points.

    Args:
        question: which.
        scheme: the rubric, for an instructor's notebook: it stands between nbgrader's marks, and a release has it no more.
    """
    with lean():
        from nbformat.v4 import new_markdown_cell

    many = "s" * (question.points != 1)
    words = f"## {question.title}\n\n{question.text.strip()}\n\n*{question.points} point{many}, given by a person. No check looks at it.*"
    asks = new_markdown_cell(words, id=f"question-{question.name}"[:64])
    asks.metadata[KEY] = {"question": str(question), "part": "question"}
    lines = [BEGIN_SCHEME, *(f"- {line}" for line in scheme), END_SCHEME] if scheme else []
    answer = new_markdown_cell("\n".join([PLACEHOLDER, *lines]), id=f"answer-{question.name}"[:64])
    answer.metadata[KEY] = {"question": str(question), "part": "answer"}
    answer.metadata["nbgrader"] = _nbgrader(answer_id(question), grade=True, solution=True, points=question.points)
    answer.metadata["nbgrader"]["cell_type"] = "markdown"
    return [asks, answer]


def answer_id(question: Question) -> str:
    """The grade id of the cell that holds a question's answer. No exercise's cell has two hyphens in its id."""
    return f"written-answer-{question.name}"


def title_cells(lab: Lab) -> list[Cell]:
    """The head of a lab's notebook."""
    with lean():
        from nbformat.v4 import new_code_cell, new_markdown_cell

    words = (
        f"# {lab.title}\n\n{len(lab.exercises)} exercise{'s' * (len(lab.exercises) != 1)}, {lab.points} points, about {lab.minutes} minutes.\n\n"
        "Run the cells from the top. Replace each `raise NotImplementedError(...)` with your code, run the cell, then run the `check` below it. "
        '`hint("exercise")` gives a hint, and `hint("exercise", 2)` the next. A check looks at the code that you have run, '
        "and runs it in a process of its own: your variables in this notebook count for nothing there."
    )
    cells = [
        new_markdown_cell(words, id="title"),
        new_code_cell("from mechgrade.notebook import check, hint", id="setup"),
    ]
    for cell in cells:
        cell.metadata[KEY] = {"part": "title"}
    return cells


def notebook(cells: list[Cell]) -> Notebook:
    """A notebook of some cells."""
    with lean():
        from nbformat.v4 import new_notebook

    return new_notebook(cells=cells, metadata=KERNEL, nbformat_minor=NBFORMAT_MINOR)


def part(cell: Cell) -> Part | None:
    """What a cell is for, by its metadata; None for a learner's own."""
    entry = cell.metadata.get(KEY)
    found = entry.get("part") if isinstance(entry, dict) else None
    return found if found in get_args(Part) else None


def sections(course: Course, lab: Lab, cells: list[Cell]) -> Iterator[tuple[Exercise | None, list[Cell]]]:
    """The cells by exercise, in the notebook's order: a cell without an exercise belongs to the one above it.

    Whatever comes before the first exercise is yielded with None, and so are questions that a person grades, with what follows
    them. An exercise whose cells were moved apart comes as often.
    """
    current: Exercise | None = None
    gathered: list[Cell] = []
    for cell in cells:
        found = exercise_of(lab, cell)
        is_question = part(cell) in ("question", "answer")
        if (found is not None and found != current) or (is_question and current is not None):
            if gathered:
                yield current, gathered
            current, gathered = found, []
        gathered.append(cell)
    if gathered:
        yield current, gathered


def exercise_of(lab: Lab, cell: Cell) -> Exercise | None:
    """The exercise that a cell names, if it is one of the lab's."""
    entry = cell.metadata.get(KEY)
    name = entry.get("exercise") if isinstance(entry, dict) else None
    return next((exercise for exercise in lab.exercises.values() if str(exercise) == name), None)


def _nbgrader(grade_id: str, **flags: Any) -> dict[str, Any]:
    base = {"schema_version": NBGRADER_SCHEMA, "grade": False, "solution": False, "locked": False, "task": False}
    return {**base, "grade_id": grade_id, **flags}


def _grade_id(course: Course, exercise: Exercise, source: str) -> str | None:
    """The grade id of a cell in which the learner writes: where a function is that the grader calls, or a solution."""
    try:
        defined = [node.name for node in tree_of(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    except SyntaxError:
        return None
    if not defined or not ({*defined} & {*interface(course, exercise)} or "### BEGIN SOLUTION" in source):
        return None
    return exercise.name if exercise.name in defined else f"{exercise.name}-{defined[0]}"


def fresh_notebook(course: Course, lab: Lab, text_of: Callable[[Exercise], str]) -> str:
    """A lab's notebook from the texts of its stubs, as JSON."""
    with lean():
        import nbformat

    cells = title_cells(lab)
    for exercise in lab.exercises.values():
        cells += section(course, exercise, text_of(exercise))
    for question in lab.questions.values():
        cells += question_cells(question)
    return str(nbformat.writes(notebook(cells))) + "\n"


def plain_notebook(text: str, name: str) -> str:
    """The notebook of a py:percent file without exercises, such as the quickstart, as JSON."""
    with lean():
        import nbformat

    cells = read_percent(text)
    for place, cell in enumerate(cells, 1):
        cell.id = f"{name}-{place}"
    return str(nbformat.writes(notebook(cells))) + "\n"
