"""Whether a text that is there holds an answer: people hand in stubs, empty files, and functions with another name."""

from __future__ import annotations

import re
from functools import lru_cache

from mechgrade.course import Course, Exercise
from mechgrade.submissions.assemble import Code, interface
from mechgrade.submissions.reading import SubmissionError

#: What is said of a stub.
UNTOUCHED = "nothing is written in it yet"


def why_blank(course: Course, exercise: Exercise, text: str | SubmissionError) -> str:
    """Why a text holds no answer; empty where it holds one, or cannot be read, which grading tells."""
    if isinstance(text, SubmissionError):
        return ""
    names = interface(course, exercise)
    # Most texts are answers, and are not parsed: a class has many.
    if "NotImplementedError" not in text and any(re.search(rf"^def {re.escape(name)}\b", text, re.M) for name in names):
        return ""
    return _without_answer(text, names, exercise.name if exercise.name in names else names[0])


@lru_cache(maxsize=512)  # a class hands in the same stubs again and again
def _without_answer(text: str, names: tuple[str, ...], name: str) -> str:
    if not text.strip():
        return "it is empty"
    code = Code([text])
    if code.written(names):
        return ""
    if code.defines(names):
        return UNTOUCHED
    return "" if code.may_hide_names else f"it defines no `{name}`"
