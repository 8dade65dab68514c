"""Questions that a person grades, on their way through nbgrader: asked without the rubric, graded beside the rubric, sent back without the rubric.

nbgrader allows a mark scheme in task cells alone, to which nobody can write an answer. So the rubric is taken out here before nbgrader keeps
a cell's text, and comes back as a cell of its own when the answer is graded: in the notebook that formgrader shows, and in no other.
"""

from __future__ import annotations

from typing import Any

from nbformat.v4 import new_markdown_cell
from nbgrader.preprocessors import GetGrades, SaveAutoGrades

from mechgrade.course import Course, Lab
from mechgrade.course.rubrics import rubrics
from mechgrade.submissions.cells import BEGIN_SCHEME, END_SCHEME, KEY, PLACEHOLDER, answer_id

#: What the rubric's cell is for, by its metadata.
RUBRIC = "rubric"


def is_answer(cell: Any) -> bool:
    """Whether a cell holds an answer that a person grades, by nbgrader's metadata."""
    about = cell.metadata.get("nbgrader")
    name = about.get("grade_id") if isinstance(about, dict) else None
    return isinstance(name, str) and is_answer_id(name)


def is_answer_id(name: str) -> bool:
    """Whether a grade id is that of an answer that a person grades."""
    return name.startswith("written-answer-")


def without_scheme(text: str) -> str:
    """An answer's cell as learners get it."""
    before, begin, rest = text.partition(BEGIN_SCHEME)
    _, end, after = rest.partition(END_SCHEME)
    if begin and not end:
        raise RuntimeError(f"a cell has {BEGIN_SCHEME} and no {END_SCHEME}; write it below the rubric's last line")
    return (before.rstrip("\n") + after) if begin else text


def is_blank(cell: Any) -> bool:
    """Whether nothing is written in an answer's cell."""
    return not cell.source.replace(PLACEHOLDER, "").strip()


def with_rubrics(course: Course, lab: Lab, nb: Any) -> None:
    """Put each question's rubric above its answer, for the grader. What a learner has marked as a rubric is an ordinary cell.

    Raises:
        CourseError: the rubrics cannot be read.
    """
    for cell in nb.cells:
        if isinstance(entry := cell.metadata.get(KEY), dict) and entry.get("part") == RUBRIC:
            del cell.metadata[KEY]
    found = {answer_id(question): lines for question, lines in rubrics(course, lab).items()}
    for place in reversed(range(len(nb.cells))):
        if not is_answer(nb.cells[place]):
            continue
        name = nb.cells[place].metadata["nbgrader"]["grade_id"]
        if name in found:
            words = "**Rubric, for the grader. Learners do not see this cell.**\n\n"
            cell = new_markdown_cell(words + "\n".join(f"- {line}" for line in found[name]))
            cell.metadata[KEY] = {"part": RUBRIC}
            nb.cells.insert(place, cell)


def without_rubrics(nb: Any) -> None:
    """Take the rubrics out of a notebook that goes back to a learner."""
    nb.cells = [
        cell
        for cell in nb.cells
        if not (isinstance(entry := cell.metadata.get(KEY), dict) and entry.get("part") == RUBRIC)
    ]


class SaveGrades(SaveAutoGrades):  # type: ignore[misc]  # nbgrader is untyped
    """Leaves written answers to a person. nbgrader's own class gives an empty answer zero points at once."""

    def _add_score(self, cell: Any, resources: dict[str, Any]) -> None:
        super()._add_score(cell, resources)
        if is_answer(cell):
            grade = self.gradebook.find_grade(
                cell.metadata["nbgrader"]["grade_id"], self.notebook_id, self.assignment_id, self.student_id
            )
            grade.auto_score, grade.needs_manual_grade = None, True
            self.gradebook.db.commit()


class Grades(GetGrades):  # type: ignore[misc]  # nbgrader is untyped
    """Scores and comments for a feedback page. What a person gives is counted apart, and what has no points yet is no zero.

    In ``resources["nbgrader"]["written"]`` are the points (None where no answer has any), the most that there can be, and the
    grade ids without points.
    """

    def preprocess(self, nb: Any, resources: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Fill in one notebook."""
        self._waiting: list[str] = []
        nb, resources = super().preprocess(nb, resources)
        about = resources["nbgrader"]
        answers = [cell.metadata.nbgrader for cell in nb.cells if is_answer(cell)]
        points, most = (sum(float(each[name]) for each in answers) for name in ("score", "points"))
        if answers:
            about["score"] -= points
            about["max_score"] -= most
            about["written"] = None if len(self._waiting) == len(answers) else points, most, self._waiting
        return nb, resources

    def _get_score(self, cell: Any, resources: dict[str, Any]) -> None:
        super()._get_score(cell, resources)
        if is_answer(cell):
            name = cell.metadata["nbgrader"]["grade_id"]
            grade = self.gradebook.find_grade(name, self.notebook_id, self.assignment_id, self.student_id)
            if grade.manual_score is None:
                self._waiting.append(name)
