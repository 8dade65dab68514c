"""`mechgrade init`, `new-lab` and `new`: a course, a lab, an exercise that work at once. What fails leaves nothing behind."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechgrade.doors.cli.common import DONE, NOT_FULL, stop, the_course
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course, Exercise

ExerciseName = Annotated[str, typer.Argument(help="The new exercise's name, which is its function's too.")]


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new course's directory.")],
    title: Annotated[
        str | None, typer.Option(help="What learners read. [default: the directory's name in words]")
    ] = None,
    bench: Annotated[
        str | None, typer.Option(help="What scenarios work with: none (NumPy) or torch. [default: none]")
    ] = None,
    lab: Annotated[str, typer.Option(help="The first lab's name.")] = "week1",
    exercise: Annotated[
        str, typer.Option(help="The first exercise's name, which is its function's too.")
    ] = "row_means",
) -> None:
    """Make a course that works at once: one lab, one complete exercise, all that is around it (for instructors)."""
    from mechgrade.authoring import scaffold

    words = folder.absolute().name.replace("-", " ").replace("_", " ").capitalize()
    title = title or _ask("What is the course called?", words)
    bench = bench or _ask("What do its exercises work with: none (NumPy) or torch?", "none")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        stop(f"{folder} is there already; name a new directory")
    existed = folder.exists()
    try:
        course, written = scaffold.init(folder.absolute(), title=title, bench=bench, lab=lab, exercise=exercise)
        _tell(course, written)
        _finish(course, course.exercise(exercise, lab))
    except BaseException as error:
        for path in [*folder.iterdir()] if folder.is_dir() else []:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if folder.is_dir() and not existed:
            folder.rmdir()
        _explain(error)
        raise
    typer.echo(f"\n{title} is in {folder}. What it holds passes its audit:\n")
    typer.echo(f"  cd {folder}\n  mechgrade grade solutions\n  mechgrade audit\n  mechgrade new {lab} NAME")
    raise typer.Exit(DONE)


def new_lab(
    lab: Annotated[str, typer.Argument(help="The new lab's name.")],
    exercise: ExerciseName,
    title: Annotated[str | None, typer.Option(help="What learners read. [default: the name in words]")] = None,
) -> None:
    """Write a new lab with its first exercise, build and record it (for instructors)."""
    from mechgrade.authoring.scaffold import in_words
    from mechgrade.authoring.scaffold import new_lab as write_lab

    _make(lambda course: write_lab(course, lab, title or in_words(lab), exercise), lab, exercise)


def new(
    lab: Annotated[str, typer.Argument(help="A lab of course.yaml.")],
    exercise: ExerciseName,
    title: Annotated[str | None, typer.Option(help="What learners read. [default: the name in words]")] = None,
    points: Annotated[int, typer.Option(help="What it is worth.")] = 5,
    minutes: Annotated[int, typer.Option(help="How long it takes.", min=1)] = 10,
) -> None:
    """Write every file of a new exercise, build and record it (for instructors).

    What is written is a small exercise that passes its audit: replace one part after the other.
    """
    from mechgrade.authoring.scaffold import in_words, scaffold

    words = title or in_words(exercise)
    _make(lambda course: scaffold(course, lab, exercise, words, points, minutes), lab, exercise)


def _make(write: Callable[[Course], tuple[Course, list[Path]]], lab: str, exercise: str) -> None:
    from mechgrade.authoring.scaffold import all_or_nothing

    course = the_course()
    try:
        with all_or_nothing(course.root):
            larger, written = write(course)
            _tell(larger, written)
            _finish(larger, larger.exercise(exercise, lab))
    except BaseException as error:
        _explain(error)
        raise
    typer.echo(f"now write your own text in solutions/{lab}/{exercise}.py; then: mechgrade build, record and audit it")
    raise typer.Exit(DONE)


def _finish(course: Course, exercise: Exercise) -> None:
    """Build, and record the new exercise."""
    from mechgrade.authoring.build import build
    from mechgrade.authoring.record import record

    for line in build(course):
        typer.echo(f"built: {line}")
    for path in record(course, [exercise], course.default_model):
        typer.echo(f"recorded: {path.relative_to(course.root)}")


def _tell(course: Course, written: list[Path]) -> None:
    for path in written:
        typer.echo(f"wrote: {path.relative_to(course.root)}")


def _explain(error: BaseException) -> None:
    """Say why nothing was made, where that is somebody's mistake; any other error stays as it is."""
    from mechgrade.authoring.record import RecordError
    from mechgrade.course.source import BuildError
    from mechgrade.grading.errors import GraderError, InfrastructureError

    if isinstance(error, CourseError):
        stop(error)
    if isinstance(error, BuildError | RecordError | GraderError | InfrastructureError):
        stop(f"{error}\nnothing was left behind", NOT_FULL)


def _ask(question: str, default: str) -> str:
    """An answer from the terminal; without one, the default."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return default
    return input(f"{question} [{default}] ").strip() or default
