"""File names as platforms, browsers and people change them: ``row_means (1).py`` is still ``row_means.py``.

Known are: upper and lower case; blanks and hyphens for underscores; a number or "copy" behind the name; a learner's name and numbers
before it, as Canvas and Moodle put them there, or behind it; ``.txt`` or ``.json`` behind the ending.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

Kind = Literal["python", "notebook", "text", "markdown", "other"]

_ENDINGS: dict[str, Kind] = {
    ".py": "python",
    ".pyw": "python",
    ".ipynb": "notebook",
    ".txt": "text",
    ".md": "markdown",
    ".markdown": "markdown",
}

#: What browsers and editors put behind the ending of a file that they do not know.
_BEHIND = re.compile(
    r"(?:(?<=\.py)|(?<=\.ipynb)|(?<=\.md))(?:\.(?:txt|text|json|py|ipynb|download|bak)|[ _]?\(\d+\))+$"
)

#: A word behind a name that says only which copy it is.
_COPY = re.compile(r"\d{1,4}|v\d+|copy|copie|kopie|copia|final|neu|new|fixed|solved|solution")

#: Python files that are nobody's answer: tests, and what tools want.
_TOOLS = frozenset(["conftest", "setup", "__init__", "__main__"])


class Name(NamedTuple):
    """A file's name, taken apart."""

    kind: Kind
    words: tuple[str, ...]


class Match(NamedTuple):
    """Which of the names that were looked for a file has.

    Attributes:
        likeness: 0 for the exact name, 1 for another way to write it, 2 for a name with something before or behind it.
        number: of the copy; 0 for the first.
    """

    name: str
    likeness: int
    number: int


@lru_cache(maxsize=4096)  # a class hands in the same names again and again
def name_of(file: str) -> Name:
    """The kind of a file and the words of its name, in lower case."""
    plain = _BEHIND.sub("", unicodedata.normalize("NFC", file).lower().strip())
    ending = next((each for each in _ENDINGS if plain.endswith(each)), "")
    stem = plain.removesuffix(ending)
    return Name(_ENDINGS.get(ending, "other"), tuple(re.findall(r"[^\W_]+", stem)))


def match(file: str, names: Iterable[str], ending: str) -> Match | None:
    """The name that a file has; of several the longest.

    Args:
        file: the file's name.
        names: without their ending.
        ending: that of the exact name, such as ``.py``.
    """
    exact = file.removesuffix(ending) if file.endswith(ending) else None
    words = name_of(file).words
    found: list[tuple[int, Match]] = []
    for name in names:
        if name == exact:
            return Match(name, 0, 0)
        wanted = tuple(re.findall(r"[^\W_]+", name.lower()))
        likeness = _likeness(words, wanted)
        if likeness is not None:
            found.append((len(wanted), Match(name, *likeness)))
    return max(found, key=lambda each: (each[0], -each[1].likeness))[1] if found else None


def unchanged(file: str) -> str:
    """The name of a file of JSON as it was before browsers and platforms changed it, in lower case: ``a.json`` of ``a (1).json``, ``a-1.json``, ``a.json.txt``."""
    plain = re.sub(r"(?<=\.json)(?:\.(?:txt|json|download)|[ _]?\(\d+\))+$", "", file.lower())
    return re.sub(r"(?:[ _]?\(\d+\)|-\d{1,3})(?=\.json$)", "", plain)


def copy_of(file: str) -> int:
    """The number behind a file's own name, which is higher for a later copy: 2 for ``hw (2).zip`` and ``hw2.zip``, 0 for ``hw.zip``."""
    found = re.search(r"(?<!\d)(\d{1,4})[\W_]*$", file.rpartition(".")[0] or file)
    return int(found[1]) if found else 0


def is_tool(file: str) -> bool:
    """Whether a Python file is a test, or one of those that tools want: nobody's answer."""
    stem = file.rpartition(".")[0] or file
    return stem in _TOOLS or stem.startswith("test_") or stem.endswith("_test")


def before(file: str, name: str) -> str | None:
    """What stands before a name in a file's name: ``ada_find_heads (2).py`` gives ``ada``. None where the name does not end it."""
    stem = re.sub(r"\.[^.]*$", "", _BEHIND.sub("", file))
    pattern = r"[\W_]*".join(map(re.escape, re.findall(r"[^\W_]+", name)))
    found = re.fullmatch(rf"(.*?)[\W_]*{pattern}(?:[\W_]*(?:{_COPY.pattern}))*[\W_]*", stem, re.IGNORECASE)
    return found[1] if found else None


def _likeness(words: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[int, int] | None:
    """How like a file's words are to those wanted, and the number of the copy."""
    number = 0
    while True:
        if words == wanted or "".join(words) == "".join(wanted):
            return 1, number
        if words[-len(wanted) :] == wanted or words[-1:] == ("".join(wanted),):
            return 2, number
        if not words or not _COPY.fullmatch(words[-1]):
            break
        digits = words[-1].lstrip("v")
        number = max(number, int(digits) if digits.isdecimal() else 1)
        words = words[:-1]
    return (2, number) if wanted and words[: len(wanted)] == wanted else None
