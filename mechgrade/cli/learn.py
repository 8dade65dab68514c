"""Commands for learners besides `grade`."""

from __future__ import annotations

from typing import Annotated

import typer

from mechgrade.cli.common import FAULT, LabOption, stop, the_course
from mechgrade.course import CourseError


def hint(
    exercise: Annotated[str, typer.Argument(help="The exercise.")],
    number: Annotated[int, typer.Argument(help="Which hint; the first is the gentlest.", min=1)] = 1,
    lab: LabOption = None,
) -> None:
    """Give a hint for an exercise, gentle ones first."""
    from mechgrade.grading.hints import guide

    course = the_course()
    try:
        found = course.exercise(exercise, lab)
    except CourseError as error:
        stop(error)
    hints = guide(course, found).hints
    if not hints:
        stop(f"there are no hints in {course.hints_path(found.lab)}; restore it from the course", FAULT)
    if number > len(hints):
        stop(f"{exercise} has {len(hints)} hints; you have seen the last")
    typer.echo(f"{exercise}, hint {number} of {len(hints)}\n\n{hints[number - 1].strip()}")
    if number < len(hints):
        typer.secho(f"\nanother: mechgrade hint {exercise} {number + 1}", dim=True)
