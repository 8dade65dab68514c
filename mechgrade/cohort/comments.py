"""A grader's comments: to one learner, or to all who made the same mistake. They outlive every re-grading, because they lie beside the results.

``comments.json`` holds them, each with what it is for: a learner, an exercise, a misconception, a verdict. What is not named matches everybody, so that who
makes the mistake in a later run is told, too, and who has corrected it is not.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mechgrade.cohort.beside import read_list
from mechgrade.files import write_atomic

FILE = "comments.json"


@dataclass(frozen=True)
class Comment:
    """A comment, and whom it is for. What is empty matches everything.

    Attributes:
        exercise: ``lab/name``.
        misconception: the name of a known mistake.
        verdict: such as ``raised``.
    """

    text: str
    learner: str = ""
    exercise: str = ""
    misconception: str = ""
    verdict: str = ""

    def is_for(self, learner: str, result: Mapping[str, Any]) -> bool:
        """Whether it is for a learner's exercise, as ``learners/NAME.json`` has it."""
        return (
            self.learner in ("", learner)
            and self.exercise in ("", f"{result['lab']}/{result['exercise']}")
            and self.misconception in ("", result["misconception"])
            and self.verdict in ("", result["verdict"])
        )


def read_comments(out: Path) -> list[Comment]:
    """The comments beside a folder's results; none where there is no file.

    Raises:
        CourseError: the file cannot be read.
    """
    return read_list(out / FILE, Comment)


def write_comments(out: Path, comments: Iterable[Comment]) -> None:
    """Keep comments; equal ones once."""
    trees = [{name: value for name, value in asdict(each).items() if value} for each in dict.fromkeys(comments)]
    write_atomic(out / FILE, json.dumps(trees, indent=1, ensure_ascii=False) + "\n")


def comments_of(comments: Iterable[Comment], learner: str, results: Iterable[Mapping[str, Any]]) -> list[str]:
    """The comments that a learner gets: of the exercises first, then those that are for the whole hand-in."""
    comments = list(comments)
    whole = [
        each.text
        for each in comments
        if each.learner == learner and not (each.exercise or each.misconception or each.verdict)
    ]
    found = [
        f"{result['lab']}/{result['exercise']}: {each.text}"
        for result in results
        for each in comments
        if each.text not in whole and each.is_for(learner, result)
    ]
    return list(dict.fromkeys([*found, *whole]))
