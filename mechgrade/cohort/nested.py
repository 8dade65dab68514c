"""A class's download inside the folder that was named: ``submissions/submissions.zip``, or ``downloads/submissions/…``.

Without this the zip, or the inner folder, would be one learner, and of the whole class one file would count. Downloads are looked through where
nothing else lies beside them. A learner's own zip beside others is never looked through, or its entries could pass for other learners'
files. So where a download lies beside other hand-ins, nothing is guessed: the command stops and says what to do.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from mechgrade.cohort.platforms import packed, packed_in
from mechgrade.course import Course, CourseError
from mechgrade.submissions.archive import ONE, ArchiveError, is_archive, unpack
from mechgrade.submissions.arrived import is_ignored
from mechgrade.submissions.names import before, match, name_of
from mechgrade.submissions.reading import shown

#: How many names are looked at.
_MOST = 20_000

#: From how many names on an archive beside others is no learner's two tries any more, but a class.
_A_CLASS = 3

#: How many names a sentence holds.
_NAMED = 5


@dataclass(frozen=True)
class Look:
    """What a folder, an archive or a file looks like, by its name and the names in it.

    Attributes:
        kind: ``packed``: a platform's name says whose it is. ``download``: a platform's, of several learners. ``single``: a platform's,
            of one learner. ``several``: the same exercise is there under several names. ``one``: one learner's.
        names: whose it is, where it is of several, or of a platform's making.
    """

    kind: Literal["packed", "download", "single", "several", "one"]
    names: tuple[str, ...] = ()


_ONE = Look("one")


def downloads_among(course: Course, path: Path | None, whole: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Which of the hand-ins in a folder are downloads of a class, to be looked through, and what was assumed, a sentence each.

    Args:
        course: the course.
        path: the folder; None where it is in an archive, and the user knows it by no path.
        whole: all in it that may be a hand-in.

    Raises:
        CourseError: a class's download lies beside other hand-ins, or an archive holds several learners' under names of no platform.
    """
    looks = {each: look(course, each) for each in whole}

    def of(*kinds: str) -> list[Path]:
        return [each for each in whole if looks[each].kind in kinds]

    downloads, singles, plain = of("download"), of("single"), of("several", "one")
    if downloads and plain:
        raise CourseError(_beside(path, downloads[0], looks[downloads[0]], plain))
    # A single learner's may be named by a platform by chance: "lab_3_1_find_heads.py". Beside nothing but a platform's names it is none.
    if not plain and (downloads or of("packed") or len(whole) == 1):
        return [*downloads, *singles], []
    least = _A_CLASS if of("one", "single", "packed") else 2
    shut = [each for each in of("several") if each.is_file() and len(looks[each].names) >= least]
    if shut:
        raise CourseError(
            f"{_at(path, shut[0])} looks like a whole class's: the same exercise is there under several names. Unpack it, and give "
            f"the folder that holds a folder for each learner. If it is one learner's, put it into a folder of the learner's name"
        )
    said = []
    if tries := of("several"):
        said.append(
            f"In {_names(each.name for each in tries)} the same exercise is there under several names, and it was taken for one learner's. "
            "If it holds a folder for each learner, give that folder"
        )
    said += [
        f"{shown(each.name)} was taken for a learner of this name. If it is what a platform packed for {_names(looks[each].names)}, "
        "take what is in it out, and put that in its place"
        for each in singles
    ]
    return [], said


def _at(path: Path | None, entry: Path) -> str:
    return shown(entry.name if path is None else path / entry.name)


def _beside(path: Path | None, download: Path, look: Look, others: Sequence[Path]) -> str:
    name = shown(download.name)
    todo = f"Unpack {name} where it lies, and take {name} away" if download.is_file() else f"Move what is in {name} up"
    return (
        f"{_at(path, download)} looks like a whole class's download, of {_names(look.names)}, and beside it there is "
        f"{_names(each.name for each in others)}. {todo}. If it is one learner's, put it into a folder of the learner's name"
    )


def _names(names: Iterable[str]) -> str:
    found = [shown(each) for each in names]
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    return ", ".join(found[:_NAMED]) + more


def look(course: Course, entry: Path) -> Look:
    """What a folder, an archive or a file looks like."""
    own = packed(entry.name)
    if own is not None:
        return Look("packed", (own.learner,))
    if not (entry.is_dir() or is_archive(entry.name)):
        return _ONE
    paths = _unwrapped(course, _names_in(course, entry))
    tops = {path.parts[0] for path in paths}
    named = packed_in(tops)[0]
    learners = tuple(sorted({each.learner for each in named.values()}))
    if len(learners) > 1 and 2 * len(named) > len(tops):
        return Look("download", learners)
    if learners and tops == named.keys():
        return Look("single", learners)
    several = _owners(course, paths)
    return Look("several", several) if len(several) > 1 else _ONE


def is_wrapper(course: Course, top: str) -> bool:
    """Whether a folder of this name may be that of a whole class, and is none of the course's or a platform's."""
    return packed(top) is None and top not in _of_the_course(course)


def _names_in(course: Course, entry: Path) -> list[PurePosixPath]:
    if entry.is_dir():
        # A learner's, as nearly always: the rest need not be walked through.
        tops = [PurePosixPath(each.name) for each in entry.iterdir()]
        return tops if _is_of_the_course(course, {each.name for each in tops}) else list(_walked(entry))
    try:
        if entry.name.lower().endswith(".zip"):
            with zipfile.ZipFile(entry) as opened:
                return [PurePosixPath(each.filename.replace("\\", "/")) for each in opened.infolist()[:_MOST]]
        with tempfile.TemporaryDirectory(prefix="mechgrade-") as scratch:
            unpack(entry, Path(scratch) / "tar", ONE)
            return list(_walked(Path(scratch) / "tar"))
    except (ArchiveError, zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return []  # whoever unpacks it says what is wrong


def _walked(folder: Path) -> Iterable[PurePosixPath]:
    count = 0
    for at, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not is_ignored(each)]
        for name in names:
            count += 1
            if count > _MOST:
                return
            yield PurePosixPath((Path(at) / name).relative_to(folder).as_posix())


def _unwrapped(course: Course, names: Sequence[PurePosixPath]) -> list[PurePosixPath]:
    """The paths below the folder that a zip of a folder has at its top."""
    paths = [path for path in names if path.parts and not any(map(is_ignored, path.parts))]
    while len(tops := {path.parts[0] for path in paths}) == 1 and is_wrapper(course, *tops):
        below = [path.relative_to(path.parts[0]) for path in paths if len(path.parts) > 1]
        if not below:
            break
        paths = below
    return paths


def _of_the_course(course: Course) -> set[str]:
    """Names of folders that the course itself has."""
    return {"exercises", "submitted"} | {name for lab in course.labs.values() for name in (lab.name, lab.slug)}


def _works(course: Course) -> dict[str, str]:
    """The names of the course's files, with their endings."""
    works = {name: ".py" for lab in course.labs.values() for name in (*lab.exercises, *lab.merged)}
    return works | {lab.slug: ".ipynb" for lab in course.labs.values()}


def _is_of_the_course(course: Course, tops: set[str]) -> bool:
    """Whether names at the top of a folder are those of the course's own files and folders."""
    return bool(tops & _of_the_course(course)) or any(work + ending in tops for work, ending in _works(course).items())


def _owners(course: Course, paths: Sequence[PurePosixPath]) -> tuple[str, ...]:
    """The folders, or people's names, under which the same exercise, or the same lab's notebook, is there; of several exercises the most."""
    if _is_of_the_course(course, {path.parts[0] for path in paths}):
        return ()
    works = _works(course)
    whose: dict[str, set[str]] = {}
    for path in paths:
        kind = name_of(path.name).kind
        if is_archive(path.name) and len(path.parts) == 1 and not match(path.stem, works, ""):
            whose.setdefault("", set()).add(path.stem)
        if kind not in ("python", "notebook"):
            continue
        found = match(path.name, works, ".py" if kind == "python" else ".ipynb")
        if found is not None:
            own = path.parts[0] if len(path.parts) > 1 else before(path.name, found.name) or ""
            whose.setdefault(found.name, set()).add(own)
    owners = [each - {""} for each in whose.values()]
    most: set[str] = max(owners, key=len, default=set())
    return tuple(sorted(most))
