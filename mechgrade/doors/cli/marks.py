"""`mechgrade cohort`, after the grading: export, answers, diff, comment, stuck, requests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechgrade.doors.cli.cohort import ClassArgument, OutArgument, RosterOption, app
from mechgrade.doors.cli.common import LabOption, stop, the_course, write
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Exercise
    from mechgrade.progress.stuck import Standing

__all__ = ["app"]

#: How the name of a shared progress file ends.
PROGRESS = "progress.json"


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
    written: Annotated[
        bool, typer.Option("--written", help="The points for written answers instead, as grades of their own.")
    ] = False,
) -> None:
    """Write grades as a learning platform imports them, under its own ids, and feedback files for upload.

    With --roster, the platform's own table: its rows are taken over, and everybody in it has a row. Points that a person gave for
    written answers have a column of their own; in Moodle's table, which has one grade, they stand in the comment.
    """
    from mechgrade.cohort import exports
    from mechgrade.cohort.answers import load
    from mechgrade.cohort.roster import read_roster
    from mechgrade.cohort.written import apply, questions_of

    known = {each: each for each in exports.FORMS}
    if form not in known:
        stop(f"there is no form {form!r}; there are {', '.join(known)}")
    try:
        people = read_roster(roster) if roster is not None else None
        course = the_course(out)
        questions = questions_of(course, out)
        if written and not questions:
            stop("the labs of these results have no questions that a person grades")
        found = exports.grades(out, people, questions)
        given = exports.only_written(found) if written else found
        write(to, exports.table(known[form], given, people, column or course.title))
        typer.echo(f"wrote {to}: {len(found)} learners")
        for grade in found if people is not None else []:
            if grade.person is None:
                typer.echo(f"not in {roster}: {grade.arrival.learner}")
        if feedback is not None:
            apply(out, questions, load(out))  # the pages have the points as they are in the table now
            typer.echo(f"wrote {feedback}: {exports.feedback(out, feedback, found)} pages")
    except CourseError as error:
        stop(error)


@app.command()
def answers(
    path: ClassArgument,
    out: Annotated[Path, typer.Option("--out", help="The folder of results, where answers.csv lies.")],
    lab: LabOption = None,
    missing_is_zero: Annotated[
        bool, typer.Option("--missing-is-zero", help="Give 0 points, with the reason, where no answer is written.")
    ] = False,
) -> None:
    """Collect answers to questions that a person grades into answers.csv, and bring the points in it to pages and grades.csv.

    Write points and comments into the table, save it as CSV, and run the same command again. Points and comments are kept; where
    an answer has changed since, the table says so.
    """
    import tempfile

    from mechgrade.cohort import answers as table
    from mechgrade.cohort.learners import find_class
    from mechgrade.cohort.written import apply, questions_of
    from mechgrade.course.rubrics import rubrics
    from mechgrade.files import write_atomic
    from mechgrade.reports.answers import page

    course = the_course(path)
    try:
        questions = course.questions(lab) if lab is not None else questions_of(course, out) or course.questions()
        if not questions:
            stop("course.yaml has no questions here that a person grades; see docs/course-yaml.md, `questions`")
        before = table.load(out)
        with tempfile.TemporaryDirectory(prefix="mechgrade-answers-") as scratch:
            found = find_class(course, path, Path(scratch))
            rows = table.collect(course, found.learners, questions, before)
        rows = table.missing_as_zero(rows) if missing_is_zero else rows
        out.mkdir(parents=True, exist_ok=True)
        table.save(out, rows)
        labs = [course.lab(name) for name in dict.fromkeys(question.lab for question in questions)]
        looked_for = {question: lines for each in labs for question, lines in rubrics(course, each).items()}
        write_atomic(out / "answers.html", page(course.title, questions, looked_for, list(rows.values())))
        apply(out, questions_of(course, out), rows)
    except CourseError as error:
        stop(error)
    except OSError as error:
        stop(f"{error.filename or out} cannot be written: {error.strerror}")
    mine = [row for row in rows.values() if row.question in set(map(str, questions)) and row.state != table.GONE]
    for name, count in {
        "are written": sum(row.is_there for row in mine),
        "are missing or empty": sum(not row.is_there for row in mine),
        "have points": sum(row.points is not None for row in mine),
        "are not graded yet": sum(row.points is None for row in mine),
        "have changed since they got points": sum(bool(row.changed) for row in mine),
    }.items():
        typer.echo(f"{count} of {len(mine)} answers {name}")
    typer.echo(f"Read {out / 'answers.html'}, which has the rubrics; write points and comments into {out / table.FILE}")


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
def stuck(
    folder: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="A folder a learner, or files, with *progress.json that learners shared."),
    ],
    lab: LabOption = None,
    least: Annotated[int, typer.Option("--least", min=1, help="From how many tries without progress.")] = 3,
    to: Annotated[Path | None, typer.Option("--to", help="Write the table to this CSV, too.")] = None,
) -> None:
    """Show who tries and gets no further: exercise, learners, tries since the last progress, and what the last failed check said.

    It reads only files that learners hand in by themselves: `mechgrade progress --export NAME.progress.json`. They change no grade.
    """
    from mechgrade.cohort.learners import files_of
    from mechgrade.progress.stuck import MOST_BYTES, read_shared
    from mechgrade.progress.stuck import stuck as stuck_in
    from mechgrade.submissions.reading import SubmissionError, read_bytes, shown
    from mechgrade.tables import as_csv

    course = the_course(folder)
    people: dict[str, dict[Exercise, Standing]] = {}
    try:
        course.exercises(lab)  # a lab that is not there is said before anything is read
        files = files_of(folder, PROGRESS)
        if not files:
            stop(
                f"there is no file *{PROGRESS} in {folder}; learners write one: mechgrade progress --export NAME.{PROGRESS}"
            )
        for learner, path in files:
            try:
                found = read_shared(course, read_bytes(path, folder, MOST_BYTES, "it is no progress file"))
            except (SubmissionError, FileNotFoundError):
                found = None
            if found is None:
                typer.echo(f"not read, because it is no progress file: {shown(path.relative_to(folder))}")
            elif learner not in people or _tries(found) > _tries(people[learner]):
                people[learner] = found  # of several the one with the most tries is the newest
        rows = stuck_in(course, people, least, lab)
    except CourseError as error:
        stop(error)
    for row in rows:
        names = ", ".join(f"{name} ({each.tries} tries)" for name, each in row.learners[:10])
        more = f", and {len(row.learners) - 10} more" if len(row.learners) > 10 else ""
        typer.echo(f"{row.exercise} ({row.exercise.title}): {len(row.learners)} of {len(people)}: {names}{more}")
        for sentence, count in row.mistakes[:3]:
            typer.echo(f"  {count} were told last: {sentence}")
    if not rows:
        typer.echo(f"{len(people)} learners shared their progress; nobody has {least} tries or more without progress")
    if to is not None:
        table: list[tuple[object, ...]] = [
            ("exercise", "learner", "tries_since_progress", "tries", "points", "told_last")
        ]
        table += [
            (str(row.exercise), name, each.tries, each.attempts, f"{each.points:g}", each.sentence)
            for row in rows
            for name, each in row.learners
        ]
        write(to, as_csv(table))


def _tries(standings: Mapping[Exercise, Standing]) -> int:
    return sum(each.attempts for each in standings.values())


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
