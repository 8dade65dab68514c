"""Notebooks: `mechgrade notebook open/pull/push` for learners; `release` and `dist` for instructors."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechgrade.doors.cli.common import FAULT, NOT_FULL, stop, the_course
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course, Lab
    from mechgrade.doors.notebook.sync import Report

notebook = typer.Typer(
    help="Work in a lab's notebook, and carry your work between it and the files in exercises/.", no_args_is_help=True
)

gradebook = typer.Typer(
    help="The fast path to nbgrader's gradebook, by way of `mechgrade cohort grade`.", no_args_is_help=True
)

LabArgument = Annotated[str, typer.Argument(metavar="LAB", help="The lab, by its name in course.yaml.")]
PathArgument = Annotated[
    Path | None, typer.Argument(metavar="NOTEBOOK", help="The notebook. [default: the lab's in notebooks/]")
]


ForceOption = Annotated[
    bool, typer.Option("--force", help="Overwrite also what has changed on both sides, without a question.")
]


@notebook.command("open")
def open_(
    lab: Annotated[
        str | None, typer.Argument(metavar="LAB", help="The lab. [default: that of the current exercise]")
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open it in the browser.")] = True,
) -> None:
    """Open a lab's notebook in JupyterLab. It begins with your work in exercises/, and at the end your work goes back there."""
    from mechgrade.doors.cli.learn import chosen as the_exercise
    from mechgrade.doors.cli.learn import read_state
    from mechgrade.doors.notebook import jupyter, sync
    from mechgrade.progress.progress import Progress

    if lab is None:
        course = the_course()
        lab = the_exercise(course, read_state(Progress(course)), None, None).lab
    course, chosen = _lab(lab)
    _need("jupyterlab")
    path = _default(course, chosen)
    try:
        _tell(course, sync.push(course, chosen, path))
        code = jupyter.serve(course, path, browser=browser)
        report = sync.pull(course, chosen, path)
    except CourseError as error:
        stop(error)
    _tell(course, report)
    _stop_at_kept(report, f"mechgrade notebook pull {chosen.name}")
    raise typer.Exit(code)


@notebook.command()
def pull(lab: LabArgument, path: PathArgument = None, force: ForceOption = False) -> None:
    """Write exercises/ from a notebook. Files that are newer stay, and what is overwritten is kept in .mechgrade/backup."""
    from mechgrade.doors.notebook import sync

    course, chosen = _lab(lab)
    path = path or _default(course, chosen)
    try:
        report = sync.pull(course, chosen, path, decide=_decide(path.name, force))
    except CourseError as error:
        stop(error)
    _tell(course, report, f"to take it to the notebook: mechgrade notebook push {lab}")
    _stop_at_kept(report, f"mechgrade notebook pull {lab}")


@notebook.command()
def push(lab: LabArgument, path: PathArgument = None, force: ForceOption = False) -> None:
    """Write exercises/ into a notebook, or make one. Cells that are newer stay, and what is overwritten is kept in .mechgrade/backup."""
    from mechgrade.doors.notebook import sync

    course, chosen = _lab(lab)
    try:
        report = sync.push(course, chosen, path or _default(course, chosen), decide=_decide("exercises/", force))
    except CourseError as error:
        stop(error)
    _tell(course, report, f"to take it to exercises/: mechgrade notebook pull {lab}")
    _stop_at_kept(report, f"mechgrade notebook push {lab}")


@gradebook.command()
def extract(
    lab: LabArgument,
    to: Annotated[Path, typer.Option("--to", help="A folder for the class, to be given to `cohort grade`.")],
) -> None:
    """Take collected notebooks apart into files that `mechgrade cohort grade` grades."""
    course, chosen = _lab(lab)
    _need("nbgrader")
    from mechgrade.doors.nbgrader.config import CLASS
    from mechgrade.doors.nbgrader.gradebook import extract as run

    try:
        learners = run(course, chosen, course.root / CLASS / "submitted", to)
    except CourseError as error:
        stop(error)
    typer.echo(f"{len(learners)} submissions of {lab} are in {to}")


@gradebook.command()
def fill(
    lab: LabArgument,
    results: Annotated[Path, typer.Option("--from", help="What `mechgrade cohort grade --out` wrote.")],
) -> None:
    """Write a cohort's scores into the gradebook, and its pages as feedback. Manual grades and comments stay."""
    course, chosen = _lab(lab)
    _need("nbgrader")
    from mechgrade.doors.nbgrader.config import CLASS, database
    from mechgrade.doors.nbgrader.gradebook import fill as run
    from mechgrade.doors.nbgrader.gradebook import write_feedback

    try:
        without = run(course, chosen, results, database(course.root))
        pages = write_feedback(chosen, results, course.root / CLASS)
    except CourseError as error:
        stop(error)
    typer.echo(f"the scores of {lab} are in the gradebook, and {pages} pages of feedback beside it")
    if without:
        stop(f"no score for {', '.join(without)}: the machine or a grader failed; run `cohort grade` again", FAULT)


CourseIdOption = Annotated[str, typer.Option("--course-id", help="What nbgrader calls the course.")]


def exchange(
    root: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that all learners' accounts can write to.")],
    course_id: CourseIdOption = "mechgrade",
) -> None:
    """Say where nbgrader's exchange is, once: it is kept, and every nbgrader command here finds it (for instructors)."""
    from mechgrade.doors.nbgrader.exchange import open_exchange

    course = the_course()
    _need("nbgrader")
    from mechgrade.doors.nbgrader.config import CLASS

    try:
        path = open_exchange(course.root / CLASS, root, course_id)
    except CourseError as error:
        stop(error)
    typer.echo(f"kept in {path.relative_to(course.root)}. Give this line to learners:")
    named = "" if course_id == "mechgrade" else f" --course-id {course_id}"
    typer.echo(f"mechgrade join {root.absolute()}{named}")


def join(
    root: Annotated[Path, typer.Argument(metavar="FOLDER", help="The exchange, as your course's page gives it.")],
    course_id: CourseIdOption = "mechgrade",
) -> None:
    """Join a class that hands out work through nbgrader: after it, nbgrader's commands find the course."""
    from mechgrade.doors.nbgrader.exchange import join as run

    try:
        path = run(root, course_id)
    except CourseError as error:
        stop(error)
    typer.echo(f"kept in {path}. Now: nbgrader list")


def release(
    lab: LabArgument,
    exchange: Annotated[
        bool, typer.Option("--exchange/--no-exchange", help="Put it into nbgrader's exchange folder too.")
    ] = True,
) -> None:
    """Make a lab's nbgrader assignment from the sources, and release it (for instructors)."""
    course, chosen = _lab(lab)
    _need("nbgrader")
    from mechgrade.authoring.graders import ungradable
    from mechgrade.authoring.leaks import PublishError
    from mechgrade.course.source import BuildError
    from mechgrade.doors.nbgrader.publish import release as run

    if wrong := ungradable(course, chosen.exercises.values()):
        stop("\n".join(wrong), NOT_FULL)

    try:
        notes: list[str] = []
        path = run(course, chosen, exchange=exchange, notes=notes)
    except (BuildError, PublishError) as error:
        stop(error, NOT_FULL)
    except CourseError as error:
        stop(error)
    for note in notes:
        typer.echo(f"Careful: {note}")
    typer.echo(f"{'released' if exchange else 'generated'}: {path.relative_to(course.root)}")


def dist(
    to: Annotated[Path | None, typer.Option("--to", help="The zip. [default: dist/ and the course's title]")] = None,
    notebooks: Annotated[bool, typer.Option("--notebooks/--no-notebooks", help="Put notebooks in, too.")] = True,
) -> None:
    """Make the learners' archive: everything but the answers; it grades itself offline (for instructors).

    It holds what course.yaml lists. An exercise whose files lie there and that is not listed is left out, and named.
    """
    _need("jupytext")
    from mechgrade.authoring.archive import archive, check_built, check_gradable, check_installable
    from mechgrade.authoring.leaks import PublishError
    from mechgrade.authoring.scaffold import slug
    from mechgrade.authoring.unlisted import left_out
    from mechgrade.course.source import BuildError

    course = the_course()
    try:
        check_installable(course)
        check_gradable(course, course.exercises())
        check_built(course)
        path = archive(course, to or Path("dist") / f"{slug(course.title)}.zip", notebooks=notebooks)
    except (BuildError, PublishError) as error:
        stop(error, NOT_FULL)
    for line in left_out(course):
        typer.echo(line)
    typer.echo(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


def _lab(name: str) -> tuple[Course, Lab]:
    course = the_course()
    _need("jupytext")
    try:
        return course, course.lab(name)
    except CourseError as error:
        stop(error)


def _need(module: str) -> None:
    from importlib.util import find_spec

    if find_spec(module) is None:
        extra = "notebook" if module == "jupytext" else "instructor"
        stop(f"this needs {module}: {sys.executable} -m pip install 'mechgrade[{extra}]'")


def _default(course: Course, lab: Lab) -> Path:
    return course.root / "notebooks" / f"{lab.slug}.ipynb"


def _decide(other: str, force: bool) -> Callable[[str], bool]:
    """Whether to overwrite what both sides have changed: asked of whoever sits at a terminal."""

    def decide(name: str) -> bool:
        question = f"{name} has changed, and {other} too, since both were last the same. Overwrite {name}?"
        return force or (sys.stdin.isatty() and typer.confirm(question, default=False))

    return decide


def _stop_at_kept(report: Report, command: str) -> None:
    if report.kept:
        names = ", ".join(report.kept)
        stop(
            f"{names}: changed on both sides, so nothing was overwritten there. To overwrite (a copy is kept): {command} --force",
            NOT_FULL,
        )


def _tell(course: Course, report: Report, way: str = "") -> None:
    for path in report.written:
        typer.echo(f"wrote {path.relative_to(course.root) if path.is_relative_to(course.root) else path}")
    if report.backups:
        typer.echo(f"the former {len(report.backups)} are in {report.backups[0].parent}")
    if report.newer:
        typer.echo(f"left as it is, because it is newer: {', '.join(report.newer)}{f' ({way})' if way else ''}")
    if not report.written and not report.newer and not report.kept:
        typer.echo("notebook and files say the same already")
