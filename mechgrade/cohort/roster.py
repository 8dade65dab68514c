"""A class list: a CSV that a platform gives (Canvas' gradebook, Moodle's grading worksheet, Blackboard's grade centre), or one of your own.

A learner is found in it by the platform's number, by login or e-mail, or by name, however the name is written: ``Lovelace, Ada``,
``Ada Lovelace`` and ``lovelaceada`` are one. A name that two people have finds none of them.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mechgrade.course import CourseError

#: Columns that tell a person at least, by platform.
_CANVAS, _MOODLE, _BLACKBOARD = ("student", "id"), ("identifier",), ("username", "last name", "first name")

#: Columns whose values are a person's own, and those that make up a name; in lower case.
_IDS = ("id", "identifier", "sis user id", "sis login id", "username", "login", "email", "email address", "student id", "id number", "learner", "user")  # fmt: skip
_NAMES = ("student", "full name", "fullname", "name", "learner", "student name")
_FIRST, _LAST = ("first name", "firstname", "given name"), ("last name", "lastname", "surname", "family name")


@dataclass(frozen=True)
class Person:
    """A row of the list: the text of each column, by the column's name."""

    row: dict[str, str]

    @property
    def ids(self) -> list[str]:
        """What is this person's alone."""
        found = [value for name, value in self.row.items() if name.strip().lower() in _IDS and value]
        # Moodle's "Participant 12345", whatever the language; and the first part of an address is often the login.
        found += [digits[0] for value in found if (digits := re.search(r"\d+$", value))]
        return found + [value.partition("@")[0] for value in found if "@" in value]

    @property
    def names(self) -> list[str]:
        """The ways to write the name."""
        cells = {name.strip().lower(): value for name, value in self.row.items()}
        first = next((cells[each] for each in _FIRST if cells.get(each)), "")
        last = next((cells[each] for each in _LAST if cells.get(each)), "")
        return [value for each in _NAMES if (value := cells.get(each))] + ([f"{first} {last}"] if first or last else [])

    @property
    def shown(self) -> str:
        """What to call this person in a list."""
        return next(iter([*self.names, *self.ids]), ", ".join(self.row.values()))


@dataclass(frozen=True)
class Roster:
    """A class list.

    Attributes:
        columns: their names, in order.
        people: a row each. Canvas' rows without a person are left out.
        platform: canvas, moodle or blackboard, by the columns; empty for a list of another making.
    """

    columns: list[str]
    people: list[Person]
    platform: str = ""

    def find(self, learners: Iterable[tuple[str, Sequence[str]]]) -> dict[str, Person]:
        """The person of each learner who is found.

        Args:
            learners: each name in the results, with the ways to find the learner: number, login, name.
        """
        by_id = _index((key, person) for person in self.people for key in map(_squeezed, person.ids))
        by_name = _index((key, person) for person in self.people for name in person.names for key in _keys(name))
        found: dict[str, Person] = {}
        for learner, ways in learners:
            ids = (by_id.get(_squeezed(way)) for way in ways)
            # A key that two people share stands for neither, and neither do the other keys of the same name.
            names = [[by_name[key] for key in _keys(way) if key in by_name] for way in ways]
            sure = (each[0] for each in names if each and None not in each)
            person = next(filter(None, ids), None) or next(sure, None)
            if person is not None:
                found[learner] = person
        return found


def read_roster(path: Path) -> Roster:
    """A list from a file.

    Raises:
        CourseError: it cannot be read, or holds nobody.
    """
    rows = read_rows(path)
    known = {*_IDS, *_NAMES, *_FIRST, *_LAST}
    if rows and not known & {cell.strip().lower() for cell in rows[0]}:
        rows.insert(0, ["name", *(f"column {place}" for place in range(2, len(rows[0]) + 1))])  # a bare list of names
    if len(rows) < 2:
        raise CourseError(f"{path} holds nobody; give a CSV with a line of column names and a line for each learner")
    columns = [cell.strip() for cell in rows[0]]
    people = [
        Person({name: cell.strip() for name, cell in zip(columns, [*row, *[""] * len(columns)], strict=False)})
        for row in rows[1:]
    ]
    platform = _platform({name.lower() for name in columns})
    if platform == "canvas":
        # Above the learners are rows for points and posting, below them one for a test student.
        people = [person for person in people if person.row.get("ID")]
    return Roster(columns, people, platform)


def read_rows(path: Path) -> list[list[str]]:
    """The lines of a CSV that a person or a platform has made, without empty lines.

    Raises:
        CourseError: it cannot be read.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise CourseError(f"{path} cannot be read: {error.strerror}") from None
    # Blackboard gives UTF-16, with tabs.
    coding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = body.decode(coding)
    except UnicodeDecodeError:
        text = body.decode("latin-1")
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    try:
        return [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise CourseError(f"{path} is no CSV: {error}") from None


def _platform(columns: set[str]) -> str:
    for platform, needed in {"canvas": _CANVAS, "moodle": _MOODLE, "blackboard": _BLACKBOARD}.items():
        if columns.issuperset(needed):
            return platform
    return ""


def _index(pairs: Iterable[tuple[str, Person]]) -> dict[str, Person | None]:
    """The person of each key; None for a key that several people have."""
    found: dict[str, Person | None] = {}
    for key, person in pairs:
        if key:
            found[key] = person if found.get(key, person) is person else None
    return found


def _squeezed(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def _keys(name: str) -> list[str]:
    """A name squeezed as it is, and with its words in order."""
    words = [_squeezed(word) for word in re.split(r"[\s,_.]+", name)]
    return list(dict.fromkeys([_squeezed(name), " ".join(sorted(filter(None, words)))]))
