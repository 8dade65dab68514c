"""`mechgrade audit` and `mechgrade promises`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechgrade.doors.cli.common import (
    DONE,
    NOT_FULL,
    BackendOption,
    DeviceOption,
    ExercisesOption,
    JobsOption,
    LabOption,
    ModelOption,
    exercises_of,
    jobs_of,
    stop,
    the_course,
)
from mechgrade.errors import CourseError


def audit(
    lab: LabOption = None,
    exercise: ExercisesOption = None,
    model: ModelOption = None,
    backend: BackendOption = None,
    threads: Annotated[int, typer.Option(help="Torch threads of each program.", min=1)] = 1,
    device: DeviceOption = "cpu",
    jobs: JobsOption = "auto",
    with_mutants: Annotated[bool, typer.Option("--mutants/--no-mutants", help="Grade mechanical mutants too.")] = True,
    form: Annotated[bool, typer.Option("--form", help="Only the house rules of form: run nothing.")] = False,
    portable: Annotated[
        bool,
        typer.Option("--portable", help="Only whether right programs would fail on a GPU, which none is needed for."),
    ] = False,
    changed: Annotated[
        bool, typer.Option("--changed", help="Only exercises that changed since docs/audit.json was written.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Keep what was found in docs/audit.json and README.md's table.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the audit to this file as JSON.")] = None,
) -> None:
    """Grade the graders: right programs must pass, wrong ones be rejected, and named where what is wrong tells them apart (for instructors).

    Each misconception is also judged as if its own sentence were not known: to be told another's then would be untrue.
    Exit code 1 when a rule of form is broken, a grader errs or a mutant survives.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from mechgrade.authoring import ledger
    from mechgrade.authoring.audit import Auditor, write_json
    from mechgrade.authoring.rules import broken_rules
    from mechgrade.bench.specs import bench_spec
    from mechgrade.course.devices import see_here
    from mechgrade.course.source import BuildError
    from mechgrade.grading.options import Options
    from mechgrade.reports.audit import audit_table, confusion

    course = the_course()
    console = Console(highlight=False)
    try:
        chosen = exercises_of(course, lab, exercise)
        name = course.model(model).name
        if write and name != course.default_model:
            raise CourseError(f"--write keeps audits of {course.default_model} alone; leave --model or --write out")
        see_here(device)
        spec = bench_spec(course, name, backend, device)
        backend = spec.backend
        if write and spec.device != "cpu":
            raise CourseError("--write keeps audits on the CPU alone; leave --device or --write out")
        if changed:
            stale = ledger.outdated(course, ledger.read(course), backend, threads)
            chosen = [each for each in chosen if each in stale]
        if form:
            problems = broken_rules(course, chosen, name)
            for problem in problems:
                console.print(problem, soft_wrap=True, markup=False)
            console.print(f"{len(problems)} problems of form" if problems else f"{len(chosen)} exercises are in form")
            raise typer.Exit(NOT_FULL if problems else DONE)
        with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), transient=True) as progress:
            task = progress.add_task("starting", total=None)

            def advance(what: str, done: int, total: int) -> None:
                progress.update(task, description=what, completed=done, total=total)

            count = jobs_of(jobs, course, Options(name, backend, spec.device))
            auditor = Auditor(course, name, backend, threads, spec.device, advance, jobs=count)
            if portable:
                if spec.device != "cpu":
                    raise CourseError("--portable says what would fail on a GPU without one; leave --device out")
                count, problems = auditor.portable(chosen)
            else:
                result = auditor.audit(chosen, with_mutants=with_mutants)
        if portable:
            for problem in problems:
                console.print(problem, soft_wrap=True, markup=False)
            console.print(
                f"{count} right programs, {len(problems)} of their lines would fail on a GPU or are not known"
            )
            raise typer.Exit(NOT_FULL if problems else DONE)
        kept = ledger.keep(course, result, backend, threads) if write else []
    except CourseError as error:
        stop(error)
    except BuildError as error:
        stop(error, NOT_FULL)
    console.print(audit_table(result))
    console.print(confusion(result), soft_wrap=True)
    for problem in result.problems:
        console.print(problem, soft_wrap=True, markup=False)
    survivors = [(entry.exercise, each) for entry in result.entries for each in entry.survivors]
    for where, each in survivors:
        console.print(f"{where}: survives: {each['mutant']}", soft_wrap=True, markup=False)
    for path in kept:
        console.print(f"wrote: {path.relative_to(course.root)}", markup=False)
    if json_file is not None:
        write_json(result, json_file)
    raise typer.Exit(NOT_FULL if result.problems or survivors else DONE)


def promises(lab: LabOption = None, exercise: ExercisesOption = None) -> None:
    """Show what the texts bind a learner to, and which wrong program breaks each promise (for instructors).

    The list of an exercise is solutions/<lab>/variants/<name>.yaml. Nothing is run here: `mechgrade audit` grades the programs. Exit code
    1 when a sentence of Args, Returns or Raises is in no list, when no program breaks a promise, or when a program breaks none.
    """
    from rich.console import Console
    from rich.table import Table

    from mechgrade.authoring.promises import broken_promises, read_promises
    from mechgrade.course.source import BuildError

    course = the_course()
    console = Console(highlight=False)
    problems: list[str] = []
    without: list[str] = []
    table = Table("exercise", "promise", "the text says", "broken by", box=None, pad_edge=False)
    count = 0
    try:
        for each in exercises_of(course, lab, exercise):
            found, _wrong = read_promises(course, each)
            problems += broken_promises(course, each)
            if not course.promises_path(each).is_file():
                without.append(str(each))
            for name, promise in found.promises.items() if found else ():
                table.add_row(str(each), name, promise.says[0], ", ".join(promise.broken_by))
                count += 1
    except CourseError as error:
        stop(error)
    except BuildError as error:
        stop(error, NOT_FULL)
    console.print(table)
    for problem in problems:
        console.print(problem, soft_wrap=True, markup=False)
    console.print(
        f"{count} promises, each with a program that breaks it" if not problems else f"{len(problems)} problems"
    )
    if without:
        console.print(f"no list of promises: {', '.join(without)}", soft_wrap=True, markup=False)
    raise typer.Exit(NOT_FULL if problems else DONE)
