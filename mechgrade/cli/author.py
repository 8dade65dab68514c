"""Commands for instructors who write exercises: build, record, audit, model-card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mechgrade.cli.common import (
    DONE,
    NOT_FULL,
    BackendOption,
    ExerciseOption,
    LabOption,
    ModelOption,
    stop,
    the_course,
)
from mechgrade.errors import CourseError


def build(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 when something is stale.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite stubs even where they were edited.")] = False,
) -> None:
    """Make exercises/ and the hints from solutions/ (for instructors)."""
    from mechgrade.authoring.build import build as run_build
    from mechgrade.authoring.source import BuildError

    course = the_course()
    try:
        changed = run_build(course, check=check, force=force)
    except BuildError as error:
        stop(error, NOT_FULL)
    for line in changed:
        typer.echo(f"{'stale' if check else 'wrote'}: {line}")
    if not changed:
        typer.echo("exercises/ and hints are up to date")
    raise typer.Exit(NOT_FULL if check and changed else DONE)


def record(
    lab: LabOption = None,
    exercise: ExerciseOption = None,
    model: ModelOption = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 when something is stale.")
    ] = False,
) -> None:
    """Record what references and misconceptions give (for instructors)."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from mechgrade.authoring.record import RecordError, stale
    from mechgrade.authoring.record import record as run_record

    course = the_course()
    try:
        chosen = course.exercises(lab, exercise)
        name = course.model(model).name
        if check:
            reasons = stale(course, chosen, name)
            for reason in reasons:
                typer.echo(reason)
            typer.echo(f"{len(reasons)} stale" if reasons else f"{len(chosen)} recordings on {name} are up to date")
            raise typer.Exit(NOT_FULL if reasons else DONE)
        with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn()) as progress:
            task = progress.add_task("starting", total=None)
            written = run_record(
                course,
                chosen,
                name,
                lambda what, done, total: progress.update(task, description=what, completed=done, total=total),
            )
            progress.update(task, description="done", completed=1, total=1)
        typer.echo(f"recorded {len(written)} exercises on {name}")
    except CourseError as error:
        stop(error)
    except RecordError as error:
        stop(error, NOT_FULL)


def audit(
    lab: LabOption = None,
    exercise: ExerciseOption = None,
    model: ModelOption = None,
    backend: BackendOption = "bridge",
    threads: Annotated[int, typer.Option(help="Torch threads of each program.", min=1)] = 1,
    with_mutants: Annotated[bool, typer.Option("--mutants/--no-mutants", help="Grade mechanical mutants too.")] = True,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the audit to this file as JSON.")] = None,
) -> None:
    """Grade the graders: right programs must pass, wrong ones must be rejected and named (for instructors).

    Exit code 1 when a grader errs or a mutant survives.
    """
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from mechgrade.authoring.audit import Auditor, write_json
    from mechgrade.authoring.source import BuildError
    from mechgrade.reports.audit import audit_table

    course = the_course()
    console = Console(highlight=False)
    try:
        chosen = course.exercises(lab, exercise)
        name = course.model(model).name
        with Progress(TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn(), transient=True) as progress:
            task = progress.add_task("starting", total=None)

            def advance(what: str, done: int, total: int) -> None:
                progress.update(task, description=what, completed=done, total=total)

            result = Auditor(course, name, backend, threads, advance).audit(chosen, with_mutants=with_mutants)
    except CourseError as error:
        stop(error)
    except BuildError as error:
        stop(error, NOT_FULL)
    console.print(audit_table(result))
    for problem in result.problems:
        console.print(problem, soft_wrap=True)
    survivors = [(entry.exercise, each) for entry in result.entries for each in entry.survivors]
    for where, each in survivors:
        console.print(f"{where}: survives: {each['mutant']}", soft_wrap=True, markup=False)
    if json_file is not None:
        write_json(result, json_file)
    raise typer.Exit(NOT_FULL if result.problems or survivors else DONE)


def model_card(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the table as Markdown.")] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Also write it beside the weights and into README.md (for instructors).")
    ] = False,
) -> None:
    """Measure the embedded model and SAE again, and print the table.

    Exit code 1 when a requirement is missed.
    """
    from mechgrade.embedded import card

    if write:
        card.write_readmes()
    raise typer.Exit(card.main(markdown=markdown))
