"""From the sources to an assignment that learners fetch, by nbgrader's own commands."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from nbgrader.api import Gradebook, MissingEntry

from mechgrade.authoring.leaks import PublishError, leaks, stop_leaks
from mechgrade.course import Course, Lab
from mechgrade.doors.nbgrader.config import CLASS, database, without_configuration
from mechgrade.doors.nbgrader.source import write_source
from mechgrade.doors.nbgrader.written import is_answer_id
from mechgrade.submissions.cells import answer_id, check_id


def release(course: Course, lab: Lab, *, exchange: bool = True, notes: list[str] | None = None) -> Path:
    """Generate a lab's assignment with nbgrader, look it through, and put it into the exchange.

    What was released before is taken away when its replacement stands, and not before.

    Args:
        course: the course, with solutions.
        lab: which.
        exchange: whether to release it to the exchange folder too.
        notes: takes what an instructor must know of a lab that was released before.

    Returns:
        the released notebook under the class's directory.

    Raises:
        BuildError: a source is not right.
        PublishError: nbgrader failed, or something is in the release that must not be. It is not in the exchange then.
    """
    if not (course.root / "nbgrader_config.py").is_file():
        raise PublishError(without_configuration(course.root))
    folder = course.root / CLASS
    found = since_release(course, lab, database(course.root))
    if notes is not None:
        notes += found
    path = write_source(course, lab, folder)
    released = folder / "release" / lab.name
    before = released.with_name(f".{lab.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if released.is_dir():
        shutil.copytree(released, before)
    try:
        nbgrader(course, "generate_assignment", lab.name, "--force")
        stop_leaks(leaks(course, released), "the release")
    except PublishError:
        if before.is_dir():
            shutil.rmtree(released, ignore_errors=True)
            before.rename(released)
        raise
    shutil.rmtree(before, ignore_errors=True)
    if exchange:
        nbgrader(course, "release_assignment", lab.name, "--force")
    return released / path.name


def since_release(course: Course, lab: Lab, db_url: str) -> list[str]:
    """What changed in a lab since learners handed it in, and what follows from it, a sentence each.

    Raises:
        PublishError: nbgrader can do nothing with the change: an exercise came or went.
    """
    path = Path(db_url.removeprefix("sqlite:///"))
    if db_url.startswith("sqlite:") and not path.is_file():
        return []
    with Gradebook(db_url) as book:
        try:
            cells = {
                str(cell.name): float(cell.max_score) for cell in book.find_notebook(lab.slug, lab.name).grade_cells
            }
        except MissingEntry:
            return []
        submissions = len(book.assignment_submissions(lab.name))
    if not submissions:
        return []
    asked = {answer_id(question): (question.name, float(question.points)) for question in lab.questions.values()}
    now = asked | {check_id(exercise): (exercise.name, float(exercise.points)) for exercise in lab.exercises.values()}
    came = [name for cell, (name, _) in now.items() if cell not in cells]
    went = [cell for cell in cells if cell not in now and (cell.endswith("-check") or is_answer_id(cell))]
    went = [cell.removesuffix("-check").removeprefix("written-answer-") for cell in went]
    if came or went:
        changed = "; ".join(
            filter(None, [f"new: {', '.join(came)}" if came else "", f"gone: {', '.join(went)}" if went else ""])
        )
        raise PublishError(
            f"{lab.name} has other exercises or questions than when {submissions} learners handed it in ({changed}). nbgrader cannot add or "
            "remove any then, and nothing was changed. Put new ones into a lab of their own; or forget all "
            f"hand-ins and grades of this one: nbgrader db assignment remove {lab.name} --force"
        )
    return [
        f"{name}: {cells[cell]:g} points became {points:g}. The maximum is new for everybody at once. Scores are old until you "
        f"grade again: nbgrader autograde {lab.name} --force (manual grades and comments stay)"
        for cell, (name, points) in now.items()
        if cells[cell] != points
    ]


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
