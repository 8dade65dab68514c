"""What a class costs: over sizes, processes here, and Dask workers.

Run: ``python tests/benchmarks/bench_cohort.py [SIZE ...] [--lab LAB] [--only PART] [--turns N]``. Sizes are numbers of submissions (by default 10 and 40); the
class is made of right programs, misconceptions and stubs in turns, each file its own. Without ``--lab`` a course of two light exercises is
graded, so that what mechgrade adds shows; with it, a whole lab. Processor time is counted beside wall time, because it hardly depends on what
else the machine does.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import OUT
from benchmarks.processor import Spent, run
from cohort.ground import command, environment, small_class, small_course
from cohort.test_cluster import Scheduler
from rich.console import Console
from rich.table import Table
from support import ROOT

from mechgrade import sandbox
from mechgrade.course import Course, load_course

#: What is kept of a run: see ``row``.
Row = dict[str, float | None]

PARTS = ("sizes", "jobs", "dask")

#: Plain computing: arithmetic of Python's and copying, counted for three seconds.
_PLAIN = """
import time
end, block, rounds = time.monotonic() + 3, bytearray(1 << 20), 0
while time.monotonic() < end:
    sum(number * number for number in range(20_000))
    bytes(block)
    rounds += 1
print(rounds)
"""


def graded(course: Course, folder: Path, out: Path, *more: str) -> Spent:
    """Grade a class into an empty folder."""
    return run(command("grade", folder, "--out", out, *more), course.root, environment())


def main() -> None:
    parser = argparse.ArgumentParser(description="What a class costs.")
    parser.add_argument("sizes", nargs="*", type=int, default=[10, 40])
    parser.add_argument("--lab")
    parser.add_argument("--name", help="of the JSON file")
    parser.add_argument("--turns", type=int, default=1, help="how often everything is run")
    parser.add_argument("--only", choices=PARTS, action="append")
    options = parser.parse_args()
    parts = options.only or PARTS
    found: dict[str, Any] = {
        "machine": platform.platform(),
        "processors": os.cpu_count(),
        "load": os.getloadavg()[0],
        "isolation": sandbox.probe().level,
        "course": options.lab or "two light exercises",
    }
    console = Console()
    with tempfile.TemporaryDirectory(prefix="mechgrade-bench-") as place:
        here = Path(place)
        course = small_course(here / "course")
        more: list[str] = []
        if options.lab:
            course, more = load_course(ROOT), ["--lab", options.lab]
        folders = {size: small_class(course, here / f"class{size}", size, lab=options.lab) for size in options.sizes}
        # In turns, and the median: the machine's speed drifts, and no size or number of processes is to have its slow minutes alone.
        if "sizes" in parts:
            found["sizes"] = medians(
                {
                    size: row(graded(course, folders[size], here / f"out{turn}-{size}", "--jobs", "2", *more))
                    for size in options.sizes
                }
                for turn in range(options.turns)
            )
        found["plain"] = statistics.median(two_at_plain_computing() for _ in range(max(3, options.turns)))
        if "jobs" in parts:
            turns = [
                {
                    jobs: {
                        size: row(
                            graded(
                                course, folders[size], here / f"jobs{turn}-{jobs}-{size}", "--jobs", str(jobs), *more
                            )
                        )
                        for size in options.sizes
                    }
                    for jobs in (1, 2)
                }
                for turn in range(options.turns)
            ]
            found["jobs"] = {jobs: medians(turn[jobs] for turn in turns) for jobs in (1, 2)}
        if "dask" in parts:
            turns = [
                {workers: by_dask(course, folders, here / f"dask{turn}-{workers}", workers, more) for workers in (1, 2)}
                for turn in range(options.turns)
            ]
            found["dask"] = {workers: medians(turn[workers] for turn in turns) for workers in (1, 2)}
    found["turns"] = options.turns
    found["load_at_end"] = os.getloadavg()[0]
    show(found, console)
    OUT.mkdir(parents=True, exist_ok=True)
    name = options.name or (f"cohort-{options.lab}" if options.lab else "cohort")
    (OUT / f"{name}.json").write_text(json.dumps(found, indent=1))


def by_dask(course: Course, folders: dict[int, Path], place: Path, workers: int, more: list[str]) -> dict[int, Row]:
    """Grade every class over a scheduler with that many workers."""
    place.mkdir()
    cluster = Scheduler(place, inside=tuple(map(on_processor, range(workers))))
    try:
        return {
            size: row(graded(course, folder, place / f"out{size}", "--scheduler", cluster.address, *more))
            for size, folder in folders.items()
        }
    finally:
        cluster.close()


def medians(turns: Iterable[dict[int, Row]]) -> dict[int, Row]:
    """Of each size and each thing measured, the median over the turns."""
    rows = list(turns)

    def median(values: list[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return statistics.median(known) if known else None

    return {size: {what: median([turn[size][what] for turn in rows]) for what in rows[0][size]} for size in rows[0]}


def on_processor(number: int) -> tuple[str, ...]:
    """What keeps a Dask worker, and all that it starts, on a processor of its own: a machine with one. Left alone, one worker takes more
    than one processor (ended processes are cleared away beside it), and two are held up by the two that there are.
    """
    return ("taskset", "--cpu-list", str(number % (os.cpu_count() or 1))) if shutil.which("taskset") else ()


def two_at_plain_computing() -> float:
    """How many times as much two processors of this machine compute as one: what no grading over two can exceed. Less than two, where they share
    caches, memory and a host with others.
    """

    def rounds(*processors: int) -> int:
        running = [
            subprocess.Popen([*on_processor(each), sys.executable, "-c", _PLAIN], stdout=subprocess.PIPE, text=True)
            for each in processors
        ]
        return sum(int(process.communicate()[0]) for process in running)

    alone = (rounds(0) + rounds(1)) / 2
    return rounds(0, 1) / alone


def row(spent: Spent) -> Row:
    """What is kept of a run. The memory is that in the last tenth of the run."""
    last = spent.memory[-max(1, len(spent.memory) // 10) :]
    memory = statistics.median(last)
    return {"seconds": spent.seconds, "processor": spent.processor, "coordinator_mib": memory, "coordinator": spent.own}


def between(rows: dict[int, dict[str, Any]], what: str) -> float:
    """Seconds for one more submission: what the largest class took beyond the smallest. Start-up is in neither."""
    small, large = min(rows), max(rows)
    if None in (rows[large][what], rows[small][what]):
        return math.nan
    return float(rows[large][what] - rows[small][what]) / (large - small)


def show(found: dict[str, Any], console: Console) -> None:
    """Print tables and ratios."""
    if "sizes" in found:
        table = Table(
            "submissions", "seconds", "processor seconds", "a submission: seconds", "processor", "coordinator"
        )
        for size, one in found["sizes"].items():
            each = [one["seconds"], one["processor"] or math.nan]
            cells = [f"{cell:.1f}" for cell in each] + [f"{cell / size:.3f}" for cell in each]
            table.add_row(str(size), *cells, f"{one['coordinator_mib']:.0f} MiB, {one['coordinator']:.1f} s")
        console.print(table)
        found["one_more"] = {what: between(found["sizes"], what) for what in ("seconds", "processor")}
        console.print(f"one more submission: {found['one_more']} seconds")
    for name in ("jobs", "dask"):
        if name in found:
            one, two = (between(found[name][count], "seconds") for count in (1, 2))
            console.print(
                f"{name}, one more submission: one {one:.3f} s, two {two:.3f} s, {one / two:.2f} times as fast"
            )
    console.print(f"two processors of this machine compute {found['plain']:.2f} times as much as one", style="dim")
    console.print(
        f"load of the machine at the start {found['load']:.1f}, at the end {found['load_at_end']:.1f}", style="dim"
    )


if __name__ == "__main__":
    main()
