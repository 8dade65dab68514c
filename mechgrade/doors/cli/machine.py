"""Commands that look at the machine: doctor, setup-lab."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mechgrade.doors.cli.common import DONE, NOT_FULL, ModelOption, PlainOption, stop, the_course, write
from mechgrade.errors import CourseError


def doctor(
    lab: Annotated[str | None, typer.Argument(help="The lab you are about to begin.")] = None,
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
    """Make the folders that the course's work goes into: plots, checkpoints."""
    from mechgrade.doors.doctor.examine import prepare_workspace

    course = the_course()
    try:
        new = prepare_workspace(course)
    except OSError as error:
        stop(f"{error.filename} cannot be made: {error.strerror}")
    for path in new:
        typer.echo(f"made {path.relative_to(course.root)}")
    if not new:
        typer.echo(f"all there: {', '.join(course.workspace)}" if course.workspace else "the course names no folders")
