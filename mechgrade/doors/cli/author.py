"""Commands for instructors who write exercises: build, record, audit."""

from __future__ import annotations

from typing import Annotated

import typer

from mechgrade.doors.cli.common import (
    DONE,
    NOT_FULL,
    ExercisesOption,
    LabOption,
    ModelOption,
    exercises_of,
    stop,
    the_course,
)
from mechgrade.errors import CourseError


def build(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 when something is stale.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite stubs even where they were edited.")] = False,
) -> None:
    """Make exercises/ and the hints from solutions/ (for instructors)."""
    from mechgrade.authoring.build import build as run_build
    from mechgrade.authoring.unlisted import left_out
    from mechgrade.course.source import BuildError

    course = the_course()
    try:
        changed = run_build(course, check=check, force=force)
    except BuildError as error:
        stop(error, NOT_FULL)
    for line in changed:
        typer.echo(line if check else f"wrote: {line}")
    for line in [] if check else left_out(course):
        typer.echo(line)
    if not changed:
        typer.echo("exercises/ and hints are up to date")
    raise typer.Exit(NOT_FULL if check and changed else DONE)


def record(
    lab: LabOption = None,
    exercise: ExercisesOption = None,
    model: ModelOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 when something is stale.")
    ] = False,
) -> None:
    """Record what references and misconceptions give (for instructors)."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from mechgrade.authoring.graders import ungradable
    from mechgrade.authoring.record import RecordError
    from mechgrade.authoring.record import record as run_record
    from mechgrade.authoring.stale import stale

    course = the_course()
    try:
        chosen = exercises_of(course, lab, exercise)
        name = course.model(model).name
        if check:
            wrong = ungradable(course, chosen)
            reasons = wrong + stale(course, chosen, name)
            for reason in reasons:
                typer.echo(reason)
            what = "wrong or stale" if wrong else "stale"
            typer.echo(f"{len(reasons)} {what}" if reasons else f"{len(chosen)} recordings on {name} are up to date")
            raise typer.Exit(NOT_FULL if reasons else DONE)
        with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()) as progress:
            task = progress.add_task("starting", total=None)
            written = run_record(
                course,
                chosen,
                name,
                lambda what, done, total: progress.update(task, description=what, completed=done, total=total),
            )
            progress.update(task, description="done", completed=1, total=1)
        typer.echo(f"recorded {len(written)} exercises on {name}")
    except CourseError as error:
        stop(error)
    except RecordError as error:
        stop(error, NOT_FULL)
