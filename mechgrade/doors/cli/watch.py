"""`mechgrade watch`."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechgrade.doors.cli.common import (
    BackendOption,
    ExercisesOption,
    LabOption,
    ModelOption,
    PlainOption,
    ServerOption,
    exercises_of,
    stop,
    the_course,
)
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Exercise

#: Tells a watch that starts anew what had just been saved.
_SAVED = "MECHGRADE_SAVED"


def _of_a_file(path: Path, exercise: Exercise) -> str:
    """What to do in the place of watching a file."""
    from mechgrade.reports.terminal import short

    says = f"{path} is a file, and watch takes a folder like exercises/, in which each lab has a folder of its own"
    folder = path.absolute().parent
    if path.name != f"{exercise.name}.py" or folder.name != exercise.lab:
        return says
    return f"{says}; for this file: mechgrade watch {short(str(folder.parent))} --exercise {exercise.name}"


def watch(
    path: Annotated[Path | None, typer.Argument(help="A directory like exercises/.")] = None,
    lab: LabOption = None,
    exercises: ExercisesOption = None,
    model: ModelOption = None,
    backend: BackendOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    plain: PlainOption = False,
    server: ServerOption = True,
) -> None:
    """Grade each exercise when you save it; keys for a hint, all exercises, plots.

    Ends with q, or Ctrl-C. Without a terminal it prints a line for each save and reads no keys.
    """
    from mechgrade.course.devices import see_here
    from mechgrade.doors.watch.events import Saved
    from mechgrade.doors.watch.keys import is_terminal, keys
    from mechgrade.doors.watch.loop import Loop
    from mechgrade.doors.watch.saves import Saves
    from mechgrade.doors.workers import open_worker
    from mechgrade.grading.dependencies import held_by_command
    from mechgrade.grading.grade import Grading
    from mechgrade.grading.options import resolve
    from mechgrade.grading.warm.fingerprint import fingerprint
    from mechgrade.reports.screen import open_screen
    from mechgrade.sandbox import probe
    from mechgrade.submissions.find import find_submission

    course = the_course(path)
    held, before = held_by_command(course), fingerprint(course, probe().level)
    # As Ctrl-C does: what was begun is ended, and the terminal left as it was.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    loop = None
    worker = None
    try:
        chosen = exercises_of(course, lab, exercises)
        submission = find_submission(
            course, path or course.root / "exercises", lab, chosen if exercises else [], live=True
        )
        if submission.exercises and path is not None:
            raise CourseError(_of_a_file(path, submission.exercises[0]))
        see_here(device)
        options = resolve(course, model=model, backend=backend, device=device)
        if not any(submission.file(each).is_file() for each in chosen):
            raise CourseError(
                f"there is no {chosen[0].lab}/{chosen[0].name}.py in {submission.path}; give a folder like exercises/, "
                "in which each lab has a folder of its own"
            )
        worker = open_worker(course, options, warm=server)
        if chosen:
            worker.start(options.spec(course, course.lab(chosen[0].lab)))  # it loads while the learner edits
        interactive = is_terminal()
        loop = Loop(
            course,
            Grading(course, options, worker),
            submission,
            chosen,
            open_screen(plain),
            interactive,
            is_current=lambda: held.unchanged() and fingerprint(course, probe().level) == before,
        )
        first = os.environ.pop(_SAVED, "").split()
        if first:
            loop.events.put(Saved(tuple(each for each in chosen if str(each) in first)))
        saves = Saves(course, submission.path, chosen, loop.events.put)
        saves.start()
        try:
            with keys(loop.events.put) if interactive else contextlib.nullcontext():
                loop.run()
        finally:
            saves.close()
    except CourseError as error:
        stop(error)
    finally:
        if worker is not None:
            worker.close()
    if loop.outdated:
        typer.echo("The engine, the model or course.yaml has changed: starting anew.")
        sys.stdout.flush()
        saved = " ".join(map(str, loop.outdated))
        command = [sys.executable, "-m", "mechgrade.doors.cli", *sys.argv[1:]]
        os.execve(sys.executable, command, {**os.environ, _SAVED: saved})
