"""Requests to look at a grade again: what a learner writes, and who of a class has asked for what.

A request is known by what is in it. Its name may be any: browsers and platforms rename files. It is looked for in a folder, and in zips, as
platforms pack them.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from mechgrade.cohort.arrivals import NOTHING, Arrival, load
from mechgrade.cohort.exports import results
from mechgrade.cohort.marks import read_marks
from mechgrade.cohort.matching import name_keys
from mechgrade.cohort.platforms import Packed, packed_in
from mechgrade.course import CourseError
from mechgrade.submissions.archive import is_archive, is_sealed
from mechgrade.submissions.arrived import is_ignored
from mechgrade.submissions.reading import shown

#: How the name of a request's file ends when it is written. The learner's own name, or the platform's, may come before.
SUFFIX = ".regrade.json"

#: How long a request is, in bytes, and how many files are looked at.
_MOST, _FILES = 20_000, 20_000

#: A file's name that may be a request's.
_LIKE = re.compile(r"regrade|\.json", re.IGNORECASE)

#: A request's file, or why it cannot be read.
_File = tuple[PurePosixPath, bytes | str]


def request(exercise: str, why: str, learner: str = "") -> str:
    """The text of a request to look at a grade again.

    Raises:
        CourseError: it has no reason.
    """
    if not why.strip():
        raise CourseError("say what you think is right in your answer; without a reason nobody knows what to look at")
    return json.dumps({"learner": learner, "exercise": exercise, "why": why}, indent=1, ensure_ascii=False) + "\n"


def read_requests(out: Path, path: Path) -> list[str]:
    """The requests in a folder or a zip, a line each, beside what was graded. What may be a request and cannot be read is named.

    Raises:
        CourseError: there are no results, or no requests.
    """
    arrivals = load(out)
    graded = {
        (learner, f"{each['lab']}/{each['exercise']}"): each
        for learner, tree in results(out)
        for each in tree["exercises"]
    }
    marks = {(each.learner, each.exercise): each for each in read_marks(out)}
    files = list(_files(path))
    if not files:
        raise CourseError(f"there is no regrade request in {path}; `mechgrade regrade-request` writes one, *{SUFFIX}")
    # A platform's names are the class's: of Blackboard's, only all together tell where a user's begins.
    named, _ = packed_in({part for file, _ in files for part in file.parts}, {each.id for each in arrivals})
    people = _People(arrivals, named)
    lines = []
    for file, body in files:
        if isinstance(body, str):
            lines.append(f"{shown(str(file))}: {body}")
            continue
        try:
            tree = json.loads(body)
            exercise, why = (" ".join(tree[name].split())[:500] for name in ("exercise", "why"))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            lines.append(f"{shown(str(file))}: no request that can be read")
            continue
        own = str(tree.get("learner", ""))[:200]
        learner, unclear = people.whose(file, own)
        who = learner or (f"{shown(own)} ({shown(str(file))})" if own else shown(str(file)))
        found = graded.get((learner, exercise))
        if found:
            verdict = f"{found['verdict'].replace('_', ' ')}, {found['points']:g} of {found['max_points']:g}"
        else:
            verdict = unclear or (NOTHING if learner in people.absent else "not in these results")
        if mark := marks.get((learner, exercise)):
            verdict += f"; {mark.points:g} by hand"
        lines.append(f"{who}: {shown(exercise)} ({verdict}): {shown(why) or 'no reason is given'}")
    return lines


class _People:
    """A class by what names can tell."""

    def __init__(self, arrivals: Sequence[Arrival], named: dict[str, Packed]) -> None:
        self._named = named
        self._learners = {each.learner for each in arrivals}
        self.absent = {each.learner for each in arrivals if each.is_nothing}
        self._by_id: dict[tuple[str, str], list[str]] = {}
        self._by_key: dict[str, list[str]] = {}
        for each in arrivals:
            # Moodle numbers its people anew for each assignment, and a request may come by another.
            if each.id and each.platform != "moodle":
                self._by_id.setdefault((each.platform, each.id), []).append(each.learner)
            for key in filter(None, dict.fromkeys([*name_keys(each.person), *name_keys(each.learner)])):
                self._by_key.setdefault(key, []).append(each.learner)

    def whose(self, file: PurePosixPath, own: str) -> tuple[str, str]:
        """Whose a request is, and why that is not clear.

        Args:
            file: its path: a folder's or a file's name is the platform's word for who sent it.
            own: what the request itself says, which is the learner's word. It counts only where the path tells nobody.
        """
        reasons = []
        for name in (*file.parts[:-1], file.name, re.sub(r"(?i)[ ._-]*regrade.*$", "", file.name)):
            learner, why = self._of(name)
            if learner:
                return learner, ""
            reasons.append(why)
        told = next(filter(None, reasons), "")
        return ("", told) if told or not own else self._of(own)

    def _of(self, name: str) -> tuple[str, str]:
        if name in self._learners:
            return name, ""
        origin = self._named.get(name)
        if origin is None:
            return self._one(name, self._keyed(name))
        if origin.learner in self._learners:
            return origin.learner, ""
        return self._one(origin.person, self._by_id.get((origin.platform, origin.id), []) or self._keyed(origin.person))

    def _keyed(self, name: str) -> list[str]:
        return list(dict.fromkeys(learner for key in name_keys(name) if key for learner in self._by_key.get(key, [])))

    def _one(self, name: str, learners: Collection[str]) -> tuple[str, str]:
        if len(learners) == 1:
            return next(iter(learners)), ""
        return "", f"{shown(name)} may be {' or '.join(learners)}" if learners else ""


def _files(path: Path) -> Iterator[_File]:
    """All that may be a request, by its path below the folder or in the zip."""
    if path.is_file():
        yield from _in_archive(path, PurePosixPath())
        return
    if not path.is_dir():
        raise CourseError(f"there is nothing at {path}; give a folder or a zip with regrade requests")
    for number, file in enumerate(sorted(path.rglob("*"))):
        if number > _FILES:
            raise CourseError(f"{path} holds more than {_FILES:,} files; give a folder with regrade requests alone")
        if file.is_symlink() or not file.is_file():
            continue
        inside = PurePosixPath(file.relative_to(path).as_posix())
        if any(map(is_ignored, inside.parts)):
            continue
        if is_archive(file.name) or is_sealed(file.name):
            yield from _in_archive(file, inside)
        elif _LIKE.search(file.name):
            try:
                with file.open("rb") as opened:
                    yield inside, _read(opened)
            except OSError as error:
                yield inside, f"it cannot be read ({error.strerror})"


def _in_archive(path: Path, inside: PurePosixPath) -> Iterator[_File]:
    if not path.name.lower().endswith(".zip"):
        yield (inside if inside.parts else PurePosixPath(path.name)), "it is no folder and no zip; unpack it"
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist()[:_FILES]:
                name = PurePosixPath(entry.filename.replace("\\", "/"))
                if entry.is_dir() or any(map(is_ignored, name.parts)) or not _LIKE.search(name.name):
                    continue
                with archive.open(entry) as opened:
                    yield inside / name, _read(opened)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        yield (inside if inside.parts else PurePosixPath(path.name)), f"it is no readable zip ({error})"


def _read(file: IO[bytes]) -> bytes | str:
    body = file.read(_MOST + 1)
    return body if len(body) <= _MOST else f"it is no request: it has more than {_MOST:,} bytes"
