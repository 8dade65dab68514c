"""Lines that are put into a page that is written already: what was handed in, what a person gave for written answers, comments."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

#: Where the lines go, and the words above them.
WRITTEN = ("written", "Written answers")
MARKED = ("marked", "Points that a person has changed")
HANDED_IN, COMMENTS = ("handed-in", "How your hand-in was read"), ("comments", "Comments")


def has_place(page: str, place: tuple[str, str]) -> bool:
    """Whether a page has a place for lines of a kind."""
    return f"<!-- {place[0]} -->" in page


def with_lines(page: str, place: tuple[str, str], lines: Sequence[str]) -> str:
    """A page with some lines in a place that it has for them; those that were there are gone."""
    name, title = place
    first, last = f"<!-- {name} -->", f"<!-- end of {name} -->"
    before, mark, rest = page.partition(first)
    _, other, after = rest.partition(last)
    if not mark or not other:
        return page
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    body = f'<section class="{name}"><h2>{title}</h2><ul>{items}</ul></section>' if lines else ""
    return f"{before}{first}{body}{last}{after}"
