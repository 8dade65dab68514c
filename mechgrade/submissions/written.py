"""What learners write as an answer to a question that a person grades: in ``answers.md``, or in a cell of the lab's notebook.

In the file each question's answer stands between two remarks that Markdown does not show. They say whose answer it is, so that
neither the file's name nor the order of the questions matters.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mechgrade.course import Course, Lab, Question
from mechgrade.submissions.arrived import File
from mechgrade.submissions.cells import PLACEHOLDER, answer_id
from mechgrade.submissions.notebook import Cell, cells_of, read_tree
from mechgrade.submissions.reading import SubmissionError, read_text, shown

_BEGIN = re.compile(r"^[ \t]*<!--\s*answer to (\w+/\w+)\s*-->[ \t]*$", re.MULTILINE | re.IGNORECASE)
_END = re.compile(r"^[ \t]*<!--\s*end of answer\s*-->[ \t]*$", re.MULTILINE | re.IGNORECASE)


#: How an answer arrived that is nowhere.
ABSENT = "no answer was handed in"


@dataclass(frozen=True)
class Written:
    """A learner's answer to a question.

    Attributes:
        text: as it was written; empty where nothing was.
        file: where it came from; None where there is nothing that could hold it.
        notes: what a grader should know of how it was found.
    """

    text: str = ""
    file: Path | None = None
    notes: Sequence[str] = field(default=())

    @property
    def state(self) -> str:
        """How it arrived, in words."""
        if self.text:
            return "answered"
        return "nothing is written" if self.file is not None else ABSENT


def heading(question: Question) -> str:
    """The heading above a question, without the marks of Markdown."""
    return f"{question.title} ({question.points} point{'s' * (question.points != 1)})"


def answers_text(lab: Lab, answers: Mapping[Question, str] | None = None) -> str:
    """The file in which learners answer a lab's questions: with nothing in it yet, or with some answers."""
    answers = answers or {}
    parts = [
        f"# {lab.title}: questions\n\nA person reads these answers and gives the points. Write between the two remarks below each "
        "question, and keep the remarks: they say which question an answer belongs to.\n"
    ]
    for question in lab.questions.values():
        parts.append(
            f"## {heading(question)}\n\n{question.text.strip()}\n\n<!-- answer to {question} -->\n\n{answers.get(question) or PLACEHOLDER}\n\n"
            "<!-- end of answer -->\n"
        )
    return "\n".join(parts)


def in_file(course: Course, text: str) -> dict[str, str]:
    """The answers in a file, by the question's ``lab/name``. Who writes below the same remark twice has both texts.

    Where the remark at an answer's end is gone, the answer ends where the next question begins.
    """
    headings = {f"## {heading(question)}" for question in course.questions()}
    found: dict[str, list[str]] = {}
    begins = list(_BEGIN.finditer(text))
    for place, begin in enumerate(begins):
        part = text[begin.end() : begins[place + 1].start() if place + 1 < len(begins) else len(text)]
        end = _END.search(part)
        if end is not None:
            # What stands behind the end and is not the course's own is somebody's answer, too.
            behind = part[end.end() :].partition("\n## ")[0]
            part = part[: end.start()] + "\n" + _until_heading(behind, headings)
        else:
            part = _until_heading(part, headings)
        found.setdefault(begin[1].lower(), []).append(_plain(part))
    return {name: "\n\n".join(filter(None, texts)) for name, texts in found.items()}


def _until_heading(text: str, headings: set[str]) -> str:
    lines = text.splitlines()
    end = next((place for place, line in enumerate(lines) if line.strip() in headings), len(lines))
    return "\n".join(lines[:end])


def whole_file(text: str) -> str:
    """The text of a file without the remarks, without what stands where nothing is written."""
    return _plain(_END.sub("", _BEGIN.sub("", text)))


def in_cells(lab: Lab, cells: Iterable[Cell]) -> dict[str, str]:
    """The answers in the cells of a notebook, by the question's ``lab/name``. A cell that is there twice: the last with a text counts."""
    ids = {answer_id(question): str(question) for question in lab.questions.values()}
    found: dict[str, str] = {}
    for cell in cells:
        name = ids.get(cell.grade_id)
        asked = str(cell.entry.get("question"))
        if name is None and cell.entry.get("part") == "answer" and asked in ids.values():
            name = asked
        if name is not None:
            found[name] = _plain(cell.source) or found.get(name, "")
    return found


def _plain(text: str) -> str:
    """An answer without what was there before anybody wrote."""
    return text.replace(PLACEHOLDER, "").strip()


def read_written(
    course: Course, lab: Lab, files: Sequence[File], notebook: File | None, why: dict[Path, str]
) -> dict[Question, Written]:
    """The answers to a lab's questions: of a question's answers the first in which something is written.

    Args:
        course: the course.
        lab: whose questions are asked.
        files: of answers, the one that counts most first.
        notebook: the lab's, which counts less than a file.
        why: takes the reason for each file that cannot be read.
    """
    candidates: list[tuple[Path, Mapping[str, str]]] = []
    lost: tuple[Path, str] | None = None
    for file in files:
        try:
            text = read_text(file.path, file.root)
        except (SubmissionError, FileNotFoundError) as error:
            why.setdefault(file.shown, str(error))
            continue
        found = in_file(course, text)
        candidates.append((file.shown, found))
        if not found and lost is None:
            lost = file.shown, whole_file(text)
    if notebook is not None:
        with contextlib.suppress(SubmissionError):  # that it cannot be read is said with the exercises
            cells, _ = cells_of(read_tree(notebook.path, notebook.root), shown(notebook.shown))
            candidates.append((notebook.shown, in_cells(lab, cells)))
    written = {question: _best(candidates, question) for question in lab.questions.values()}
    if lost is not None and lost[1]:
        # Better the whole file beside each question than an answer that nobody reads.
        note = f"the remarks that tell answers apart are gone from {shown(lost[0])}: this is the whole file"
        whole = Written(lost[1], lost[0], [note])
        written = {question: answer if answer.text else whole for question, answer in written.items()}
    return written


def _best(candidates: Sequence[tuple[Path, Mapping[str, str]]], question: Question) -> Written:
    holding = [(path, answers[str(question)]) for path, answers in candidates if str(question) in answers]
    for path, text in holding:
        if text:
            return Written(text, path)
    return Written(file=holding[0][0]) if holding else Written()
