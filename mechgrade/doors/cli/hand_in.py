"""What a learner asks about a hand-in: `mechgrade submit-check` before it is sent, `mechgrade regrade-request` after it was graded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechgrade.doors.cli.common import NOT_FULL, LabOption, stop, the_course, write
from mechgrade.errors import CourseError


def submit_check(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="HAND_IN", help="What you will send: a folder, a zip, files. [default: exercises/]"),
    ] = None,
    lab: LabOption = None,
) -> None:
    """Say what will be found in a hand-in and what is missing, before you send it. Nothing is graded.

    Exit code 0 when something is written for every exercise; 1 when an exercise is missing, or nothing is written in it yet.
    """
    from mechgrade.submissions.handed_in import read_hand_in

    course = the_course()
    parts = paths or [course.root / "exercises"]
    for path in parts:
        if not path.exists():
            stop(f"there is nothing at {path}; give what you will send: a folder, a zip, or files")
    try:
        labs = [course.lab(lab)] if lab is not None else list(course.labs.values())
        found = read_hand_in(course, labs, *parts)
    except CourseError as error:
        stop(error)
    for line in found.lines(course):
        typer.echo(line)
    wanted = len(found.submission.exercises)
    begun = len(found.begun)
    typer.echo(f"Something is written for {begun} of {wanted} exercises. Nothing was graded.")
    raise typer.Exit(NOT_FULL if begun < wanted else 0)


def regrade_request(
    exercise: Annotated[str, typer.Argument(help="The exercise: NAME, or LAB/NAME.")],
    why: Annotated[str, typer.Argument(help="What you think is right in your answer, in a sentence or two.")],
    to: Annotated[Path | None, typer.Option("--to", help="The file. [default: NAME.regrade.json]")] = None,
    learner: Annotated[str, typer.Option("--learner", help="Your name, as your report has it.")] = "",
) -> None:
    """Write a request to look at a grade again, as a file to send to your instructor."""
    from mechgrade.cohort.requests import SUFFIX, request

    course = the_course()
    try:
        lab, _, name = exercise.rpartition("/")
        found = course.exercise(name, lab or None)
        text = request(str(found), why, learner)
    except CourseError as error:
        stop(error)
    path = to or Path(f"{found.name}{SUFFIX}")
    if path.suffix != ".json":
        stop(f"your instructor's command looks for .json files; give --to a name such as {path.stem}{SUFFIX}")
    write(path, text)
    typer.echo(f"wrote {path}; send it to your instructor")
