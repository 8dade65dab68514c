"""Learners' pages after the grading: comments put into them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mechgrade.cohort.comments import Comment, comments_of
from mechgrade.cohort.exports import results
from mechgrade.cohort.pages import COMMENTS, with_lines
from mechgrade.course import CourseError
from mechgrade.files import write_atomic


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
    if not told and new in comments:  # what is taken back may be for nobody any more
        parts = [new.learner, new.exercise, new.misconception, new.verdict.replace("_", " ")]
        raise CourseError(f"nobody in these results has all of this: {', '.join(filter(None, parts))}")
    return told
