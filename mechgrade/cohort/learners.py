"""Whose work there is, and where each file of it lies.

Understood are a folder with a folder, an archive or files for each learner; nbgrader's ``submitted/`` tree; what Canvas, Moodle and
Blackboard give for a class; and an archive of any of these. A learner's hand-in is read as ``mechgrade.submissions.handed_in`` says.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mechgrade.cohort.platforms import Packed, packed
from mechgrade.course import ANSWERS_FILE, Course, CourseError, Exercise
from mechgrade.submissions.archive import ARCHIVES, ONE, ArchiveError, Refused, is_archive, is_sealed, unpack
from mechgrade.submissions.arrived import Ignored, is_ignored
from mechgrade.submissions.handed_in import HandIn, read_hand_in
from mechgrade.submissions.names import before, name_of
from mechgrade.submissions.reading import shown
from mechgrade.submissions.submission import Submission, SubmissionError

#: How many bytes of a learner's name are kept: files are named after it.
_LONGEST = 120


@dataclass(frozen=True)
class Work:
    """A learner's text for an exercise, or why there is none.

    Attributes:
        text: of the file; None where it cannot be read.
        problem: why it cannot, in the learner's words.
        key: of the result (see ``keys``), once it is known.
    """

    exercise: Exercise
    text: str | None
    problem: str = ""
    key: str = field(default="", compare=False)


@dataclass(frozen=True)
class Learner:
    """One learner's hand-in.

    Attributes:
        name: of the folder or archive, without what a platform adds to it.
        parts: the folders, archives and files that make up the hand-in.
        origin: what the platform's name says, if a platform made it.
        refused: what of it the class's archive did not give out.
    """

    name: str
    parts: tuple[Path, ...]
    origin: Packed | None = None
    refused: tuple[Ignored, ...] = ()

    def hand_in(self, course: Course, exercises: Sequence[Exercise]) -> HandIn:
        """The hand-in, read for the labs of some exercises. Nothing of it is kept here."""
        labs = dict.fromkeys(exercise.lab for exercise in exercises)
        found = read_hand_in(course, [course.lab(lab) for lab in labs], *self.parts)
        return replace(found, ignored=[*found.ignored, *self.refused]) if self.refused else found

    def read(self, course: Course, exercises: Sequence[Exercise]) -> list[Work]:
        """The learner's texts for some exercises, in their order."""
        return works_of(self.hand_in(course, exercises), exercises)


def works_of(hand_in: HandIn, exercises: Sequence[Exercise]) -> list[Work]:
    """The texts for some exercises in a hand-in, in their order."""
    return [_work(hand_in.submission, exercise) for exercise in exercises]


def _work(submission: Submission, exercise: Exercise) -> Work:
    try:
        return Work(exercise, submission.source(exercise))
    except SubmissionError as error:
        return Work(exercise, None, str(error))


@dataclass
class Class:
    """A class.

    Attributes:
        learners: by name.
        nobodys: names of files beside the learners' that tell no learner.
    """

    learners: list[Learner] = field(default_factory=list)
    nobodys: list[str] = field(default_factory=list)


def find_learners(course: Course, path: Path, unpacked: Path) -> list[Learner]:
    """The learners at a path. See :func:`find_class`."""
    return find_class(course, path, unpacked).learners


def find_class(course: Course, path: Path, unpacked: Path, refused: Refused | None = None) -> Class:
    """The class at a path that a user named.

    Args:
        course: the course.
        path: a folder or an archive.
        unpacked: a folder of ours, where the archive of a class is unpacked to.
        refused: what was not unpacked of it, where it was unpacked already.

    Raises:
        CourseError: nothing is there, or it is of no shape that is understood.
    """
    refused = refused or Refused(ONE)
    if path.is_file():
        path = _unpack_class(path, unpacked, refused)
    elif not path.is_dir():
        raise CourseError(f"there is nothing at {path}; give a folder with a folder for each learner, or a zip of it")
    else:
        path = path.absolute()
    if (path / "submitted").is_dir() and not (path / "submitted").is_symlink():
        path = path / "submitted"
    if any((path / lab).is_dir() for lab in course.labs):
        raise CourseError(f"{path} is one learner's folder; give the folder above it, or use `mechgrade grade {path}`")
    entries = sorted(entry for entry in path.iterdir() if not is_ignored(entry.name))
    # A zip of a folder has that folder inside.
    if len(entries) == 1 and path.is_relative_to(unpacked) and _is_wrapper(course, entries[0]):
        return find_class(course, entries[0], unpacked, refused)
    found = Class()
    parts: dict[str, list[Path]] = {}
    origins: dict[str, Packed | None] = {}
    for entry in entries:
        if entry.is_symlink():
            found.nobodys.append(shown(entry.name))
            continue
        origin = packed(entry.name)
        name = origin.learner if origin else _whose(course, entry)
        if name:
            parts.setdefault(name, []).append(entry)
            origins.setdefault(name, origin)
        else:
            found.nobodys.append(shown(entry.name))
    found.nobodys += map(shown, refused.nobodys)
    if not parts:
        if any(name_of(each).kind in ("python", "notebook") for each in found.nobodys):
            raise CourseError(
                f"{path} holds files that tell no learner, such as {found.nobodys[0]}: it looks like one learner's folder; "
                f"give the folder above it, or use `mechgrade grade {path}`"
            )
        raise CourseError(f"{path} holds no folder and no zip; it should hold one for each learner")
    names = _names(parts)
    found.learners = [
        Learner(names[name], tuple(parts[name]), origins[name], _refused(refused, parts[name]))
        for name in sorted(parts, key=names.__getitem__)
    ]
    return found


def files_of(folder: Path, ending: str) -> list[tuple[str, Path]]:
    """Files whose names end in some letters, each with the learner whom the folder or the file's name tells, in a folder of a class.

    Links are left out. Two files of one learner are both there.

    Raises:
        CourseError: it is no folder.
    """
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}; give the class's folder, unpacked")
    found = []
    for path in sorted(folder.rglob("*")):
        if path.name.lower().endswith(ending) and path.is_file() and not path.is_symlink():
            first = path.relative_to(folder).parts[0]
            origin = packed(first)
            own = first[: -len(ending)].rstrip(".-_ ") if first == path.name else first
            found.append((shown(origin.learner if origin else own or path.stem), path))
    return found


def _names(parts: Iterable[str]) -> dict[str, str]:
    """The learners' names as files, tables and terminals can have them: each its own, short enough, without control characters."""
    found: dict[str, str] = {}
    for name in sorted(parts):
        text = shown(name)
        if text != name or len(os.fsencode(name)) > _LONGEST or text in found.values():
            digest = hashlib.sha256(os.fsencode(name)).hexdigest()[:8]
            text = f"{text.encode()[:_LONGEST].decode(errors='ignore')}-{digest}"
        found[name] = text
    return found


def _refused(refused: Refused, parts: Sequence[Path]) -> tuple[Ignored, ...]:
    return tuple(
        Ignored(path.relative_to(part.parent), why)
        for path, why in refused.why.items()
        for part in parts
        if path.is_relative_to(part)
    )


def _is_wrapper(course: Course, folder: Path) -> bool:
    """Whether a folder is that of a whole class, and no learner's."""
    if not folder.is_dir() or packed(folder.name) or _works(course, folder):
        return False
    return any(each.is_dir() or is_archive(each.name) or packed(each.name) for each in folder.iterdir())


def _works(course: Course, folder: Path) -> bool:
    """Whether a folder is a learner's, by the names in it."""
    names = set(course.labs) | {lab.slug for lab in course.labs.values()} | {"exercises"}
    names |= {f"{exercise}.py" for exercise in _exercises(course)}
    names |= {f"{lab.slug}.ipynb" for lab in course.labs.values()}
    return any((folder / name).exists() for name in names)


def _exercises(course: Course) -> list[str]:
    """The names of the course's exercises, and of those that are part of another by now."""
    return [name for lab in course.labs.values() for name in (*lab.exercises, *lab.merged)]


def _whose(course: Course, entry: Path) -> str:
    """The learner whom the name of an entry tells: of a folder, an archive, or a file; empty where it tells none."""
    if entry.is_dir():
        return entry.name
    if is_archive(entry.name) or is_sealed(entry.name):
        ending = max((each for each in ARCHIVES if entry.name.lower().endswith(each)), key=len, default=entry.suffix)
        return entry.name[: -len(ending)]
    kind = name_of(entry.name).kind
    if kind in ("markdown", "text"):
        return before(entry.name, Path(ANSWERS_FILE).stem) or "" if course.questions() else ""
    if kind not in ("python", "notebook"):
        return ""
    # ada_find_heads.py is Ada's; ada.py is, too.
    works = _exercises(course)
    works += [name for lab in course.labs.values() for name in (lab.slug, lab.name)]
    found = [whose for work in works if (whose := before(entry.name, work)) is not None]
    return min(found, key=len) if found else entry.stem


def _unpack_class(archive: Path, unpacked: Path, refused: Refused) -> Path:
    if not is_archive(archive.name):
        raise CourseError(f"{archive} is no folder and no .zip; give a folder with a folder for each learner")
    folder = unpacked / "class"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        unpack(archive, folder, refused=refused)
    except ArchiveError as error:
        raise CourseError(f"{archive} is not unpacked: {error}") from None
    return folder
