"""`mechgrade update`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechgrade.doors.cli.common import FAULT, stop, the_course
from mechgrade.errors import CourseError


def update(
    archive: Annotated[
        Path | None,
        typer.Argument(help="The learners' archive of the new version, a zip or a folder. [default: what git fetches]"),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
) -> None:
    """Bring in a new version of the course. Your own work stays: it is merged, or the new text is put beside it.

    Exit code 2 when there is no new version to be had; 3 when the disk failed in the middle: then run it again.
    """
    from mechgrade.doors.learner.update.apply import UpdateError, apply, plan, told
    from mechgrade.doors.learner.update.versions import from_archive, from_git
    from mechgrade.reports.terminal import short

    course = the_course()
    try:
        offer = from_git(course) if archive is None else from_archive(course, archive)
        steps = plan(course.root, offer)
    except CourseError as error:
        stop(error)
    except OSError as error:
        stop(f"{error.filename or archive} could not be read: {error.strerror}", FAULT)
    lines = list(told(course.root, offer, steps))
    try:
        backup = None if dry_run else apply(course.root, steps)
        note = "" if dry_run else offer.settle()
    except UpdateError as error:
        stop(error, FAULT)
    except CourseError as error:
        stop(f"the files are new, but git does not know it: {error}", FAULT)
    for line in lines:
        typer.echo(line)
    if note:
        typer.echo(note)
    if backup is not None:
        typer.echo(f"What was written over is kept in {short(str(backup))}")
    if dry_run and steps:
        typer.echo("Nothing was written. Without --dry-run it is.")
