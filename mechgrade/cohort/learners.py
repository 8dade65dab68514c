"""Whose work there is, and where each file of it lies.

Understood are a folder with a folder, an archive or files for each learner; nbgrader's ``submitted/`` tree; what Canvas, Moodle and
Blackboard give for a class; and an archive of any of these. A learner's hand-in is read as ``mechgrade.submissions.handed_in`` says.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mechgrade.cohort.nested import downloads_among, is_wrapper
from mechgrade.cohort.platforms import Packed, packed, packed_in
from mechgrade.cohort.store import FILE as STORE
from mechgrade.course import ANSWERS_FILE, Course, CourseError, Exercise
from mechgrade.submissions.archive import (
    ARCHIVES,
    ONE,
    ArchiveError,
    Refused,
    TooLargeError,
    is_archive,
    is_sealed,
    unpack,
)
from mechgrade.submissions.arrived import Ignored, Part, is_ignored
from mechgrade.submissions.handed_in import HandIn, read_hand_in
from mechgrade.submissions.names import before, name_of, unchanged
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
        is_late: whether the platform's names mark a file of it as late.
    """

    name: str
    parts: tuple[Path | Part, ...]
    origin: Packed | None = None
    refused: tuple[Ignored, ...] = ()
    is_late: bool = False

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
        assumed: what was assumed of the names, a sentence each.
    """

    learners: list[Learner] = field(default_factory=list)
    nobodys: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)


def refuse_inside(path: Path, out: Path) -> None:
    """Refuse to write results where hand-ins are looked for: the next run would take them for a learner's.

    Raises:
        CourseError: the folder of results lies in the class's.
    """
    folder = _tree(path).resolve()
    if path.is_dir() and out.resolve().is_relative_to(folder):
        raise CourseError(
            f"{out} lies in the class's folder {_tree(path)}, where each folder is a learner's; "
            f"give --out a folder beside it, such as {folder.parent / 'results'}"
        )


def _tree(path: Path) -> Path:
    """Nbgrader's tree of hand-ins in the folder of a course; any other path as it is."""
    inner = path / "submitted"
    return inner if inner.is_dir() and not inner.is_symlink() else path


def find_learners(course: Course, path: Path, unpacked: Path) -> list[Learner]:
    """The learners at a path. See :func:`find_class`."""
    return find_class(course, path, unpacked).learners


def find_class(
    course: Course, path: Path, unpacked: Path, refused: Refused | None = None, logins: Collection[str] = ()
) -> Class:
    """The class at a path that a user named.

    Args:
        course: the course.
        path: a folder or an archive.
        unpacked: a folder of ours, where the archive of a class is unpacked to.
        refused: what was not unpacked of it, where it was unpacked already.
        logins: of the class list, where there is one: they tell where a user's name begins in Blackboard's names.

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
    path = _tree(path)
    if any((path / lab).is_dir() for lab in course.labs):
        raise CourseError(f"{path} is one learner's folder; give the folder above it, or use `mechgrade grade {path}`")
    entries = _entries(path)
    # A zip of a folder has that folder inside.
    if len(entries) == 1 and path.is_relative_to(unpacked) and _is_wrapper(course, entries[0]):
        return find_class(course, entries[0], unpacked, refused, logins)
    ours = [each for each in entries if (each / STORE).is_file() and (each / "learners").is_dir()]
    entries, assumed = _looked_through(course, path, [each for each in entries if each not in ours], unpacked, refused)
    assumed += [f"{shown(each.name)} holds results of `mechgrade cohort grade`, and was left out" for each in ours]
    found = Class()
    parts: dict[str, list[Part]] = {}
    origins: dict[str, Packed | None] = {}
    late: set[str] = set()
    named, found.assumed = packed_in((entry.name for entry in entries), logins)
    found.assumed += assumed
    for entry in entries:
        if entry.is_symlink():
            found.nobodys.append(shown(entry.name))
            continue
        origin = named.get(entry.name)
        name = origin.learner if origin else _whose(course, entry)
        if name:
            sent = (origin.attempt, origin.number) if origin else (0, 0)
            parts.setdefault(name, []).append(Part(entry, *sent))
            origins.setdefault(name, origin)
            if origin and origin.is_late:
                late.add(name)
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
        Learner(names[name], tuple(parts[name]), origins[name], _refused(refused, parts[name]), name in late)
        for name in sorted(parts, key=names.__getitem__)
    ]
    return found


def _looked_through(
    course: Course, path: Path, entries: list[Path], unpacked: Path, refused: Refused
) -> tuple[list[Path], list[str]]:
    """The entries of a folder, those of a class's downloads in place of the downloads, and what was assumed."""
    whole = [each for each in entries if not each.is_symlink() and (packed(each.name) or _whose(course, each))]
    downloads, said = downloads_among(course, None if path.is_relative_to(unpacked) else path, whole)
    found = []
    for place, entry in enumerate(downloads):
        folder = entry if entry.is_dir() else _unpack_class(entry, unpacked, refused, f"inside-{place}")
        inner = _entries(folder)
        while len(inner) == 1 and inner[0].is_dir() and is_wrapper(course, inner[0].name):
            inner = _entries(inner[0])
        found += inner
    return found + [each for each in entries if each not in downloads], said


def _entries(folder: Path) -> list[Path]:
    return sorted(entry for entry in folder.iterdir() if not is_ignored(entry.name))


def files_of(folder: Path, ending: str) -> list[tuple[str, Path]]:
    """Files of JSON whose names end in some letters, each with the learner whom the folder or the file's name tells, in a folder of a class.

    A name that a browser or a platform has changed ends so, too. Links are left out. Two files of one learner are both there.

    Raises:
        CourseError: it is no folder.
    """
    if not folder.is_dir():
        raise CourseError(f"there is no folder {folder}; give the class's folder, unpacked")
    found = []
    named, _ = packed_in(entry.name for entry in folder.iterdir())
    for path in sorted(folder.rglob("*")):
        if unchanged(path.name).endswith(ending) and path.is_file() and not path.is_symlink():
            first = path.relative_to(folder).parts[0]
            origin = named.get(first)
            own = first[: first.lower().rfind(ending.partition(".")[0])].rstrip(".-_ ") if first == path.name else first
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


def _refused(refused: Refused, parts: Sequence[Part]) -> tuple[Ignored, ...]:
    return tuple(
        Ignored(path.relative_to(part.path.parent), why)
        for path, why in refused.why.items()
        for part in parts
        if path.is_relative_to(part.path)
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


def _unpack_class(archive: Path, unpacked: Path, refused: Refused, name: str = "class") -> Path:
    if not is_archive(archive.name):
        raise CourseError(f"{archive} is no folder and no .zip; give a folder with a folder for each learner")
    folder = unpacked / name
    shutil.rmtree(folder, ignore_errors=True)
    try:
        unpack(archive, folder, refused=refused)
    except ArchiveError as error:
        advice = (
            ". If it is a whole class's, unpack it, and give the folder" if isinstance(error, TooLargeError) else ""
        )
        raise CourseError(f"{archive} is not unpacked: {error}{advice}") from None
    return folder
