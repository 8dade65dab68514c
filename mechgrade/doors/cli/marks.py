"""`mechgrade cohort`, after the grading: export, diff, comment, requests."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechgrade.doors.cli.cohort import OutArgument, RosterOption, app
from mechgrade.doors.cli.common import stop, the_course, write
from mechgrade.errors import CourseError

__all__ = ["app"]


@app.command()
def export(
    out: OutArgument,
    to: Annotated[Path, typer.Option("--to", help="The CSV file.")],
    form: Annotated[str, typer.Option("--for", help="canvas, moodle, blackboard or plain.")] = "plain",
    roster: RosterOption = None,
    column: Annotated[
        str | None, typer.Option("--column", help="The assignment's name there. [default: the course's title]")
    ] = None,
    feedback: Annotated[
        Path | None, typer.Option("--feedback", help="Write each learner's page into this zip, too, for upload.")
    ] = None,
) -> None:
    """Write grades as a learning platform imports them, under its own ids, and feedback files for upload.

    With --roster, the platform's own table: its rows are taken over, and everybody in it has a row.
    """
    from mechgrade.cohort import exports
    from mechgrade.cohort.roster import read_roster

    known = {each: each for each in exports.FORMS}
    if form not in known:
        stop(f"there is no form {form!r}; there are {', '.join(known)}")
    try:
        people = read_roster(roster) if roster is not None else None
        found = exports.grades(out, people)
        write(to, exports.table(known[form], found, people, column or the_course(out).title))
        typer.echo(f"wrote {to}: {len(found)} learners")
        for grade in found if people is not None else []:
            if grade.person is None:
                typer.echo(f"not in {roster}: {grade.arrival.learner}")
        if feedback is not None:
            typer.echo(f"wrote {feedback}: {exports.feedback(out, feedback, found)} pages")
    except CourseError as error:
        stop(error)


@app.command()
def diff(
    old: Annotated[Path, typer.Argument(help="A folder of results.")],
    new: Annotated[Path, typer.Argument(help="Another, of the same class: with a changed grader, course or setting.")],
) -> None:
    """Show what changed between two gradings: who, which exercise, which check, from what to what."""
    from mechgrade.cohort.changes import changes, in_words

    try:
        for line in in_words(changes(old, new)):
            typer.echo(line)
    except CourseError as error:
        stop(error)


@app.command()
def comment(
    out: OutArgument,
    text: Annotated[str | None, typer.Argument(help="The comment. [default: list the comments]")] = None,
    learner: Annotated[str, typer.Option("--learner", help="For this learner alone.")] = "",
    exercise: Annotated[str, typer.Option("--exercise", help="On this exercise: LAB/NAME or NAME.")] = "",
    misconception: Annotated[str, typer.Option("--mistake", help="For all who made this known mistake.")] = "",
    verdict: Annotated[str, typer.Option("--verdict", help="For all with this verdict, such as raised.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take this comment back.")] = False,
) -> None:
    """Write a comment to one learner, or to all with the same verdict or mistake. It is kept when they are graded again."""
    from mechgrade.cohort.comments import Comment, read_comments, write_comments
    from mechgrade.cohort.feedback import renew

    try:
        kept = read_comments(out)
        if text is None:
            for each in kept:
                to = [each.learner, each.exercise, each.misconception, each.verdict]
                typer.echo(f"{', '.join(filter(None, to))}: {each.text}")
            return
        if not (learner or exercise or misconception or verdict):
            stop("whom is it for? give --learner, --exercise, --mistake or --verdict")
        if exercise:
            lab, _, name = exercise.rpartition("/")
            exercise = str(the_course(out).exercise(name, lab or None))
        new = Comment(text, learner, exercise, misconception, verdict)
        if remove and new not in kept:
            stop("there is no such comment; `mechgrade cohort comment RESULTS` lists them")
        kept = [each for each in kept if each != new] if remove else [*kept, new]
        told = renew(out, kept, new)
        write_comments(out, kept)
    except CourseError as error:
        stop(error)
    except OSError as error:
        stop(f"{error.filename or out} cannot be written: {error.strerror}")
    typer.echo(
        f"{'taken back from' if remove else 'for'} {len(told)} learners: {', '.join(told[:10])}{' ...' if len(told) > 10 else ''}"
    )


@app.command()
def requests(
    out: OutArgument,
    folder: Annotated[Path, typer.Argument(metavar="REQUESTS", help="A folder with regrade requests, *.regrade.json.")],
) -> None:
    """List regrade requests beside what was graded: who asks, about which exercise, the verdict and points, and why."""
    from mechgrade.cohort.feedback import read_requests

    try:
        lines = read_requests(out, folder)
    except CourseError as error:
        stop(error)
    for line in lines:
        typer.echo(line)
