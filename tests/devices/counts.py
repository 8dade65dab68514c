"""Writes into docs/gpu.md what was graded on the stand-in, out of the files that the commands left; each row with the day on which its file was written.

P=outputs/standin/venv/bin/python
$P -m mechgrade.doors.cli grade solutions --device standin --no-server --json outputs/standin/references.json
$P -m mechgrade.doors.cli audit --no-mutants --device standin --lab lab1 --json outputs/standin/lab1.json
python tests/devices/counts.py outputs/standin/*.json

The other labs likewise.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "gpu.md"
BEGIN, END = "<!-- by tests/devices/counts.py -->\n", "<!-- end of tests/devices/counts.py -->\n"


def rows(files: list[Path]) -> Iterator[str]:
    """A row for each file; the references first."""
    yield "| on the stand-in | result | day |"
    yield "|---|---|---|"
    found = [(json.loads(file.read_text(encoding="utf-8")), date.fromtimestamp(file.stat().st_mtime)) for file in files]
    for tree, day in sorted(found, key=lambda each: ("totals" in each[0], _lab(each[0]))):
        yield f"| {_row(tree)} | {day:%Y-%m-%d} |"


def _lab(tree: dict[str, Any]) -> str:
    return str(tree["exercises"][0]["lab"])


def _row(tree: dict[str, Any]) -> str:
    each = tree["exercises"]
    if "totals" not in tree:
        failed = [entry["exercise"] for entry in each if entry["verdict"] != "passed"]
        but = f"; not {', '.join(f'`{name}`' for name in failed)}" if failed else ""
        passed = f"{len(each) - len(failed)} of {len(each)} exercises passed, {tree['score']:g} of {tree['max_score']:g} points"
        return f"references, isolation {tree['isolation']} | {passed}{but}"
    of = tree["totals"]
    counts = [
        f"{of['references_passed']} of {of['exercises']} references passed",
        f"{of['accepted_passed']} of {of['accepted']} accepted variants passed",
        f"{of['misconceptions_rejected']} of {of['misconceptions']} misconceptions rejected",
        f"{of['misconceptions_named']} of {of['misconceptions_nameable']} named that their data tells apart",
    ]
    # Each begins with its exercise.
    where = Counter(problem.split(":")[0].split("/")[-1] for problem in tree["problems"])
    problems = "; otherwise than on a CPU: " * bool(where) + ", ".join(
        f"`{name}` ({count})" for name, count in where.items()
    )
    return f"all programs of {_lab(tree)} | {'; '.join(counts)}{problems}"


if __name__ == "__main__":
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    table = "\n".join(rows([Path(name) for name in sys.argv[1:]]))
    PAGE.write_text(f"{before}{BEGIN}\n{table}\n\n{END}{rest.split(END, 1)[1]}", encoding="utf-8")
