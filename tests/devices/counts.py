"""Writes into docs/gpu.md what was graded on the stand-in, out of the files that the commands left; each row with the day on which its file was written.

P=outputs/standin/venv/bin/python
$P -m mechgrade.doors.cli grade solutions --device standin --no-server --json outputs/standin/references.json
$P -m mechgrade.doors.cli audit --no-mutants --device standin --lab lab1 --json outputs/standin/lab1.json
python tests/devices/counts.py outputs/standin/*.json

The other labs likewise. A lab may also be audited exercise by exercise, each into a file of its own: the files of one lab are one row.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from mechgrade.course import load_course

PAGE = Path(__file__).parents[2] / "docs" / "gpu.md"
BEGIN, END = "<!-- by tests/devices/counts.py -->\n", "<!-- end of tests/devices/counts.py -->\n"


def rows(files: list[Path], before: str) -> Iterator[str]:
    """A row for the references, and one for each lab's audits; those of the table before stay where no file has a new one."""
    found = [(json.loads(file.read_text(encoding="utf-8")), date.fromtimestamp(file.stat().st_mtime)) for file in files]
    made = {
        match[1]: line for line in before.splitlines() if (match := re.match(r"\| .*?\b(references|lab\d+)\b", line))
    }
    for tree, day in found:
        if "totals" not in tree:
            made["references"] = f"| {_references(tree)} | {day:%Y-%m-%d} |"
    audits = sorted(((tree, day) for tree, day in found if "totals" in tree), key=lambda each: _lab(each[0]))
    for lab, group in itertools.groupby(audits, lambda each: _lab(each[0])):
        trees, days = zip(*group, strict=True)
        made[lab] = f"| {_audits(lab, trees)} | {max(days):%Y-%m-%d} |"
    yield "| on the stand-in | result | day |"
    yield "|---|---|---|"
    yield from (made[key] for key in sorted(made, key=lambda key: (key != "references", key)))


def _lab(tree: dict[str, Any]) -> str:
    return str(tree["exercises"][0]["lab"])


def _references(tree: dict[str, Any]) -> str:
    each = tree["exercises"]
    failed = [entry["exercise"] for entry in each if entry["verdict"] != "passed"]
    but = f"; not {', '.join(f'`{name}`' for name in failed)}" if failed else ""
    passed = (
        f"{len(each) - len(failed)} of {len(each)} exercises passed, {tree['score']:g} of {tree['max_score']:g} points"
    )
    return f"references, isolation {tree['isolation']} | {passed}{but}"


def _audits(lab: str, trees: Sequence[dict[str, Any]]) -> str:
    of: Counter[str] = sum((Counter(tree["totals"]) for tree in trees), Counter())
    counts = [
        f"{of['references_passed']} of {of['exercises']} references passed",
        f"{of['accepted_passed']} of {of['accepted']} accepted variants passed",
        f"{of['misconceptions_rejected']} of {of['misconceptions']} misconceptions rejected",
        f"{of['misconceptions_named']} of {of['misconceptions_nameable']} named that their data tells apart",
    ]
    # Each begins with its exercise.
    where = Counter(problem.split(":")[0].split("/")[-1] for tree in trees for problem in tree["problems"])
    problems = "; otherwise than on a CPU: " * bool(where) + ", ".join(
        f"`{name}` ({count})" for name, count in where.items()
    )
    there = sum(each.lab == lab for each in load_course(PAGE.parents[1]).exercises())
    which = "all programs" if of["exercises"] == there else f"programs of {of['exercises']} of {there} exercises"
    return f"{which} of {lab} | {'; '.join(counts)}{problems}"


if __name__ == "__main__":
    above, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    old, below = rest.split(END, 1)
    table = "\n".join(rows([Path(name) for name in sys.argv[1:]], old))
    PAGE.write_text(f"{above}{BEGIN}\n{table}\n\n{END}{below}", encoding="utf-8")
