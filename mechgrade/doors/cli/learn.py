"""Commands for learners besides `grade`: the map, hints, the reference, the demonstration, the debugger, progress."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mechgrade.doors.cli.common import (
    DONE,
    FAULT,
    NOT_FULL,
    BackendOption,
    DeviceOption,
    LabOption,
    ModelOption,
    PlainOption,
    counted,
    stop,
    the_course,
    write,
)
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course, Exercise
    from mechgrade.progress.progress import Progress, State
    from mechgrade.submissions.submission import Submission

ExerciseArgument = Annotated[
    str | None,
    typer.Argument(help="Its name, LAB/NAME, file, or the beginning of its name. [default: the current one]"),
]


def keep(action: Callable[[], None]) -> None:
    """Do something to the progress; where that fails, say so and go on: no grading and no hint depends on it."""
    from mechgrade.progress.progress import ProgressError

    try:
        action()
    except ProgressError as error:
        typer.secho(f"mechgrade: {error}", err=True, fg=typer.colors.YELLOW)


def read_state(progress: Progress) -> State:
    """The progress so far, or none where it cannot be read; what there is to remark is said."""
    from mechgrade.progress.progress import ProgressError, State

    try:
        state = progress.read()
    except ProgressError as error:
        typer.secho(f"mechgrade: {error}", err=True, fg=typer.colors.YELLOW)
        return State()
    for remark in progress.remarks:
        typer.secho(f"mechgrade: {remark}", err=True, fg=typer.colors.YELLOW)
    return state


def chosen(course: Course, state: State, name: str | None, lab: str | None) -> Exercise:
    """The exercise that a command is about: the one that was named, or the current one."""
    from mechgrade.progress.current import current, find

    try:
        found = find(course, name, lab) if name is not None else current(course, state, lab)
    except CourseError as error:
        stop(error)
    if found is None:
        stop("every exercise is passed: name the one that you mean")
    return found


def near(exercise: str | None) -> Path | None:
    """Where to look for the course if it is not around the current directory: around a file that was named."""
    return Path(exercise) if exercise is not None and Path(exercise).is_file() else None


def file_named(course: Course, exercise: str | None, lab: str | None) -> Submission | None:
    """The very file whose path was typed; None where an exercise's name was typed, or nothing."""
    from mechgrade.doors.learner.meant import named_file

    try:
        return named_file(course, exercise, lab) if exercise is not None else None
    except CourseError as error:
        stop(error)


def course_map(
    lab: LabOption = None,
    plain: PlainOption = False,
) -> None:
    """Show the course: what is passed, points, minutes done and left, and what is next."""
    from mechgrade.progress.outlook import outlook
    from mechgrade.progress.progress import Progress
    from mechgrade.reports.course_map import show_map
    from mechgrade.reports.screen import open_screen

    course = the_course()
    try:
        found = outlook(course, read_state(Progress(course)), lab)
    except CourseError as error:
        stop(error)
    screen = open_screen(plain)
    show_map(course, found, screen)
    for sentence in older_work(course, course.exercises(lab)):
        screen.say(f"Note: {sentence}.")


def older_work(course: Course, exercises: Iterable[Exercise]) -> list[str]:
    """What to do about files of exercises that are part of another now, a sentence each."""
    from mechgrade.submissions.merged import in_words, uncopied

    return [in_words(course, each) for each in uncopied(course, exercises)]


def read(
    exercise: ExerciseArgument = None,
    lab: LabOption = None,
    plain: PlainOption = False,
) -> None:
    """Read an exercise's text here, with its formulas in plain signs."""
    from mechgrade.progress.progress import Progress
    from mechgrade.reports.reading import show_lesson
    from mechgrade.reports.screen import open_screen
    from mechgrade.submissions.submission import SubmissionError

    course = the_course()
    found = chosen(course, read_state(Progress(course)), exercise, lab)
    try:
        show_lesson(course, found, open_screen(plain))
    except SubmissionError as error:
        stop(error)


def hint(
    exercise: ExerciseArgument = None,
    number: Annotated[
        int | None,
        typer.Argument(help="Which hint; the first is the gentlest. [default: the one you read last]", min=1),
    ] = None,
    more: Annotated[bool, typer.Option("--more", help="The next hint after those you have read.")] = False,
    lab: LabOption = None,
) -> None:
    """Give a hint for an exercise, gentle ones first."""
    from mechgrade.course.hints import guide
    from mechgrade.progress.progress import Progress

    course = the_course()
    progress = Progress(course)
    state = read_state(progress)
    if exercise is not None and exercise.isdigit() and number is None:  # `mechgrade hint 2`
        number, exercise = int(exercise), None
    found = chosen(course, state, exercise, lab)
    hints = guide(course, found).hints
    if not hints:
        stop(f"there are no hints in {course.hints_path(found.lab)}; restore it from the course", FAULT)
    seen = state.of(found).hints
    if number is None:
        number = seen + 1 if more else max(min(seen, len(hints)), 1)
    elif more:
        stop(f"give either a number or --more: mechgrade hint {found.name} --more")
    if not 1 <= number <= len(hints):
        stop(f"{found.name} has {len(hints)} hints" + ("; you have seen the last" if more else ""))
    typer.echo(f"{found.name}, hint {number} of {len(hints)}\n\n{hints[number - 1].strip()}")
    shown = number
    keep(lambda: progress.hinted(found, shown))
    if number < len(hints):
        typer.secho(f"\nanother: mechgrade hint {found.name} --more", dim=True)
    else:
        typer.secho(f"\nthat was the last; the reference: mechgrade solution {found.name} --give-up", dim=True)


def solution(
    exercise: Annotated[str, typer.Argument(help="Its name, LAB/NAME, file, or the beginning of its name.")],
    give_up: Annotated[
        bool, typer.Option("--give-up", help="Show it though you have not passed; your progress says so.")
    ] = False,
    lab: LabOption = None,
) -> None:
    """Show the reference of an exercise that you have passed, or give up on."""
    from mechgrade.doors.learner.reference import NoReferenceError, reference_of
    from mechgrade.progress.progress import Progress

    course = the_course()
    progress = Progress(course)
    state = read_state(progress)
    found = chosen(course, state, exercise, lab)
    passed = bool(state.of(found).first_pass)
    if not passed and not give_up:
        stop(
            f"you have not passed {found.name} yet: `mechgrade hint {found.name} --more` helps on, and "
            f"`mechgrade solution {found.name} --give-up` shows the reference and notes that you asked for it"
        )
    try:
        text = reference_of(course.solution_path(found))
    except NoReferenceError as error:
        stop(error)
    if not passed:
        keep(lambda: progress.gave_up(found))
    typer.echo(text, nl=False)


def try_exercise(
    exercise: ExerciseArgument = None,
    lab: LabOption = None,
    model: ModelOption = None,
    backend: BackendOption = None,
    device: DeviceOption = "cpu",
) -> None:
    """Run your own file's demonstration and save its plots under outputs/.

    Without a name it is the current exercise's, or the one's that you have just passed. Exit code 1 when your code raised
    an error, 3 when a plot could not be written.
    """
    from mechgrade.bench.specs import bench_spec
    from mechgrade.course.devices import resolve, see_here
    from mechgrade.doors.learner.demonstration import demonstrate
    from mechgrade.progress.current import latest
    from mechgrade.progress.progress import Progress
    from mechgrade.reports.terminal import short
    from mechgrade.submissions.words import BRINGS_BACK

    course = the_course(near(exercise))
    progress = Progress(course)
    state = read_state(progress)
    file = file_named(course, exercise, lab)
    last = latest(course, state)
    if exercise is None and last is not None and state.passed(last) and lab in (None, last.lab):
        exercise = str(last)  # the current one is another by now, of which there is nothing to plot
    found = file.exercises[0] if file is not None else chosen(course, state, exercise, lab)
    path = file.file(found) if file is not None else course.stub_path(found)
    if not path.is_file():
        stop(f"there is no {short(str(path))}; {BRINGS_BACK}")
    try:
        see_here(device)
        bench_spec(
            course, model, backend, device, course.lab(found.lab)
        )  # refuses a model that can be used for nothing
        environment = {"MODEL": course.model(model).name, "BACKEND": backend or "", "DEVICE": resolve(device)}
    except CourseError as error:
        stop(error)
    if exercise != found.name:
        typer.echo(f"running {short(str(path))}")
    printed: list[str] = []

    def say(line: str) -> None:
        printed.append(line)
        typer.echo(line)

    done = demonstrate(path, course.root, environment, say)
    if done.not_started:
        stop(f"{done.unwritten or found.name} is not written yet: edit {short(str(path))} first", NOT_FULL)
    if done.refused:
        stop(done.refused, FAULT)
    if done.code:
        typer.echo(done.error)
        named = found.name if file is None else exercise
        typer.echo(f"\nYour file ended with an error; `mechgrade debug {named}` stops where a check fails.")
        raise typer.Exit(NOT_FULL)
    for saved in done.saved:
        typer.echo(f"saved {short(str(saved))}")
    if not (printed or done.saved):
        typer.echo(
            "Your file ran. It printed nothing and saved no plot: the demonstration stands in the stub, "
            'under `if __name__ == "__main__":`.'
        )
    keep(lambda: progress.tried(found))
    if done.unsaved:
        raise typer.Exit(FAULT)


def debug(
    exercise: ExerciseArgument = None,
    lab: LabOption = None,
    model: ModelOption = None,
    backend: BackendOption = None,
    device: DeviceOption = "cpu",
) -> None:
    """Stop in your own code, in the debugger pdb, on the inputs of the first check that fails (isolation inline)."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # a bar for loading weights, in the middle of a conversation
    from mechgrade.course.devices import see_here
    from mechgrade.doors.learner.debugger import debug as run_debugger
    from mechgrade.grading.errors import InfrastructureError
    from mechgrade.grading.options import resolve
    from mechgrade.progress.progress import Progress
    from mechgrade.submissions.find import find_submission

    course = the_course(near(exercise))
    file = file_named(course, exercise, lab)
    found = file.exercises[0] if file is not None else chosen(course, read_state(Progress(course)), exercise, lab)
    if exercise != found.name:
        typer.echo(f"{found}:")
    try:
        submission = file or find_submission(course, course.root / "exercises", found.lab, [found])
        see_here(device)
        options = resolve(course, model=model, backend=backend, device=device, isolation="inline")
        stopped = run_debugger(course, found, submission, options, typer.echo)
    except CourseError as error:
        stop(error)
    except InfrastructureError as error:
        stop(error, FAULT)
    raise typer.Exit(NOT_FULL if stopped else DONE)


def progress_command(
    export: Annotated[Path | None, typer.Option("--export", help="Write your progress to this file as JSON.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Forget all of it.")] = False,
) -> None:
    """Say where your progress is kept; export it, or delete it. It is sent nowhere."""
    from mechgrade.progress.outlook import duration, passed_before
    from mechgrade.progress.progress import Progress, ProgressError

    course = the_course()
    progress = Progress(course)
    state = read_state(progress)
    if export is not None:
        document = {name: vars(entry) for name, entry in state.entries.items()}
        write(export, json.dumps(document, indent=1) + "\n")
        typer.echo(f"wrote {export}")
    if delete:
        try:
            typer.echo("deleted your progress" if progress.delete() else "there was no progress to delete")
        except ProgressError as error:
            stop(error)
    if export is None and not delete:
        seconds = sum(entry.seconds for entry in state.entries.values())
        passed = sum(bool(entry.first_pass) for entry in state.entries.values())
        hints = sum(entry.hints for entry in state.entries.values())
        counts = f"{counted(passed, 'exercise')} passed, {counted(hints, 'hint')} read"
        typer.echo(f"{counts}, {duration(seconds / 60)} worked (estimated)")
        for lab in course.labs.values():
            for old, now in passed_before(state, lab):
                typer.echo(f"{old} is among them; it is part of {now.name} now, and its points are counted there")
        typer.echo(f"kept in {progress.path}, and sent nowhere")
        typer.echo("--export FILE copies it, --delete forgets it")
