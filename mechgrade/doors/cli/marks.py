"""`mechgrade cohort`, after the grading: export, answers, diff, comment, mark, stuck, requests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechgrade.doors.cli.cohort import ClassArgument, OutArgument, RosterOption, app
from mechgrade.doors.cli.common import LabOption, see_different, see_folder, stop, the_course, write
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

    With --roster, the platform's own table: its rows are taken over, and no others are written. Points that a person gave for
    written answers have a column of their own; in Moodle's table, which has one grade, they stand in the comment.
    """
    from mechgrade.cohort import arrivals, exports
    from mechgrade.cohort.answers import load, nowhere
    from mechgrade.cohort.gradesheet import edited
    from mechgrade.cohort.matching import match
    from mechgrade.cohort.roster import read_roster
    from mechgrade.cohort.written import apply, questions_of

    known = {each: each for each in exports.FORMS}
    if form not in known:
        stop(f"there is no form {form!r}; there are {', '.join(known)}")
    see_different(to=to, feedback=feedback, roster=roster)
    try:
        people = read_roster(roster) if roster is not None else None
        course = the_course(out)
        questions = questions_of(course, out)
        if written and not questions:
            stop("the labs of these results have no questions that a person grades")
        matches = match(people, arrivals.load(out))
        found = exports.grades(out, matches, questions)
        given = exports.only_written(found) if written else found
        table = exports.table(known[form], given, people, column or course.title)
        write(to, table.text)
        if people is None:
            typer.echo(f"wrote {to}: {len(found)} learners")
        else:
            there = [each for each in given if each.person is not None and each.score is not None]
            typer.echo(
                f"wrote {to}: {len(people.people)} row{'s' * (len(people.people) != 1)}, {len(there)} with a score"
            )
        astray = nowhere(course, load(out), (each.arrival.learner for each in found)) if questions else []
        astray += edited(out)
        for line in [*table.notes, *matches.lines(str(roster)), *astray]:
            typer.echo(line)
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
    merge: Annotated[
        list[Path] | None,
        typer.Option(
            "--merge", help="A copy of answers.csv that somebody else has filled in; may be given several times."
        ),
    ] = None,
) -> None:
    """Collect answers to questions that a person grades into answers.csv, and bring the points in it to pages and grades.csv.

    Write points and comments into the table, save it as CSV, and run the same command again. Points and comments are kept; where
    an answer has changed since, the table says so. Who shares the work fills in a copy: --merge puts the copies together.
    """
    import tempfile

    from mechgrade.cohort import answers as table
    from mechgrade.cohort.arrivals import FILE, load
    from mechgrade.cohort.gradesheet import edited
    from mechgrade.cohort.learners import find_class, refuse_inside
    from mechgrade.cohort.together import together
    from mechgrade.cohort.written import apply, labs_of, questions_of
    from mechgrade.course.rubrics import rubrics
    from mechgrade.files import write_atomic
    from mechgrade.reports.answers import page

    course = the_course(path)
    see_folder(out)
    try:
        refuse_inside(path, out)
        graded = labs_of(out)
        questions = questions_of(course, out, lab) if graded else course.questions(lab)
        if not questions:
            whose = f"{', '.join(sorted(graded))}, of which these results are," if graded else "course.yaml"
            stop(f"{whose} has no questions here that a person grades; see docs/course-yaml.md, `questions`")
        before, said = table.load(out), [*table.lost(out), *edited(out)]
        if lacking := [path for path in merge or [] if not path.is_file()]:
            stop(f"there is no file {', '.join(map(str, lacking))}; --merge takes a copy of {out / table.FILE}")
        copies = {str(path): table.read_table(path) for path in merge or []}
        before, more = together(before, table.read_table(out / table.LAST), copies)
        said += more
        with tempfile.TemporaryDirectory(prefix="mechgrade-answers-") as scratch:
            # The learners are those of the results, whatever class list told their names.
            logins = {each.id for each in load(out)} if (out / FILE).exists() else set()
            found = find_class(course, path, Path(scratch), logins=logins)
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
    for sentence in [*found.assumed, *said, *table.nowhere(course, rows, (each.name for each in found.learners))]:
        typer.echo(sentence)
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
    learner: Annotated[
        str, typer.Option("--learner", help="For this learner alone: the name in grades.csv, or that at the platform.")
    ] = "",
    exercise: Annotated[str, typer.Option("--exercise", help="On this exercise: LAB/NAME or NAME.")] = "",
    misconception: Annotated[str, typer.Option("--mistake", help="For all who made this known mistake.")] = "",
    verdict: Annotated[str, typer.Option("--verdict", help="For all with this verdict, such as raised.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take this comment back.")] = False,
) -> None:
    """Write a comment to one learner, or to all with the same verdict or mistake. It is kept when they are graded again."""
    from mechgrade.cohort.called import learner_called, mistake_called, verdict_called
    from mechgrade.cohort.comments import Comment, read_comments, write_comments
    from mechgrade.cohort.feedback import renew

    try:
        kept = read_comments(out)
        # What is taken back may be for somebody who is gone.
        known = remove and any(each.learner == learner for each in kept)
        learner = learner_called(out, learner) if learner and not known else learner
        known = remove and any(each.misconception == misconception for each in kept)
        misconception = mistake_called(out, misconception) if misconception and not known else misconception
        verdict = verdict_called(verdict) if verdict else verdict
        if exercise:
            lab, _, name = exercise.rpartition("/")
            exercise = str(the_course(out).exercise(name, lab or None))
        whom = (learner, exercise, misconception, verdict)
        if text is None:
            for each in kept:
                to = (each.learner, each.exercise, each.misconception, each.verdict)
                if all(asked in ("", there) for asked, there in zip(whom, to, strict=True)):
                    typer.echo(f"{', '.join(filter(None, to))}: {each.text}")
            return
        if not any(whom):
            stop("whom is it for? give --learner, --exercise, --mistake or --verdict")
        new = Comment(text, *whom)
        if remove and new not in kept:
            stop("there is no such comment; `mechgrade cohort comment RESULTS` lists them")
        kept = [each for each in kept if each != new] if remove else [*kept, new]
        told = renew(out, kept, new)
        write_comments(out, kept)
    except CourseError as error:
        stop(error)
    except OSError as error:
        stop(f"{error.filename or out} cannot be written: {error.strerror}")
    many, more = "s" * (len(told) != 1), " ..." if len(told) > 10 else ""
    typer.echo(f"{'taken back from' if remove else 'for'} {len(told)} learner{many}: {', '.join(told[:10])}{more}")


@app.command()
def mark(
    out: OutArgument,
    learner: Annotated[
        str | None, typer.Argument(help="The name in grades.csv, or that at the platform. [default: list the marks]")
    ] = None,
    exercise: Annotated[str | None, typer.Argument(help="LAB/NAME or NAME.")] = None,
    points: Annotated[str | None, typer.Argument(help="From 0 to what the exercise is worth.")] = None,
    why: Annotated[str, typer.Option("--why", help="The reason. The learner reads it.")] = "",
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the mark back: the grader's points count again.")
    ] = False,
) -> None:
    """Change a learner's points for an exercise by hand, with the reason: in grades.csv, in the export, on the learner's page.

    It is kept when the class is graded again. The verdict stays what the grader found.
    """
    from mechgrade.cohort.answers import load, number_in
    from mechgrade.cohort.called import learner_called
    from mechgrade.cohort.exports import result_of
    from mechgrade.cohort.gradesheet import edited
    from mechgrade.cohort.marks import Mark, name_of, points_of, read_marks
    from mechgrade.cohort.outputs import mark as put
    from mechgrade.cohort.written import apply, questions_of
    from mechgrade.reports.cohort import page

    try:
        marks = read_marks(out)
        if learner is None:
            for each in marks:
                typer.echo(f"{each.learner}: {each.exercise}: {each.points:g} points: {each.why}")
            return
        if exercise is None or (points is None) != remove:
            stop("give a learner, an exercise and points, with --why; or a learner and an exercise, with --remove")
        course = the_course(out)
        lab, _, name = exercise.rpartition("/")
        whose, which = learner_called(out, learner), str(course.exercise(name, lab or None))
        entry = next((each for each in result_of(out, whose)["exercises"] if name_of(each) == which), None)
        if entry is None:
            stop(f"{which} was not graded in these results")
        kept = [each for each in marks if (each.learner, each.exercise) != (whose, which)]
        if remove and kept == marks:
            stop(f"{whose} has no mark by hand for {which}; `mechgrade cohort mark {out}` lists the marks")
        if not remove:
            most, given = float(entry["max_points"]), number_in(points or "")
            if entry["verdict"] == "not_applicable":
                stop(f"{which} was left out, because the model lacks what it needs: it is worth nothing here")
            if given is None or not 0 <= given <= most:
                stop(f"points are {points!r}; write a number from 0 to {most:g}")
            if not why.strip():
                stop("--why is missing: give the reason, which the learner reads and the next grader too")
            kept.append(Mark(whose, which, given, " ".join(why.split()), points_of(entry)))
        said = edited(out)
        score = put(out, marks, kept, whose, page)
        apply(out, questions_of(course, out), load(out))
    except CourseError as error:
        stop(error)
    except OSError as error:
        stop(f"{error.filename or out} cannot be written: {error.strerror}")
    for line in said:
        typer.echo(line)
    total = "has no score, because something else could not be graded" if score is None else f"has {score:g} points now"
    typer.echo(f"{whose} {total}; it is on the page and in grades.csv, and stays when the class is graded again")


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
        typer.echo(f"wrote {to}")


def _tries(standings: Mapping[Exercise, Standing]) -> int:
    return sum(each.attempts for each in standings.values())


@app.command()
def requests(
    out: OutArgument,
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="REQUESTS", help="A folder or a zip with regrade requests, as your platform packs them."
        ),
    ],
) -> None:
    """List regrade requests beside what was graded: who asks, about which exercise, the verdict and points, and why."""
    from mechgrade.cohort.requests import read_requests

    try:
        lines = read_requests(out, folder)
    except CourseError as error:
        stop(error)
    for line in lines:
        typer.echo(line)
