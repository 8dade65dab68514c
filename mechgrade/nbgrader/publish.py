"""From the sources to what learners get: an assignment, by nbgrader's own commands, or an archive that grades itself."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from mechgrade.authoring.build import build
from mechgrade.authoring.source import read_source
from mechgrade.course import Course, Lab
from mechgrade.nbgrader.config import CLASS
from mechgrade.nbgrader.leaks import Leak, Secrets, leaks
from mechgrade.nbgrader.source import write_source

#: What a learner's archive holds: all that grades, and nothing that answers.
ARCHIVED = ("course.yaml", "Makefile", "README.md", "CHANGELOG.md", "LICENSE", "pyproject.toml", "constraints.txt")
ARCHIVED_FOLDERS = ("exercises", "graders", "fixtures", "mechgrade", "docs")
_SKIPPED = ("__pycache__", "outputs", ".ipynb_checkpoints")


class PublishError(Exception):
    """Nothing was published; the text says why and what to do."""


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
        errors = [line for line in said.splitlines() if "| ERROR]" in line or "| CRITICAL]" in line]
        raise PublishError(f"nbgrader {' '.join(arguments)} failed:\n" + "\n".join(errors or said.splitlines()[-15:]))
    return said


def archive(course: Course, path: Path, *, notebooks: bool = True) -> Path:
    """Write the learners' archive: a course that grades itself offline, on recorded public fixtures.

    The stubs in it are generated afresh, whatever the instructor has tried in exercises/.

    Raises:
        BuildError: a source is not right.
        PublishError: something in it must not be there. No archive is written then.
    """
    secrets = Secrets(course)
    contents = dict(_contents(course, notebooks))
    found = [
        leak
        for name, body in contents.items()
        if not name.endswith((".safetensors", ".npz", ".png"))
        for leak in secrets.in_text(body.decode("utf-8", "replace"), name)
    ]
    stop_leaks(found, "the archive")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    with ZipFile(temporary, "w", ZIP_DEFLATED) as file:
        for name, body in sorted(contents.items()):
            # A fixed date: the same course is the same archive, to the byte.
            file.writestr(ZipInfo(f"{path.stem}/{name}", (2000, 1, 1, 0, 0, 0)), body, ZIP_DEFLATED)
    temporary.replace(path)
    return path


def stop_leaks(found: list[Leak], where: str) -> None:
    """Raise PublishError if anything was found."""
    if found:
        lines = "\n".join(f"  {leak}" for leak in found[:10])
        raise PublishError(f"{where} holds {len(found)} lines that learners must not have:\n{lines}")


def _contents(course: Course, notebooks: bool) -> Iterator[tuple[str, bytes]]:
    from mechgrade.authoring.build import stub_text
    from mechgrade.notebook.sync import fresh_notebook

    for name in ARCHIVED:
        if (course.root / name).is_file():
            yield name, (course.root / name).read_bytes()
    stubs = {
        course.stub_path(exercise): stub_text(course, exercise, read_source(course, exercise))
        for exercise in course.exercises()
    }
    for folder in ARCHIVED_FOLDERS:
        for path in sorted((course.root / folder).rglob("*")):
            if path.is_file() and not set(_SKIPPED) & set(path.parts) and path not in stubs and path.suffix != ".pyc":
                yield path.relative_to(course.root).as_posix(), path.read_bytes()
    for path, text in stubs.items():
        yield path.relative_to(course.root).as_posix(), text.encode()
    if notebooks:
        texts = {path.relative_to(course.root / "exercises").as_posix(): text for path, text in stubs.items()}
        for lab in course.labs.values():
            body = fresh_notebook(course, lab, lambda exercise: texts[f"{exercise.lab}/{exercise.name}.py"])
            yield f"notebooks/{lab.slug}.ipynb", body.encode()


def check_built(course: Course) -> None:
    """Raise PublishError unless hints and stubs are what the sources say: the archive takes the hints from disk."""
    hints = [line for line in build(course, check=True) if "hints.yaml" in line]
    if hints:
        raise PublishError("\n".join(hints))
