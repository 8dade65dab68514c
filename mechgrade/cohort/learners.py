"""Whose work there is, and where each file of it lies.

Three shapes are understood: a folder with a folder (or zip) a learner, nbgrader's ``submitted/`` tree, and a zip of either. A
learner's folder is read as ``mechgrade.submissions.handed_in`` says: files in any folder, and notebooks.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mechgrade.cohort.archive import ONE, ArchiveError, unpack
from mechgrade.course import Course, CourseError, Exercise
from mechgrade.submissions.handed_in import IGNORED, read_upload
from mechgrade.submissions.submission import Submission, SubmissionError


@dataclass(frozen=True)
class Work:
    """A learner's text for an exercise, or why there is none.

    Attributes:
        text: of the file; None where it cannot be read.
        problem: why it cannot, in the learner's words.
    """

    exercise: Exercise
    text: str | None
    problem: str = ""


@dataclass(frozen=True)
class Learner:
    """One learner's files.

    Attributes:
        name: of the folder or archive.
        folder: where they are.
        problem: why there are none, for an archive that could not be unpacked.
    """

    name: str
    folder: Path
    problem: str = ""

    def read(self, course: Course, exercises: Sequence[Exercise]) -> list[Work]:
        """The learner's texts for some exercises, in their order. What is read is not kept here."""
        if self.problem:
            return [Work(exercise, None, self.problem) for exercise in exercises]
        labs = dict.fromkeys(exercise.lab for exercise in exercises)
        read = {lab: read_upload(course, course.lab(lab), self.folder) for lab in labs}
        return [_work(read[exercise.lab], exercise) for exercise in exercises]


def _work(submission: Submission, exercise: Exercise) -> Work:
    try:
        return Work(exercise, submission.source(exercise))
    except SubmissionError as error:
        return Work(exercise, None, str(error))


def find_learners(course: Course, path: Path, unpacked: Path) -> list[Learner]:
    """The learners at a path that a user named, by name.

    Args:
        path: a folder or a zip.
        unpacked: a folder of ours, where zips are unpacked to.

    Raises:
        CourseError: nothing is there, or it is of no shape that is understood; two submissions have one name.
    """
    if path.is_file():
        path = _unpack_class(path, unpacked)
    elif not path.is_dir():
        raise CourseError(f"there is nothing at {path}; give a folder with a folder for each learner, or a zip of it")
    else:
        path = path.absolute()
    if (path / "submitted").is_dir() and not (path / "submitted").is_symlink():
        path = path / "submitted"
    if any((path / lab).is_dir() for lab in course.labs):
        raise CourseError(f"{path} is one learner's folder; give the folder above it, or use `mechgrade grade {path}`")
    inside = _folders(path)
    # A zip of a folder has that folder inside.
    if len(inside) == 1 and path.is_relative_to(unpacked) and not _works(course, inside[0]):
        return find_learners(course, inside[0], unpacked)
    learners = [Learner(folder.name, folder) for folder in inside]
    learners += [_from_zip(archive, unpacked) for archive in sorted(path.glob("*.zip")) if _is_plain(archive)]
    if not learners:
        raise CourseError(f"{path} holds no folder and no zip; it should hold one for each learner")
    learners.sort(key=lambda learner: learner.name)
    seen: set[str] = set()
    for learner in learners:
        if learner.name in seen:
            raise CourseError(f"{path} has both a folder and a zip of {learner.name}; keep one of them")
        seen.add(learner.name)
    return learners


def _works(course: Course, folder: Path) -> bool:
    """Whether a folder is a learner's, by the names in it."""
    names = set(course.labs) | {lab.slug for lab in course.labs.values()} | {"exercises"}
    names |= {f"{exercise.name}.py" for exercise in course.exercises()}
    names |= {f"{lab.slug}.ipynb" for lab in course.labs.values()}
    return any((folder / name).exists() for name in names)


def _folders(path: Path) -> list[Path]:
    """The folders in a folder, by name; links are not followed."""
    if not path.is_dir():
        return []
    return sorted(
        entry
        for entry in path.iterdir()
        if not entry.is_symlink() and entry.is_dir() and entry.name not in IGNORED and not entry.name.startswith(".")
    )


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink() and not path.name.startswith(".")


def _unpack_class(archive: Path, unpacked: Path) -> Path:
    if archive.suffix != ".zip":
        raise CourseError(f"{archive} is no folder and no .zip; give a folder with a folder for each learner")
    folder = unpacked / "class"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        unpack(archive, folder)
    except ArchiveError as error:
        raise CourseError(f"{archive} is not unpacked: {error}") from None
    return folder


def _from_zip(archive: Path, unpacked: Path) -> Learner:
    # By its name's hash: a learner's name may be anything, and must not meet another's folder.
    folder = unpacked / "learners" / hashlib.sha256(archive.stem.encode()).hexdigest()[:32]
    shutil.rmtree(folder, ignore_errors=True)
    try:
        unpack(archive, folder, ONE)
    except ArchiveError as error:
        return Learner(archive.stem, folder, f"the zip was not unpacked: {error}")
    return Learner(archive.stem, folder)
