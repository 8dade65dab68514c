"""What the commands share: options, exit codes, and the way a user's mistake is told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course, Exercise
    from mechgrade.grading.options import Options

#: Exit codes: done / below full marks with --strict, or something is stale / the user's mistake / the machine's or grader's fault.
DONE, NOT_FULL, USER_ERROR, FAULT = 0, 1, 2, 3
#: After Ctrl-C, as shells have it.
STOPPED = 130

LabOption = Annotated[str | None, typer.Option("--lab", help="Only this lab, by its name in course.yaml.")]
ExercisesOption = Annotated[
    list[str] | None,
    typer.Option(
        "--exercise",
        help="Only this exercise: its name, LAB/NAME, or the beginning of its name. Again for another one.",
    ),
]
ModelOption = Annotated[str | None, typer.Option("--model", help="A model of course.yaml. [default: the course's]")]
DeviceOption = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]
PlainOption = Annotated[
    bool,
    typer.Option(
        "--plain", help="A sentence a line, without signs, colours and columns; MECHGRADE_PLAIN=1 does it too."
    ),
]
ServerOption = Annotated[
    bool,
    typer.Option(
        "--server/--no-server",
        envvar="MECHGRADE_SERVER",
        help="Keep the worker warm for the next command, for ten minutes.",
    ),
]
JobsOption = Annotated[
    str,
    typer.Option(
        "--jobs",
        metavar="N|auto",
        help="How many exercises, or programs of an audit, to grade at once. auto: one a processor, as long as there is memory for each to take all that "
        "limits.memory_mb of course.yaml allows; one on a GPU.",
    ),
]
BackendOption = Annotated[
    str | None, typer.Option("--backend", help="One of the bench's ways to compute. [default: the usual one]")
]


def exercises_of(course: Course, lab: str | None, named: list[str] | None) -> list[Exercise]:
    """The exercises that ``--lab`` and ``--exercise`` choose, each once, in the order of course.yaml.

    Raises:
        CourseError: there is no such lab or exercise, or several may be meant.
    """
    from mechgrade.progress.current import find

    wanted = {find(course, each, lab) for each in named} if named else set(course.exercises(lab))
    return [each for each in course.exercises() if each in wanted]


def _secret(text: str | None) -> str | None:
    """A secret as it was given. An empty one is a variable that was not set: graded without it, nobody would notice."""
    if text is not None and not text.strip():
        stop(
            "--hidden is empty, so there would be no hidden inputs: give a secret, or leave --hidden out (a variable of your CI may not be set)"
        )
    return text


HiddenOption = Annotated[
    str | None,
    typer.Option(
        "--hidden",
        envvar="MECHGRADE_SECRET",
        callback=_secret,
        help="Grade on hidden inputs too, drawn from this secret (needs solutions/).",
    ),
]


def processors() -> int:
    """Those that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def jobs_of(asked: str, course: Course, options: Options) -> int:
    """How many exercises to grade at once.

    Raises:
        CourseError: it is no number, and not ``auto``.
    """
    if asked == "auto":
        if options.device != "cpu":
            return 1  # each would have a context of its own on the GPU, and its own copy of the model
        from mechgrade.doors.doctor.machine import available_memory

        free, most = available_memory(), course.limits_of(options.model).memory_mb * 2**20
        return min(processors(), max(1, free // most)) if free is not None else processors()
    if not asked.isdecimal() or int(asked) < 1:
        raise CourseError(f"--jobs takes a number from 1 on, or auto, and not {asked!r}")
    return int(asked)


def stop(message: object, code: int = USER_ERROR) -> NoReturn:
    """End the command with a sentence on stderr and no traceback."""
    typer.secho(f"mechgrade: {message}", err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


def the_course(near: Path | None = None) -> Course:
    """The course around the current directory, or around a path that was named."""
    from mechgrade.course import find_course, load_course  # pydantic comes with it, and `--help` does without

    try:
        try:
            root = find_course()
        except CourseError:
            if near is None:
                raise
            root = find_course(near.absolute())
        return load_course(root)
    except CourseError as error:
        stop(error)


def see_different(**files: Path | None) -> None:
    """Stop where a file that is to be written is another one of a command: a platform's own table, for instance, would be gone.

    Args:
        files: by the option's name, with _ for -; the first is to be written.
    """
    seen: dict[Path, str] = {}
    for option, path in files.items():
        if path is None:
            continue
        name = "--" + option.replace("_", "-")
        other = seen.setdefault(path.resolve(), name)
        if other != name:
            stop(f"{other} and {name} are the same file, {path}, which would be overwritten; give {other} another name")


def see_folder(path: Path) -> None:
    """Stop where a folder for results cannot be made, because a file is there."""
    file = next((each for each in (path, *path.absolute().parents) if each.exists() and not each.is_dir()), None)
    if file is not None:
        stop(f"--out is the folder where results go, and {file} is a file; name a folder")


def write(path: Path, text: str) -> None:
    """Write a file that the user named, whole or not at all."""
    from mechgrade.files import write_atomic

    try:
        write_atomic(path, text)
    except OSError as error:
        stop(f"{path} could not be written: {error.strerror}")


def counted(number: int, noun: str) -> str:
    """``1 hint``, ``2 hints``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
