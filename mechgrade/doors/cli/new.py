"""`mechgrade new`."""

from __future__ import annotations

from typing import Annotated

import typer

from mechgrade.doors.cli.common import DONE, NOT_FULL, stop, the_course
from mechgrade.errors import CourseError


def new(
    lab: Annotated[str, typer.Argument(help="A lab of course.yaml.")],
    exercise: Annotated[str, typer.Argument(help="The new exercise's name, which is its function's too.")],
    title: Annotated[str | None, typer.Option(help="What learners read. [default: the name in words]")] = None,
    points: Annotated[int, typer.Option(help="What it is worth.")] = 5,
    minutes: Annotated[int, typer.Option(help="How long it takes.", min=1)] = 10,
) -> None:
    """Write every file of a new exercise, build and record it (for instructors).

    What is written is a small exercise that passes its audit: replace one part after the other.
    """
    from mechgrade.authoring.build import build
    from mechgrade.authoring.record import RecordError, record
    from mechgrade.authoring.scaffold import scaffold
    from mechgrade.course.source import BuildError

    course = the_course()
    try:
        words = title or exercise.replace("_", " ").capitalize()
        larger, written = scaffold(course, lab, exercise, words, points, minutes)
        for path in written:
            typer.echo(f"wrote: {path.relative_to(course.root)}")
        for line in build(larger):
            typer.echo(f"built: {line}")
        for path in record(larger, [larger.exercise(exercise, lab)], larger.default_model):
            typer.echo(f"recorded: {path.relative_to(course.root)}")
    except CourseError as error:
        stop(error)
    except (BuildError, RecordError) as error:
        stop(error, NOT_FULL)
    typer.echo(f"now write your own text in solutions/{lab}/{exercise}.py; then: mechgrade build, record and audit it")
    raise typer.Exit(DONE)
