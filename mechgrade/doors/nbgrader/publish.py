"""From the sources to an assignment that learners fetch, by nbgrader's own commands."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from mechgrade.authoring.leaks import PublishError, leaks, stop_leaks
from mechgrade.course import Course, Lab
from mechgrade.doors.nbgrader.config import CLASS, without_configuration
from mechgrade.doors.nbgrader.source import write_source


def release(course: Course, lab: Lab, *, exchange: bool = True) -> Path:
    """Generate a lab's assignment with nbgrader, look it through, and put it into the exchange.

    Args:
        course: the course, with solutions.
        lab: which.
        exchange: whether to release it to the exchange folder too.

    Returns:
        the released notebook under the class's directory.

    Raises:
        BuildError: a source is not right.
        PublishError: nbgrader failed, or something is in the release that must not be. It is not in the exchange then.
    """
    if not (course.root / "nbgrader_config.py").is_file():
        raise PublishError(without_configuration(course.root))
    folder = course.root / CLASS
    path = write_source(course, lab, folder)
    nbgrader(course, "generate_assignment", lab.name, "--force")
    released = folder / "release" / lab.name
    stop_leaks(leaks(course, released), "the release")
    if exchange:
        nbgrader(course, "release_assignment", lab.name, "--force")
    return released / path.name


def nbgrader(course: Course, *arguments: str) -> str:
    """Run an nbgrader command in the course's directory, and return what it says.

    Raises:
        PublishError: it failed.
    """
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course.root, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    if done.returncode != 0:
        # What it logs is a traceback or a sentence; the cause is at the end either way.
        lines = [line for line in said.splitlines() if line.strip() and "| INFO]" not in line]
        raise PublishError(f"nbgrader {' '.join(arguments)} failed:\n" + "\n".join(lines[-8:]))
    return said
