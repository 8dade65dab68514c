"""What grading one exercise was made of in another checkout, and is in this one: ``python tests/benchmarks/bench_account.py CHECKOUT [ROUNDS]``.

CHECKOUT is a folder with another version of the project and its own ``.venv``, such as a ``git worktree`` of the last release after ``make setup-instructor``. Each
runs its own ``bench_spent.py`` (lab 3, twelve learners), in turns. The courses differ, so an exercise may run more scenarios in one than in the other: what
is compared best is what an exercise costs besides its scenarios.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import write
from rich.console import Console
from rich.progress import track
from rich.table import Table
from support import ROOT

#: What the worker's clock says of scenarios is no part of what grading adds.
ALL, SCENARIOS, ABOVE = (
    "processor: all processes",
    "scenarios, by the worker's clock",
    "processor: all but the scenarios",
)


def account(checkout: Path) -> dict[str, float]:
    """Seconds by part for one exercise of lab 3, by a checkout's own benchmark.

    Raises:
        SystemExit: if the benchmark fails there.
    """
    script = "tests/benchmarks/bench_spent.py"
    ended = subprocess.run(
        [checkout / ".venv/bin/python", script], cwd=checkout, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        sys.exit(f"{checkout}/{script} failed:\n{ended.stderr[-2000:]}")
    kept = json.loads((checkout / "outputs/benchmarks/spent.json").read_text(encoding="utf-8"))
    exercises = len(list((checkout / "solutions/lab3").glob("*.py")))
    parts = {part: row["seconds"] / exercises for part, row in kept["rows"].items()}
    if ALL in parts:
        parts[ABOVE] = parts[ALL] - parts[SCENARIOS]
    return parts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="a folder with another version and its own .venv")
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    asked = parser.parse_args()
    places = {"before": asked.checkout.resolve(), "now": ROOT}
    for place in places.values():
        if not (place / ".venv/bin/python").exists():
            parser.error(f"{place}/.venv is missing; run `make setup-instructor` there")
    found: dict[str, list[dict[str, float]]] = {name: [] for name in places}
    for _ in track(range(asked.rounds), description="in turns", transient=True):
        for name, place in places.items():
            found[name].append(account(place))
    parts = [part for part in found["now"][0] if part in found["before"][0]]
    rows = {
        part: {name: statistics.median(each[part] for each in accounts) for name, accounts in found.items()}
        for part in parts
    }
    for row in rows.values():
        row["ratio"] = row["now"] / row["before"]
    table = Table("an exercise of lab 3", "before", "now", "ratio")
    for part, row in rows.items():
        table.add_row(part, f"{1e3 * row['before']:.1f} ms", f"{1e3 * row['now']:.1f} ms", f"{row['ratio']:.2f}")
    Console().print(table)
    write("account", {"title": "account", "rounds": asked.rounds, "rows": rows})


if __name__ == "__main__":
    main()
