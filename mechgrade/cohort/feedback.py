"""Learners' pages after the grading: comments put into them, and requests to look at a grade again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from mechgrade.cohort.comments import Comment, comments_of
from mechgrade.cohort.exports import results
from mechgrade.cohort.pages import COMMENTS, with_lines
from mechgrade.course import CourseError
from mechgrade.files import write_atomic

#: How the name of a request's file ends. The learner's own name, or the platform's, comes before.
SUFFIX = ".regrade.json"

#: How long a request is, in bytes.
_MOST = 20_000


def renew(out: Path, comments: Sequence[Comment], new: Comment) -> list[str]:
    """Put comments into the pages of those whom a new one is for; their names.

    Raises:
        CourseError: there are no results, or nobody whom the comment is for.
    """
    told = []
    for learner, tree in results(out):
        if not any(new.is_for(learner, result) for result in tree["exercises"]):
            continue
        told.append(learner)
        page = out / "learners" / f"{learner}.html"
        text = page.read_text(encoding="utf-8")
        write_atomic(page, with_lines(text, COMMENTS, comments_of(comments, learner, tree["exercises"])))
    if not told:
        raise CourseError("it is for nobody in these results; `mechgrade cohort summary` shows the names of mistakes")
    return told


def request(exercise: str, why: str, learner: str = "") -> str:
    """The text of a request to look at a grade again."""
    return json.dumps({"learner": learner, "exercise": exercise, "why": why}, indent=1, ensure_ascii=False) + "\n"


def read_requests(out: Path, folder: Path) -> list[str]:
    """The requests in a folder, a line each, beside what was graded. What is no request is named.

    Raises:
        CourseError: there are no results, or no requests.
    """
    graded = {
        (learner, f"{each['lab']}/{each['exercise']}"): each
        for learner, tree in results(out)
        for each in tree["exercises"]
    }
    learners = {learner for learner, _ in graded}
    files = sorted(path for path in folder.rglob(f"*{SUFFIX}") if not path.is_symlink())
    if not files:
        raise CourseError(f"there is no file *{SUFFIX} in {folder}; `mechgrade regrade-request` writes one")
    lines = []
    for file in files:
        try:
            with file.open("rb") as opened:
                tree = json.loads(opened.read(_MOST))
            exercise, why = (" ".join(str(tree[name]).split())[:500] for name in ("exercise", "why"))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            lines.append(f"{file.relative_to(folder)}: no request that can be read")
            continue
        # The folder or the file's name is the platform's word for who sent it; what the request itself says is the learner's.
        where = [*file.relative_to(folder).parts[:-1], file.name.removesuffix(SUFFIX), str(tree.get("learner", ""))]
        learner = next((each for each in where if each in learners), "")
        found = graded.get((learner, exercise))
        verdict = (
            f"{found['verdict'].replace('_', ' ')}, {found['points']:g} of {found['max_points']:g}"
            if found
            else "not in these results"
        )
        lines.append(f"{learner or file.relative_to(folder)}: {exercise} ({verdict}): {why}")
    return lines
