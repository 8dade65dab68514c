"""Several people's tables of answers as one: who shares the grading works in a copy, and what each has written is put together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mechgrade.cohort.answers import Row, Rows
from mechgrade.course import CourseError


def together(own: Rows, last: Rows, others: Mapping[str, Rows]) -> tuple[Rows, list[str]]:
    """A table with what people have written into copies of it.

    What somebody has left as it was written last is no opinion, and neither is an empty cell: so a filled row wins over an empty one, and
    whoever has changed a row over who has not.

    Args:
        own: the table beside the results.
        last: what was written there last; the others began as copies of it.
        others: the copies, by name.

    Returns:
        the table, and a line for each copy: what it has brought.

    Raises:
        CourseError: two people have written different things; each is named.
    """
    rows, lines, differ = dict(own), [], []
    whose: dict[tuple[str, str, str], str] = {}
    for name, other in others.items():
        count = 0
        for key, row in other.items():
            before = last.get(key)
            mine = rows.setdefault(key, replace(row, points=None, comment=""))
            new: dict[str, Any] = {}
            for part in ("points", "comment"):
                theirs, ours = getattr(row, part), getattr(mine, part)
                if theirs in (None, "", ours) or theirs == _part(before, part):
                    continue
                if ours in (None, "") or ours == _part(before, part):
                    new[part], whose[(*key, part)] = theirs, name
                else:
                    by = whose.get((*key, part), "answers.csv")
                    differ.append(
                        f"{row.learner}, {row.question}: {part} {_shown(ours)} in {by} and {_shown(theirs)} in {name}"
                    )
            if (
                before is not None and before.changed and not row.changed
            ):  # who has looked at the new answer has emptied this
                new["changed"] = ""
            count += bool(new)
            rows[key] = replace(mine, **new)
        lines.append(f"{count} answer{'s have' if count != 1 else ' has'} something new from {name}")
    if differ:
        listed = "\n".join(differ)
        raise CourseError(
            f"nothing was put together, because two tables differ. Decide, and write the same into both:\n{listed}"
        )
    return rows, lines


def _part(row: Row | None, part: str) -> Any:
    return getattr(row, part) if row is not None else None


def _shown(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else repr(value)
