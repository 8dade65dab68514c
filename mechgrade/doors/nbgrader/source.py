"""An instructor's notebook of a lab, made from the exercises' sources: what ``nbgrader generate_assignment`` starts from.

It holds the solutions, and neither hints nor what was found nor any wrong program.
"""

from __future__ import annotations

from pathlib import Path

from mechgrade.authoring.build import write_if_changed
from mechgrade.course import Course, CourseError, Exercise, Lab
from mechgrade.course.lean import lean
from mechgrade.course.rubrics import rubrics
from mechgrade.course.source import BuildError, read_source
from mechgrade.submissions.assemble import assemble, interface
from mechgrade.submissions.cells import Notebook, notebook, part, question_cells, section, title_cells


def source_notebook(course: Course, lab: Lab) -> Notebook:
    """The notebook of a lab, with solutions between nbgrader's markers.

    Raises:
        BuildError: a source is not right, or a grader asks for what its source does not define.
    """
    problems: list[str] = []
    cells = title_cells(lab)
    for exercise in lab.exercises.values():
        try:
            text = read_source(course, exercise).lesson
            found = section(course, exercise, text)
            problems += _missing(course, exercise, [cell.source for cell in found if part(cell) == "code"])
            cells += found
        except BuildError as error:
            problems += error.problems
    try:
        schemes = rubrics(course, lab)
    except CourseError as error:
        problems.append(str(error))
    if problems:
        raise BuildError(*problems)
    for question in lab.questions.values():
        cells += question_cells(question, schemes.get(question, ()))
    return notebook(cells)


def write_source(course: Course, lab: Lab, root: Path) -> Path:
    """Write a lab's notebook to where nbgrader looks for it, under the class's directory `root`."""
    with lean():
        import nbformat

    path = root / "source" / lab.name / f"{lab.slug}.ipynb"
    write_if_changed(path, nbformat.writes(source_notebook(course, lab)) + "\n")
    return path


def _missing(course: Course, exercise: Exercise, cells: list[str]) -> list[str]:
    """What the grader calls and the cells do not define: a learner's notebook could never pass."""
    names = interface(course, exercise)
    program: dict[str, object] = {}
    text = assemble(cells, names)
    try:
        code = compile(text, str(exercise), "exec", dont_inherit=True)
        program = dict.fromkeys(code.co_names)
    except SyntaxError as error:
        return [f"solutions/{exercise}.py:1: its cells do not make a program: {error.msg}; look at its top level"]
    return [
        f"graders/{exercise.lab}/test_{exercise.name}.py:1: calls exercise.{name}, which solutions/{exercise}.py does not "
        "define; correct the name"
        for name in names
        if name not in program
    ]
