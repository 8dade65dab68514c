"""Results for other programs: `mechgrade export gradescope`, `junit`, `gradebook`; and what Gradescope's autograder runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated

import typer

from mechgrade.doors.cli.common import NOT_FULL, stop, the_course, write
from mechgrade.doors.cli.notebooks import LabArgument, _lab, _need
from mechgrade.errors import CourseError

app = typer.Typer(help="Results for other programs: Gradescope, CI services, gradebooks.", no_args_is_help=True)


@app.command()
def gradescope(
    lab: LabArgument,
    to: Annotated[Path | None, typer.Option("--to", help="The zip. [default: dist/gradescope-LAB.zip]")] = None,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Grade on hidden inputs too. The zip then holds the solutions.")
    ] = False,
) -> None:
    """Make a lab's autograder for Gradescope, to be uploaded there."""
    from mechgrade.authoring.archive import check_gradable, check_installable
    from mechgrade.authoring.gradescope import autograder
    from mechgrade.authoring.leaks import PublishError
    from mechgrade.authoring.unlisted import left_out
    from mechgrade.course.source import BuildError

    course, chosen = _lab(lab)
    try:
        check_installable(course)
        check_gradable(course, chosen.exercises.values())
        path = autograder(course, chosen, to or Path("dist") / f"gradescope-{lab}.zip", hidden=hidden)
    except (BuildError, PublishError) as error:
        stop(error, NOT_FULL)
    for line in left_out(course):
        typer.echo(line)
    typer.echo(f"wrote {path}")


@app.command()
def junit(
    result: Annotated[Path, typer.Argument(help="What `mechgrade grade --json` wrote.")],
    to: Annotated[Path, typer.Option("--to", help="The XML file.")],
) -> None:
    """Write a result as JUnit XML."""
    from mechgrade.reports.junit import junit as render

    if to.resolve() == result.resolve():
        stop(f"--to is the result itself, {result}, which would be overwritten; give --to another name")
    wanted = "give what `mechgrade grade --json FILE` wrote, or one learner's learners/NAME.json of a class"
    try:
        text = render(json.loads(result.read_text(encoding="utf-8")))
    except FileNotFoundError:
        stop(f"there is no {result}; {wanted}")
    except OSError as error:
        stop(f"{result} cannot be read: {error.strerror}; {wanted}")
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        stop(f"{result} is no JSON; {wanted}")
    except (AttributeError, KeyError, TypeError):
        stop(f"{result} is JSON, and no result of one hand-in; {wanted}")
    write(to, text)
    typer.echo(f"wrote {to}")


@app.command()
def gradebook(
    to: Annotated[Path, typer.Option("--to", help="The CSV file.")],
    form: Annotated[str, typer.Option("--form", help="plain, canvas or moodle.")] = "plain",
    lab: Annotated[list[str] | None, typer.Option("--lab", help="Only these labs.")] = None,
) -> None:
    """Write nbgrader's gradebook as CSV: a row a learner, a column a lab."""
    _need("nbgrader")
    from mechgrade.doors.nbgrader.config import existing
    from mechgrade.doors.nbgrader.tables import Form, table

    forms: dict[str, Form] = {"plain": "plain", "canvas": "canvas", "moodle": "moodle"}
    if form not in forms:
        stop(f"there is no form {form!r}; there are {', '.join(forms)}")
    course = the_course()
    try:
        made = table(existing(course.root), forms[form], [course.lab(name).name for name in lab or []])
    except CourseError as error:
        stop(error)
    write(to, made.text)
    learners = f"{made.learners} learner{'s' * (made.learners != 1)}"
    typer.echo(f"wrote {to}: {learners}, {', '.join(made.labs) or 'and no lab: the gradebook has none yet'}")


def gradescope_run(
    lab: LabArgument,
    submission: Annotated[Path, typer.Option("--submission", help="What was uploaded.")],
    to: Annotated[Path, typer.Option("--to", help="results.json.")],
) -> None:
    """Grade an upload, and write what Gradescope reads."""
    from mechgrade.doors.workers import open_worker
    from mechgrade.grading.grade import grade
    from mechgrade.grading.options import resolve
    from mechgrade.reports.gradescope import results
    from mechgrade.submissions.handed_in import read_hand_in

    course = the_course()
    # Not for the worker's eyes, nor for those of what it runs.
    secret = os.environ.pop("MECHGRADE_SECRET", None)
    try:
        chosen = course.lab(lab)
        options = resolve(course, hidden=secret, counts=True)
    except CourseError as error:
        stop(error)
    found = read_hand_in(course, [chosen], *([submission] if submission.exists() else []))
    upload = found.submission
    worker = open_worker(course, options)
    try:
        result = grade(course, upload, upload.exercises, options, worker)
    finally:
        worker.close()
    tree = results(course, result)
    tree["output"] = "\n".join([tree["output"], *upload.notes, *found.lines(course)])
    write(to, json.dumps(tree, indent=1) + "\n")
