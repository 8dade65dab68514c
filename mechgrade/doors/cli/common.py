"""What the commands share: options, exit codes, and the way a user's mistake is told."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course
    from mechgrade.grading.worker import Worker
    from mechgrade.protocol.job import Isolation

#: Exit codes: done / below full marks with --strict, or something is stale / the user's mistake / the machine's or grader's fault.
DONE, NOT_FULL, USER_ERROR, FAULT = 0, 1, 2, 3
#: After Ctrl-C, as shells have it.
STOPPED = 130

LabOption = Annotated[str | None, typer.Option("--lab", help="Only this lab, such as lab3.")]
ExerciseOption = Annotated[str | None, typer.Option("--exercise", help="Only this exercise.")]
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
BackendOption = Annotated[str, typer.Option("--backend", help="TransformerLens's class: bridge or hooked.")]


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


def open_worker(course: Course, warm: bool) -> Worker:
    """A worker: one that outlives the command, or one of the command's own."""
    from mechgrade.grading.warm.worker import WarmWorker
    from mechgrade.grading.worker import Worker
    from mechgrade.sandbox import probe

    seconds = course.limits.start_seconds
    return WarmWorker(course, seconds, probe().level) if warm else Worker(seconds)


def isolation_level(
    course: Course, wanted: str | None, required: str | None = None, pdb: bool = False
) -> tuple[Isolation, list[str]]:
    """The level to grade at, and what this machine lacks for ``full`` where it was not chosen to do with less.

    Args:
        course: its ``isolation`` is the weakest level that is taken without being named.
        wanted: a level that the user named.
        required: a level below which the user wants no grading at all.
        pdb: whether a debugger is to reach the code.

    Raises:
        CourseError: no such level, or not on this machine; the text says what is missing and how to get it.
    """
    from mechgrade.sandbox import probe

    levels: list[Isolation] = ["inline", "process", "full"]
    if wanted is not None and wanted not in levels:
        raise CourseError(f"there is no isolation {wanted!r}; there are {', '.join(reversed(levels))}")
    if required is not None and required not in ("process", "full"):
        raise CourseError(f"--require-isolation takes full or process, not {required!r}")
    if pdb and wanted not in (None, "inline"):
        raise CourseError("--pdb needs --isolation inline: a debugger cannot reach into another process")
    offered = probe()
    level: Isolation = "inline" if pdb else offered.level
    if wanted is not None:
        level = next(each for each in levels if each == wanted)
    if level == "full" and offered.level != "full":
        raise CourseError("isolation full is not to be had on this machine: " + " ".join(offered.missing))
    # Who names a level, or debugs, has chosen; otherwise the course has.
    least = required or (course.isolation if wanted is None and not pdb else "inline")
    if levels.index(level) < levels.index(least):  # type: ignore[arg-type]  # one of them, by the checks above
        whose = "--require-isolation" if required else "course.yaml"
        lacking = "" if offered.level == "full" else ": " + " ".join(offered.missing)
        raise CourseError(f"{whose} asks for isolation {least}, and this would be graded at {level}{lacking}")
    return level, offered.missing if level == "process" and wanted is None else []
