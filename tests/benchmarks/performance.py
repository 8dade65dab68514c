"""The tables of docs/performance.md, from what the benchmarks measured: ``python tests/benchmarks/performance.py``.

Each benchmark leaves a file in outputs/benchmarks; this writes the numbers of those that are there between the page's marks.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
NAMES = (
    "first",
    "startup",
    "watch",
    "page",
    "course",
    "jobs",
    "jobs-simulated",
    "stubs",
    "overhead",
    "coordinator",
    "spent",
    "account",
    "intact",
    "fork",
    "nbgrader-autograde",
    "memory",
)


def table(document: dict[str, Any]) -> str:
    """A benchmark's rows in Markdown, with the machine that they are from."""
    rows: dict[str, dict[str, float]] = document["rows"]
    columns = list(next(iter(rows.values())))
    in_mb = document["title"].startswith("memory")
    lines = ["| | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name, row in rows.items():
        cells = (_cell(column, row[column], in_mb) for column in columns)
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    told = f"{document['processors']} processors, load average {document['load']} at the end, {document['machine']}"
    return "\n".join([*lines, "", f"*{told}*"])


def _cell(column: str, value: float, in_mb: bool) -> str:
    if column == "commands":
        return f"{value:.0f}"
    if column == "ratio":
        return f"{value:.2f}"
    if in_mb:
        return f"{value:.1f} MB"
    if column == "share":
        return f"{value:.0%}"
    if value < 0.01:
        return f"{value * 1e3:.1f} ms"
    return f"{value * 1e3:.0f} ms" if value < 10 else f"{value:.1f} s"


@dataclass(frozen=True)
class Goal:
    """What was aimed at, and where the number is that says whether it was reached.

    Attributes:
        what: in words.
        most: the number that it is to stay below, in seconds or as a ratio; None where it depends on another row.
        words: the goal in words.
        at: the benchmark, the row and the column.
    """

    what: str
    words: str
    most: float | None
    at: tuple[str, str, str]


GOALS = (
    Goal(
        "the second grade of one exercise",
        "at most 0.30 s",
        0.30,
        ("startup", "second grade of one exercise", "median"),
    ),
    Goal(
        "`mechgrade --help`",
        "at most three times `python -c pass` and 0.1 s",
        None,
        ("startup", "mechgrade --help", "median"),
    ),
    Goal(
        "`mechgrade hint`",
        "at most three times `python -c pass` and 0.1 s",
        None,
        ("startup", "mechgrade hint", "median"),
    ),
    Goal("the course on two processors, by that on one", "at most 1 / 1.7", 1 / 1.7, ("jobs", "2 at once", "ratio")),
    *(
        Goal(f"grading {lab}, by computing it bare", "at most 1.35", 1.35, ("overhead", lab, "ratio"))
        for lab in ("lab1", "lab2", "lab3", "lab4", "lab5")
    ),
    Goal(
        "the coordinator, one more light submission",
        "at most 1.5 ms",
        0.0015,
        ("coordinator", "each its own", "together"),
    ),
)


def goals(documents: dict[str, dict[str, Any]], before: str) -> str:
    """The goals beside what was measured; what was not measured here stays as it stood before."""
    lines = ["| | goal | measured | |", "|---|---|---|---|"]
    for goal in GOALS:
        name, row, column = goal.at
        value = documents.get(name, {}).get("rows", {}).get(row, {}).get(column)
        if value is None:
            row = f"| {goal.what} | {goal.words} | "
            lines.append(next((line for line in before.splitlines() if line.startswith(row)), f"{row}not measured | |"))
            continue
        most = goal.most or 3 * documents[name]["rows"]["python -c pass"]["median"] + 0.1
        lines.append(
            f"| {goal.what} | {goal.words} | {_cell(column, value, False)} | {'reached' if value <= most else 'missed'} |"
        )
    return "\n".join(lines)


def renew(text: str, documents: dict[str, dict[str, Any]]) -> str:
    """The page with the tables of these benchmarks in place of the old ones."""
    for name, document in documents.items():
        marks = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        if not marks.search(text):
            raise SystemExit(f"{PAGE} has no marks for {name}")
        text = marks.sub(rf"\g<1>{table(document)}\n\g<2>", text)
    return text


def main() -> None:
    found = {name: ROOT / "outputs" / "benchmarks" / f"{name}.json" for name in NAMES}
    missing = [name for name, path in found.items() if not path.is_file()]
    documents = {name: json.loads(path.read_text(encoding="utf-8")) for name, path in found.items() if path.is_file()}
    everything = re.sub(
        r"(<!-- goals:begin -->\n)(.*?)(<!-- goals:end -->)",
        lambda found: f"{found[1]}{goals(documents, found[2])}\n{found[3]}",
        renew(PAGE.read_text(encoding="utf-8"), documents),
        flags=re.DOTALL,
    )
    PAGE.write_text(everything, encoding="utf-8")
    print(f"wrote {len(documents)} tables; not measured yet: {', '.join(missing) or 'none'}")


if __name__ == "__main__":
    main()
