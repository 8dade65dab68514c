"""The tables of docs/performance.md, from what the benchmarks measured: ``python tests/benchmarks/performance.py``.

Each benchmark leaves a file in outputs/benchmarks; this writes the numbers of those that are there between the page's marks.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "performance.md"
#: What each benchmark has measured, by its name.
Documents = dict[str, dict[str, Any]]

#: The classes of 100, 1,000 and 10,000: docs/capacity.md has its table.
CLASS = "cohort"
NAMES = (
    "against",
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
    "tests",
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
        at: the benchmark, the row and the column; or what finds the number in all benchmarks' documents, None where it is not there.
        column: how the number is shown: as this column's are.
    """

    what: str
    words: str
    most: float | None
    at: tuple[str, str, str] | Callable[[Documents], float | None]
    column: str = ""

    def measured(self, documents: Documents) -> float | None:
        """The number, if it was measured here."""
        if callable(self.at):
            return self.at(documents)
        name, row, column = self.at
        return documents.get(name, {}).get("rows", {}).get(row, {}).get(column)


def in_a_class(number: Callable[[dict[str, dict[str, float]]], float]) -> Callable[[Documents], float | None]:
    """A number of a class of ten thousand, if one was graded."""

    def found(documents: Documents) -> float | None:
        sizes = documents.get(CLASS, {}).get("sizes", {})
        return number(sizes) if "10000" in sizes else None

    return found


def one_more(sizes: dict[str, dict[str, float]], few: int, many: int, what: str) -> float:
    """Seconds for one more submission between classes of two sizes; start-up is in neither."""
    return (sizes[str(many)][what] - sizes[str(few)][what]) / (many - few)


def installed(documents: Documents) -> float | None:
    """Seconds to the first verdict, if installing was measured too."""
    rows = documents.get("first", {}).get("rows", {})
    return rows["to the first failing verdict"]["seconds"] if "make learn: installing, by uv" in rows else None


GOALS = (
    # It took 0.68 s before, and collecting the tests 17 s, on one machine: by the ratio, each machine can say whether a goal is reached.
    Goal(
        "the second grade of one exercise, by d77c950's",
        "at most 0.30 / 0.68",
        0.30 / 0.68,
        ("against", "second grade of one exercise", "ratio"),
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
    Goal(
        "one more light submission of ten thousand, by one of a thousand",
        "at most 1.05",
        1.05,
        in_a_class(lambda sizes: one_more(sizes, 1000, 10_000, "processor") / one_more(sizes, 100, 1000, "processor")),
        "ratio",
    ),
    Goal(
        "the coordinator's memory at ten thousand, by that at a thousand",
        "at most 1.05",
        1.05,
        in_a_class(lambda sizes: sizes["10000"]["coordinator_mib"] / sizes["1000"]["coordinator_mib"]),
        "ratio",
    ),
    Goal(
        "from `git clone` to the first verdict, all installed by uv",
        "at most 60 s",
        60,
        installed,
    ),
    Goal("`make test` on two processors", "at most 5 minutes", 300, ("tests", "make test", "seconds")),
    Goal("collecting the tests, by d77c950", "at most 4 / 17", 4 / 17, ("against", "collecting the tests", "ratio")),
)


def goals(documents: Documents, before: str) -> str:
    """The goals beside what was measured; what was not measured here stays as it stood before."""
    lines = ["| | goal | measured | |", "|---|---|---|---|"]
    for goal in GOALS:
        value = goal.measured(documents)
        if value is None:
            row = f"| {goal.what} | {goal.words} | "
            lines.append(next((line for line in before.splitlines() if line.startswith(row)), f"{row}not measured | |"))
            continue
        most = goal.most or 3 * documents["startup"]["rows"]["python -c pass"]["median"] + 0.1
        lines.append(
            f"| {goal.what} | {goal.words} | {_cell(goal.column or (goal.at[2] if isinstance(goal.at, tuple) else ''), value, False)} | {'reached' if value <= most else 'missed'} |"
        )
    return "\n".join(lines)


def renew(text: str, documents: Documents) -> str:
    """The page with the tables of these benchmarks in place of the old ones."""
    for name, document in documents.items():
        if name == CLASS:
            continue
        marks = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
        if not marks.search(text):
            raise SystemExit(f"{PAGE} has no marks for {name}")
        text = marks.sub(rf"\g<1>{table(document)}\n\g<2>", text)
    return text


def main() -> None:
    found = {name: ROOT / "outputs" / "benchmarks" / f"{name}.json" for name in (*NAMES, CLASS)}
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
