"""Commands that look at the machine: doctor, setup-lab, memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mechgrade.doors.cli.common import DONE, NOT_FULL, ModelOption, PlainOption, stop, the_course, write
from mechgrade.errors import CourseError


def doctor(
    lab: Annotated[str | None, typer.Argument(help="The lab you are about to begin, such as lab3.")] = None,
    model: ModelOption = None,
    device: Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")] = "auto",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the findings to this file as JSON.")] = None,
    plain: PlainOption = False,
) -> None:
    """Check this machine before a lab: packages, GPU, memory, model, isolation, and the common setup mistakes.

    Exit code 1 when something would keep the lab from working.
    """
    from dataclasses import asdict

    from mechgrade.course.devices import resolve
    from mechgrade.doors.cli.learn import read_state
    from mechgrade.doors.doctor.examine import Asked, examine
    from mechgrade.doors.doctor.report import show_finding, show_summary
    from mechgrade.progress.progress import Progress
    from mechgrade.reports.screen import open_screen

    course = the_course()
    screen = open_screen(plain)
    try:
        resolve(device)  # refuses a word that names none; which one is there, the doctor finds out itself
        asked = Asked(course.lab(lab) if lab is not None else None, course.model(model), device)
    except CourseError as error:
        stop(error)
    findings = []
    for finding in examine(course, asked, read_state(Progress(course))):
        show_finding(finding, screen)
        findings.append(finding)
    show_summary(findings, screen)
    if json_file is not None:
        write(json_file, json.dumps([asdict(each) for each in findings], indent=1) + "\n")
    raise typer.Exit(NOT_FULL if any(each.status == "problem" for each in findings) else DONE)


def setup_lab() -> None:
    """Make the folders for plots and checkpoints: outputs/ and checkpoints/."""
    from mechgrade.doors.doctor.examine import WORKSPACE, prepare_workspace

    course = the_course()
    try:
        new = prepare_workspace(course.root)
    except OSError as error:
        stop(f"{error.filename} cannot be made: {error.strerror}")
    for path in new:
        typer.echo(f"made {path.relative_to(course.root)}")
    if not new:
        typer.echo(f"all there: {', '.join(WORKSPACE)}")


def memory(
    model: ModelOption = None,
    device: Annotated[str, typer.Option("--device", help="cpu or cuda.")] = "cpu",
    tokens: Annotated[int, typer.Option("--tokens", help="Tokens of each prompt.", min=4, max=4096)] = 128,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write the measurements to this file as JSON.")
    ] = None,
) -> None:
    """Measure what loading, caching, patching and SAE training take of memory, beside the expected table.

    Exit code 1 when something could not be measured.
    """
    from dataclasses import asdict

    from rich.table import Table

    from mechgrade.course.devices import resolve
    from mechgrade.doors.doctor.machine import gigabytes
    from mechgrade.doors.doctor.memory import ROWS, measure
    from mechgrade.reports.screen import open_screen

    course = the_course()
    try:
        name = course.model(model).name
        device = resolve(device)
    except CourseError as error:
        stop(error)
    table = Table("operation", "peak", "kept", "seconds", "guide, GPT-2 small", box=None, pad_edge=False)
    found = {}
    for row in ROWS:
        measured = measure(course, row.operation, name, device, tokens)
        found[row.operation] = asdict(measured)
        cells = [
            gigabytes(measured.peak),
            gigabytes(measured.kept) if measured.kept else "-",
            f"{measured.seconds:.1f}",
        ]
        table.add_row(row.title, *([measured.error, "", ""] if measured.error else cells), row.expected)
    screen = open_screen()
    screen.say(f"{name} on {device}, prompts of {tokens} tokens, float32")
    screen.console.print(table)
    if json_file is not None:
        document = {"model": name, "device": device, "tokens": tokens, "operations": found}
        write(json_file, json.dumps(document, indent=1) + "\n")
    raise typer.Exit(NOT_FULL if any(each["error"] for each in found.values()) else DONE)
