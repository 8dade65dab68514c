"""`mechgrade grade`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechgrade.doors.cli.common import (
    DONE,
    FAULT,
    NOT_FULL,
    STOPPED,
    BackendOption,
    ExercisesOption,
    HiddenOption,
    JobsOption,
    LabOption,
    ModelOption,
    PlainOption,
    ServerOption,
    exercises_of,
    jobs_of,
    stop,
    the_course,
)
from mechgrade.doors.cli.learn import keep, older_work, read_state
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course, Exercise


def grade(
    path: Annotated[
        Path | None,
        typer.Argument(help="A directory like exercises/, a .py file, a lab's notebook, or an exercise's name."),
    ] = None,
    lab: LabOption = None,
    exercises: ExercisesOption = None,
    model: ModelOption = None,
    backend: BackendOption = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    isolation: Annotated[
        str | None, typer.Option(help="full, process or inline. [default: the best this machine offers]")
    ] = None,
    require_isolation: Annotated[
        str | None,
        typer.Option(
            help="Refuse to grade at less than this level: full or process. [default: what course.yaml asks for]"
        ),
    ] = None,
    hidden: HiddenOption = None,
    portable: Annotated[
        bool,
        typer.Option(
            "--portable",
            help="Also say what would fail on a GPU, of exercises that pass here (a second run; no points).",
        ),
    ] = False,
    pdb: Annotated[
        bool, typer.Option("--pdb", help="Stop in the debugger where a check fails (isolation inline).")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result to this file as JSON.")] = None,
    html_file: Annotated[
        Path | None, typer.Option("--html", help="Write a page with verdicts and pictures to this file.")
    ] = None,
    jobs: JobsOption = "auto",
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 below full marks.")] = False,
    plain: PlainOption = False,
    server: ServerOption = True,
) -> None:
    """Grade your exercises and say what to do next.

    Exit code 0 when grading happened, whatever the score; 2 for a mistake in the command or in course.yaml; 3 when the
    machine or a grader failed, or a file that was asked for could not be written; 130 after Ctrl-C.
    """
    from mechgrade.course import devices
    from mechgrade.doors.host.leave import leave_host
    from mechgrade.doors.workers import open_worker
    from mechgrade.grading.errors import InfrastructureError
    from mechgrade.grading.options import resolve
    from mechgrade.grading.warm.worker import WarmWorker
    from mechgrade.progress.outlook import completed
    from mechgrade.progress.progress import Progress
    from mechgrade.reports.screen import open_screen
    from mechgrade.submissions.find import find_submission

    course = the_course(path)
    screen = open_screen(plain)
    progress = Progress(course)
    state = read_state(progress)
    worker = None
    try:
        path, named = _named(course, path, lab, exercises)
        submission = find_submission(course, path or course.root / "exercises", lab, named)
        for note in submission.notes:
            screen.say(f"Note: {note}")
        chosen = list(submission.exercises) or named or course.exercises(lab)
        if submission.path == course.root / "exercises":
            for sentence in older_work(course, chosen):
                screen.say(f"Note: {sentence}.")
        if pdb and isolation not in (None, "inline"):
            raise CourseError("--pdb needs --isolation inline: a debugger cannot reach into another process")
        devices.see_here(device)
        options = resolve(
            course,
            model=model,
            backend=backend,
            device=device,
            isolation="inline" if pdb else isolation,
            require=require_isolation,
            hidden=hidden,
            views=html_file is not None,
            portable=portable,
        )
        count = jobs_of(jobs, course, options)
        if options.device == "mps":
            screen.say(f"Careful: {devices.MPS_WARNING}")
        worker = open_worker(course, options, warm=server)
        # It loads while what follows is imported: pytest takes as long as all before it.
        worker.start(options.spec(course, course.lab(chosen[0].lab)))
        from mechgrade.grading.grade import grade as run_grading
        from mechgrade.reports.terminal import TerminalReport

        report = TerminalReport(
            course,
            screen,
            found=len(chosen) == 1,
            hints_seen=lambda name: state.entries[name].hints if name in state.entries else 0,
            absent=submission.absent,
        )
        result = run_grading(
            course, submission, chosen, options, worker, on_result=report.exercise, pdb=pdb, jobs=count
        )
    except CourseError as error:
        stop(error)
    except InfrastructureError as error:
        stop(error, FAULT)
    except KeyboardInterrupt:
        stop("interrupted; what is shown above was graded, and no score is kept: run the same again", STOPPED)
    finally:
        if worker is not None:
            worker.close()
    report.total(result)
    if isinstance(worker, WarmWorker):
        if worker.note:
            screen.say(f"  Note: {worker.note}")
        if not hidden:
            leave_host()
    if not hidden:
        keep(lambda: progress.graded(result))
        report.learned(completed(course, state, read_state(progress)))
    unwritten = False
    if json_file is not None:
        unwritten |= not _put(json_file, json.dumps(result.as_tree(), indent=1) + "\n")
    if html_file is not None:
        from mechgrade.reports.html import page

        if _put(html_file, page(course, result, read_state(progress))):
            screen.say(f"  Report {html_file}")
        else:
            unwritten = True
    if result.faults or unwritten:
        raise typer.Exit(FAULT)
    raise typer.Exit(NOT_FULL if strict and result.score < result.max_score else DONE)


def _put(path: Path, text: str) -> bool:
    """Write a file beside the grade. If the disk does not take the file, the grade stands."""
    from mechgrade.files import write_atomic

    try:
        write_atomic(path, text)
    except OSError as error:
        typer.secho(
            f"mechgrade: {path} could not be written: {error.strerror}. The grade above stands.",
            err=True,
            fg=typer.colors.RED,
        )
        return False
    return True


def _named(
    course: Course, path: Path | None, lab: str | None, names: list[str] | None
) -> tuple[Path | None, list[Exercise]]:
    """The path, and the exercises that are named. What is no path may be the name of an exercise."""
    if path is not None and not path.exists():
        try:
            exercises_of(course, lab, [str(path)])
        except CourseError as error:
            raise CourseError(f"there is nothing at {path}, and {error}") from None
        return None, exercises_of(course, lab, [str(path), *(names or [])])
    if path is not None and path.is_file() and lab is None and path.absolute().parent.name in course.labs:
        lab = path.absolute().parent.name
    return path, exercises_of(course, lab, names) if names else []
