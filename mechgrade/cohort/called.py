"""What a person types about a class's results: who, which mistake, which verdict. A name that is none is answered with those that there are."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from mechgrade.cohort.arrivals import NOTHING, load
from mechgrade.cohort.exports import results
from mechgrade.cohort.roster import squeezed
from mechgrade.course import CourseError
from mechgrade.course.yamlfile import did_you_mean
from mechgrade.grading.verdicts import Verdict


def learner_called(out: Path, text: str) -> str:
    """The learner whom a text names: as in ``grades.csv``, or by the platform's name or number, if that is one learner's alone.

    Raises:
        CourseError: nobody is called so, or several are, or who is called so handed in nothing.
    """
    arrivals = load(out)
    found = [each for each in arrivals if each.learner == text]
    found = found or [
        each
        for each in arrivals
        if text == each.id or squeezed(text) in (squeezed(each.learner), squeezed(each.person))
    ]
    if len(found) > 1:
        names = ", ".join(repr(each.learner) for each in found)
        raise CourseError(f"{len(found)} learners are called {text!r}: give one of {names}")
    if not found:
        near = [name for each in arrivals for name in (each.person, each.learner)]
        parts = [
            each.learner for each in arrivals if text and squeezed(text) in squeezed(f"{each.learner} {each.person}")
        ]
        meant = f" (did you mean {' or '.join(map(repr, parts[:3]))}?)" if parts else did_you_mean(text, near)
        meant = meant or "; the first column of grades.csv has the names"
        raise CourseError(f"nobody in these results is called {text!r}{meant}")
    if found[0].is_nothing:
        raise CourseError(f"{found[0].learner}: {NOTHING}, so there is no page and no mark to change")
    return found[0].learner


def verdict_called(text: str) -> str:
    """A verdict, by its name or its words.

    Raises:
        CourseError: there is none of this name.
    """
    name = "_".join(text.lower().split())
    if name not in get_args(Verdict):
        raise CourseError(
            f"there is no verdict {text!r}{did_you_mean(name, get_args(Verdict))}; there are {', '.join(get_args(Verdict))}"
        )
    return name


def mistake_called(out: Path, text: str) -> str:
    """A misconception that somebody in these results has.

    Raises:
        CourseError: nobody has one of this name.
    """
    there = {each["misconception"] for _, tree in results(out) for each in tree["exercises"]} - {None}
    if text not in there:
        known = f"; there are {', '.join(sorted(there))}" if there else "; no answer here has a mistake with a name"
        raise CourseError(f"nobody in these results made the mistake {text!r}{did_you_mean(text, there) or known}")
    return text
