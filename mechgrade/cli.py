"""The one command, ``mechgrade``. Each subcommand imports what it needs, so that ``--help`` and ``hint`` answer at once."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from mechgrade.course import Course, CourseError, find_course, load_course
from mechgrade.spec import Isolation

#: Exit codes: grading happened / below full marks with --strict / the user's mistake / the machine's or grader's fault.
DONE, NOT_FULL, USER_ERROR, FAULT = 0, 1, 2, 3

app = typer.Typer(
    help="Exercises in mechanistic interpretability, graded on a real transformer.\n\nStart with `mechgrade grade`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LabOption = Annotated[str | None, typer.Option("--lab", help="Only this lab, such as lab3.")]
ExerciseOption = Annotated[str | None, typer.Option("--exercise", help="Only this exercise.")]
ModelOption = Annotated[str | None, typer.Option("--model", help="A model of course.yaml. [default: the course's]")]


def _stop(message: object, code: int = USER_ERROR) -> NoReturn:
    typer.secho(f"mechgrade: {message}", err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


def _course(near: Path | None = None) -> Course:
    """The course around the current directory, or around a path that was named."""
    try:
        try:
            root = find_course()
        except CourseError:
            if near is None:
                raise
            root = find_course(near.absolute())
        return load_course(root)
    except CourseError as error:
        _stop(error)


@app.command()
def grade(
    path: Annotated[Path | None, typer.Argument(help="A directory like exercises/, or one .py file.")] = None,
    lab: LabOption = None,
    exercise: ExerciseOption = None,
    model: ModelOption = None,
    backend: Annotated[str, typer.Option(help="TransformerLens's class: bridge or hooked.")] = "bridge",
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
    isolation: Annotated[
        str | None, typer.Option(help="full, process or inline. [default: the best this machine offers]")
    ] = None,
    hidden: Annotated[
        str | None,
        typer.Option(
            "--hidden",
            envvar="MECHGRADE_SECRET",
            help="Grade on hidden inputs too, drawn from this secret (needs solutions/).",
        ),
    ] = None,
    pdb: Annotated[
        bool, typer.Option("--pdb", help="Stop in the debugger where a check fails (isolation inline).")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the result to this file as JSON.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 below full marks.")] = False,
) -> None:
    """Grade your exercises and say what to do next.

    Exit code 0 when grading happened, whatever the score; 2 for a mistake in the command or in course.yaml; 3 when the
    machine or a grader failed.
    """
    from rich.console import Console

    from mechgrade.grading.grader import Grader, Settings
    from mechgrade.grading.remote import InfrastructureError, Zygote
    from mechgrade.grading.run import grade as run_grading
    from mechgrade.grading.submission import find_submission
    from mechgrade.reports.terminal import TerminalReport

    course = _course(path)
    console = Console(highlight=False)
    # First of all, because importing torch takes longest and happens beside all that follows.
    zygote = Zygote(course.limits.start_seconds)
    try:
        submission = find_submission(course, path or course.root / "exercises", lab, exercise)
        chosen = [submission.only] if submission.only else course.exercises(lab, exercise)
        level = _isolation(isolation, pdb)
        if hidden and not (course.root / "solutions").is_dir():
            raise CourseError("--hidden runs the references, and there is no solutions/ here")
        if level != "inline":
            zygote.start()
        settings = Settings(submission, model, backend, _device(device), level, hidden=hidden or None)
        report = TerminalReport(course, console, found=len(chosen) == 1)
        grader = Grader(course, settings, zygote, on_result=report.exercise)
        result = run_grading(grader, chosen, pdb=pdb)
    except CourseError as error:
        _stop(error)
    except InfrastructureError as error:
        _stop(error, FAULT)
    finally:
        zygote.close()
    report.total(result)
    if json_file is not None:
        _write(json_file, json.dumps(result.as_tree(), indent=1) + "\n")
    if result.faults:
        raise typer.Exit(FAULT)
    raise typer.Exit(NOT_FULL if strict and result.score < result.max_score else DONE)


def _isolation(wanted: str | None, pdb: bool) -> Isolation:
    from mechgrade.worker.sandbox import probe

    if pdb and wanted not in (None, "inline"):
        raise CourseError("--pdb needs --isolation inline: a debugger cannot reach into another process")
    if wanted is None:
        return "inline" if pdb else probe().level
    if wanted == "full" and probe().level != "full":
        raise CourseError("isolation full is not to be had on this machine: " + " ".join(probe().missing))
    levels: dict[str, Isolation] = {"full": "full", "process": "process", "inline": "inline"}
    if wanted not in levels:
        raise CourseError(f"there is no isolation {wanted!r}; there are {', '.join(levels)}")
    return levels[wanted]


def _device(wanted: str) -> str:
    if wanted == "auto":
        # /proc tells without importing torch; a driver without a usable GPU shows when the worker loads the model.
        return "cuda" if Path("/proc/driver/nvidia/version").exists() and _cuda_torch() else "cpu"
    if wanted == "cpu" or wanted.split(":")[0] == "cuda":
        return wanted
    raise CourseError(f"there is no device {wanted!r}; there are auto, cpu, cuda and cuda:N")


def _cuda_torch() -> bool:
    from importlib.metadata import version

    return not version("torch").endswith("+cpu")


def _write(path: Path, text: str) -> None:
    try:
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        _stop(f"{path} could not be written: {error.strerror}")


@app.command()
def hint(
    exercise: Annotated[str, typer.Argument(help="The exercise.")],
    number: Annotated[int, typer.Argument(help="Which hint; the first is the gentlest.", min=1)] = 1,
    lab: LabOption = None,
) -> None:
    """Give a hint for an exercise, gentle ones first."""
    from mechgrade.grading.hints import guide

    course = _course()
    try:
        found = course.exercise(exercise, lab)
    except CourseError as error:
        _stop(error)
    hints = guide(course, found).hints
    if not hints:
        _stop(f"there are no hints in {course.hints_path(found.lab)}; restore it from the course", FAULT)
    if number > len(hints):
        _stop(f"{exercise} has {len(hints)} hints; you have seen the last")
    typer.echo(f"{exercise}, hint {number} of {len(hints)}\n\n{hints[number - 1].strip()}")
    if number < len(hints):
        typer.secho(f"\nanother: mechgrade hint {exercise} {number + 1}", dim=True)


@app.command()
def build(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 when something is stale.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite stubs even where they were edited.")] = False,
) -> None:
    """Make exercises/ and the hints from solutions/ (for instructors)."""
    from mechgrade.authoring.build import build as run_build
    from mechgrade.authoring.source import BuildError

    course = _course()
    try:
        changed = run_build(course, check=check, force=force)
    except BuildError as error:
        _stop(error, NOT_FULL)
    for line in changed:
        typer.echo(f"{'stale' if check else 'wrote'}: {line}")
    if not changed:
        typer.echo("exercises/ and hints are up to date")
    raise typer.Exit(NOT_FULL if check and changed else DONE)


@app.command()
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

    course = _course()
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
        _stop(error)
    except RecordError as error:
        _stop(error, NOT_FULL)


@app.command()
def audit(
    lab: LabOption = None,
    exercise: ExerciseOption = None,
    model: ModelOption = None,
    backend: Annotated[str, typer.Option(help="TransformerLens's class: bridge or hooked.")] = "bridge",
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

    course = _course()
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
        _stop(error)
    except BuildError as error:
        _stop(error, NOT_FULL)
    console.print(audit_table(result))
    for problem in result.problems:
        console.print(problem, soft_wrap=True)
    survivors = [(entry.exercise, each) for entry in result.entries for each in entry.survivors]
    for where, each in survivors:
        console.print(f"{where}: survives: {each['mutant']}", soft_wrap=True, markup=False)
    if json_file is not None:
        write_json(result, json_file)
    raise typer.Exit(NOT_FULL if result.problems or survivors else DONE)


@app.command("model-card")
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


def main() -> None:
    """The entry point."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
