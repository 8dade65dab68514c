"""Tables as CSV, in which nothing that a stranger wrote is a command to whoever opens them.

A spreadsheet takes a text that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, and a terminal takes an escape byte for an order.
Names are the learners' own. So every table is written here.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

#: What begins a formula in some spreadsheet, the wide forms of East Asian keyboards too; a space before it does not help.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20\t\r]")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def as_csv(rows: Iterable[Sequence[object]]) -> str:
    """Rows as CSV, by RFC 4180: CRLF, quotes doubled. See :func:`cell` for what becomes of texts."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def cell(value: object) -> object:
    """A value as a cell: numbers as they are, a text that would be a formula behind an apostrophe, without control characters."""
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    text = _CONTROL.sub("\N{REPLACEMENT CHARACTER}", value.replace("\r\n", "\n").replace("\r", "\n"))
    return "'" + text if _FORMULA.match(text) else text
