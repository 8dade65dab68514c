"""The names under which learning platforms pack a class: whose a file is, and under which name a grade goes back.

- Moodle: ``Ada Lovelace_12345_assignsubmission_file_/row_means.py``, or the same in one file name.
- Canvas: ``lovelaceada_1000_90000_row_means.py`` (learner, the learner's number, the file's number); ``LATE`` may follow the name.
- Blackboard: ``Lab 3_alovelace_attempt_2026-01-31-10-00-00_row_means.py``.

**Blackboard's name does not tell where the user's name begins:** ``Lab 3_c_smith`` is ``c_smith`` in *Lab 3*, or ``smith`` in *Lab 3_c*. The
assignment's name is common to all files of a download, so the beginning that all have in common tells it, up to its last underscore.
A class list tells it better: then the beginning counts behind which most of the list's logins are found. With one user alone and no
list the assignment is taken to have no underscore in its name.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Literal

Platform = Literal["moodle", "canvas", "blackboard"]

_FORMS: dict[Platform, re.Pattern[str]] = {
    "moodle": re.compile(r"(?P<person>.+?)_(?P<id>\d+)_assignsubmission_(?:file|onlinetext)(?:_(?P<rest>.*))?"),
    "blackboard": re.compile(
        r"(?P<head>[^_]+_.+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|(?P<about>\.txt))"
    ),
    "canvas": re.compile(r"(?P<person>[^\W_]+?)(?P<late>_(?i:late))?_(?P<id>\d+)_(?P<file>\d+)_(?P<rest>.+)"),
}


@dataclass(frozen=True)
class Packed:
    """A name as a platform makes it.

    Attributes:
        person: the learner's name, as far as the platform tells it.
        id: the learner's at the platform.
        stem: what a file for this learner must begin with, when it is uploaded there.
        rest: the file's own name; empty for a learner's folder.
        attempt: when it was handed in, a number that grows with time, such as 20260131100000; 0 where the name does not tell.
        number: of the file at the platform: a later file has a higher one. 0 where the name does not tell.
        is_late: whether the name says that it was handed in late, as Canvas' names do.
    """

    platform: Platform
    person: str
    id: str
    stem: str
    rest: str
    attempt: int = 0
    number: int = 0
    is_late: bool = False

    @property
    def learner(self) -> str:
        """A name of the learner's own in a class: two learners may be called alike."""
        return self.id if self.platform == "blackboard" else f"{self.person}_{self.id}"


def packed(name: str) -> Packed | None:
    """What a file's or folder's name says by itself, if a platform made it. For several see :func:`packed_in`."""
    return packed_in([name])[0].get(name)


def packed_in(names: Iterable[str], logins: Collection[str] = ()) -> tuple[dict[str, Packed], list[str]]:
    """What the names of a download say, by name, and what was assumed, a sentence each.

    Args:
        names: all files and folders of the download. Names that no platform made are left out.
        logins: of the class list, where there is one.
    """
    found: dict[str, Packed] = {}
    heads: dict[str, str] = {}
    for name in names:
        each = _taken_apart(name)
        if each is not None:
            found[name] = each
            if each.platform == "blackboard":
                heads[name] = each.id
    known = {login.casefold() for login in logins}
    works: dict[str, set[str]] = {}
    for head in heads.values():
        works.setdefault(head.partition("_")[0], set()).add(head)
    before: dict[str, str] = {}
    said: list[str] = []
    for alike in works.values():
        start, is_sure = _assignment(alike, known)
        before |= dict.fromkeys(alike, start)
        if not is_sure:
            user = min(alike)[len(start) :]
            said.append(
                f"Blackboard's names do not tell where a user's name begins: the assignment was taken to be {start[:-1]!r}, "
                f"and a user {user!r}. If that is wrong, give `mechgrade cohort check` and `grade` the class list: --roster FILE"
            )
    for name, head in heads.items():
        user = head[len(before[head]) :]
        found[name] = replace(found[name], person=user, id=user)
    return found, said


def _taken_apart(name: str) -> Packed | None:
    for platform, form in _FORMS.items():
        found = form.fullmatch(name)
        if found is not None:
            parts = found.groupdict()
            rest = parts.get("rest") or ""
            stem = name[: len(name) - len(rest)] if rest else name
            whose = parts.get("id") or parts["head"]
            return Packed(
                platform,
                parts.get("person") or whose,
                whose,
                stem,
                rest,
                int((parts.get("when") or "0").replace("-", "")),
                int(parts.get("file") or 0),
                bool(parts.get("late")),
            )
    return None


def _assignment(heads: set[str], known: set[str]) -> tuple[str, bool]:
    """What stands before the users' names, its underscore included, and whether that is sure."""
    one = min(heads)
    starts = [one[: at + 1] for at, letter in enumerate(one[:-1]) if letter == "_"]
    starts = [start for start in starts if all(head.startswith(start) and head != start for head in heads)]
    counts = [sum(head[len(start) :].casefold() in known for head in heads) for start in starts]
    if any(counts):
        return starts[counts.index(max(counts))], True
    return (starts[-1] if len(heads) > 1 else starts[0]), len(starts) == 1
