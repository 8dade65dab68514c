"""The whole course in another checkout and in this one: ``python tests/benchmarks/bench_against.py CHECKOUT [ROUNDS]``.

CHECKOUT is a folder with another version of the project and its own ``.venv``, such as a ``git worktree`` of the last release after ``make setup``.
Both commands grade their own references, as a learner's second ``make grade`` does: the worker is warm, and all options are as they come. They take
turns. What an older version cannot do, such as grading two exercises at once, counts for the newer one; ``--jobs 1`` is therefore measured too.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import side_by_side
from support import ROOT


def grading(checkout: Path, *options: str) -> Callable[[], None]:
    """Grade the references of a checkout with its own command.

    Raises:
        SystemExit: if the command fails, or not all points are reached.
    """

    def run() -> None:
        with tempfile.NamedTemporaryFile(suffix=".json") as kept:
            command = [checkout / ".venv/bin/mechgrade", "grade", "solutions", "--json", kept.name, *options]
            ended = subprocess.run(command, cwd=checkout, capture_output=True, text=True, check=False)
            result = json.loads(Path(kept.name).read_text(encoding="utf-8")) if ended.returncode == 0 else {}
        if not result or result["score"] != result["max_score"]:
            sys.exit(f"{checkout}: exit code {ended.returncode}, not all points\n{ended.stdout[-2000:]}{ended.stderr}")

    return run


def exercises(checkout: Path) -> int:
    """How many exercises a checkout's course has."""
    return len(list((checkout / "solutions").glob("lab*/*.py")))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, help="a folder with another version and its own .venv")
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    asked = parser.parse_args()
    other = asked.checkout.resolve()
    if not (other / ".venv/bin/mechgrade").exists():
        parser.error(f"{other}/.venv/bin/mechgrade is missing; run `make setup` there")
    side_by_side(
        f"against: the other checkout ({exercises(other)} exercises) and this one ({exercises(ROOT)})",
        {"other": grading(other), "this": grading(ROOT), "this, one at once": grading(ROOT, "--jobs", "1")},
        rounds=asked.rounds,
    )


if __name__ == "__main__":
    main()
