"""The claims that texts make: where they stand, and whether a text says what was measured. Needs no model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import Value

ROOT = Path(__file__).resolve().parents[2]
PLACES = (
    "README.md",
    "docs/**/*.md",
    "solutions/*.py",
    "solutions/*/*.py",
    "fixtures/models/*/README.md",
    "fixtures/saes/*/README.md",
)

REMARK = re.compile(r"<!--\s*claim:\s*(?P<name>\S+)\s*-->")
# Not the numbers in names of heads (L0H0), nor those that only name a part: MLP 2, layer 1, latent 239.
NUMBER = re.compile(
    r"(?<![\w.])(?<!\w-)(?<!MLP )(?<!MLPs )(?<!layer )(?<!layers )(?<!Lab )(?<!head )(?<!latent )"
    r"(?P<sign>[-−]?)(?P<digits>\d+(?:[,\u202f]\d{3})*(?:\.\d+)?)(?P<percent>\s?%)?(?!\w)"
)
#: How far a number may be from what was measured, in units of its last place: half for rounding, and a little because another
#: machine adds up in another order.
SLACK = 0.6


@dataclass(frozen=True)
class Mention:
    """A claim in a text."""

    name: str
    path: Path
    line: int
    passage: str  # what the text says: from the last remark or the paragraph's beginning up to this remark

    @property
    def place(self) -> str:
        """The file and line, for a message."""
        return f"{self.path.relative_to(ROOT).as_posix()}:{self.line}"


def mentions(root: Path = ROOT) -> list[Mention]:
    """Every claim in every text, in the order of the files."""
    paths = sorted({path for pattern in PLACES for path in root.glob(pattern)})
    return [mention for path in paths for mention in mentions_in(path)]


def mentions_in(path: Path) -> Iterator[Mention]:
    """The claims of one text, Markdown or an exercise's source."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        # Texts are comments there. The lines stay where they are, so that their numbers are right.
        text = "\n".join(
            line[1:].lstrip() if line.startswith("#") and not line.startswith("# %%") else ""
            for line in text.split("\n")
        )
    # What stands between fences is shown as it is, and claims nothing.
    text = re.sub(r"^```.*?^```", lambda fenced: "\n" * fenced[0].count("\n"), text, flags=re.DOTALL | re.MULTILINE)
    for paragraph in re.finditer(r"(?:[^\n]+\n?)+", text):
        start = paragraph.start()
        for remark in REMARK.finditer(text, paragraph.start(), paragraph.end()):
            passage = " ".join(text[start : remark.start()].split())
            yield Mention(remark["name"], path, text.count("\n", 0, remark.start()) + 1, passage)
            start = remark.end()


def says(passage: str, values: tuple[Value, ...]) -> bool:
    """Whether a passage says what was measured: its last numbers are the measured ones, in order, and it holds the texts."""
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    stated = list(NUMBER.finditer(passage))
    if len(stated) < len(numbers):
        return False
    last = stated[len(stated) - len(numbers) :]
    return (
        all(value for value in values if isinstance(value, bool))
        and all(value in passage for value in values if isinstance(value, str))
        and all(_near(number, value) for number, value in zip(last, numbers, strict=True))
    )


def _near(number: re.Match[str], value: float) -> bool:
    digits = re.sub(r"[,\u202f]", "", number["digits"])
    stated = float(digits) * (-1 if number["sign"] else 1)
    unit = 10.0 ** -len(digits.partition(".")[2])
    return abs(stated - value * (100 if number["percent"] else 1)) <= SLACK * unit
