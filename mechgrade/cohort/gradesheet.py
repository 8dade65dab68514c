"""``grades.csv``: written as a whole, and never over a person's work without a word.

``grades.last.csv`` is the table as it was written. So one that somebody has changed since is noticed, kept under another name, and counts for
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from mechgrade.cohort.roster import read_rows
from mechgrade.files import write_atomic
from mechgrade.tables import as_csv

FILE, LAST, EDITED = "grades.csv", "grades.last.csv", "grades.edited.csv"

#: Killed between two steps, a run leaves this beside the others: it is what the table is, or was to be.
_NEXT = "grades.next.csv"


def write_grades(out: Path, table: Iterable[Sequence[object]]) -> None:
    """Write the table. One that a person has changed is kept under another name.

    Raises:
        OSError: something cannot be written.
    """
    text = as_csv(table)
    if is_edited(out):
        write_atomic(out / EDITED, (out / FILE).read_bytes())
    write_atomic(out / _NEXT, text)
    write_atomic(out / FILE, text)
    (out / _NEXT).replace(out / LAST)


def read_grades(out: Path) -> list[list[str]]:
    """The rows as they were written, whatever a person has changed in them since; none where there is no table.

    Raises:
        CourseError: they cannot be read.
    """
    path = out / (LAST if is_edited(out) else FILE)
    return read_rows(path) if path.is_file() else []


def is_edited(out: Path) -> bool:
    """Whether a person has changed the table since it was written."""
    written = [each.read_bytes() for name in (LAST, _NEXT) if (each := out / name).is_file()]
    return bool(written) and (out / FILE).is_file() and (out / FILE).read_bytes() not in written


def edited(out: Path) -> list[str]:
    """What to say where a person has changed the table."""
    if not is_edited(out):
        return []
    return [
        f"{out / FILE} was changed after it was written. Such changes count for nothing, and the next command that writes the table keeps yours as {EDITED}. "
        f"To change points by hand: mechgrade cohort mark {out} LEARNER EXERCISE POINTS --why REASON"
    ]
