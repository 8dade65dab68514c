"""Time things side by side: in turns, so that a machine whose speed drifts treats them alike."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

OUT = Path(__file__).parents[2] / "outputs" / "benchmarks"


def given(document: str | None, *others: str, **counts: int) -> argparse.Namespace:
    """The arguments of a benchmark that takes numbers, each with what it is where none is given; ``--help`` prints the benchmark's own text.

    Args:
        others: names of the arguments that are no numbers; the last takes all that follow.
    """
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, count in counts.items():
        parser.add_argument(name, nargs="?", type=int, default=count, help=f"by default {count}")
    for name in others:
        parser.add_argument(name, nargs="*", help="all, if none is given")
    return parser.parse_args()


def side_by_side(
    title: str,
    things: Mapping[str, Callable[[], object]],
    *,
    rounds: int,
    unit: str = "s",
    note: str = "",
    cpu: bool = False,
    elsewhere: Callable[[], float] = lambda: 0.0,
) -> dict[str, float]:
    """Run each thing once in every round; print medians, spread and the ratio to the first, and write them as JSON.

    Args:
        cpu: whether to keep the processor time too, of this process and of those that it waited for: what is left of a
            measurement on a busy machine.
        elsewhere: the processor time that others have spent for what is measured, to be counted with it.

    Returns:
        the medians in seconds.
    """
    spent: dict[str, list[float]] = {name: [] for name in things}
    times: dict[str, list[float]] = {name: [] for name in things}
    for thing in things.values():
        thing()  # warm-up: files into the cache, lazy imports
    for _ in track(range(rounds), description=title, transient=True):
        for name, thing in things.items():
            start, before = time.perf_counter(), _processor_time() + elsewhere()
            thing()
            times[name].append(time.perf_counter() - start)
            spent[name].append(_processor_time() + elsewhere() - before)
    first = next(iter(things))
    scale = 1000 if unit == "ms" else 1
    table = Table("", f"median ({unit})", "min", "max", f"ratio to {first}", title=title, title_justify="left")
    rows: dict[str, dict[str, float]] = {}
    for name, values in times.items():
        ratios = [mine / theirs for mine, theirs in zip(values, times[first], strict=True)]
        rows[name] = {"median": statistics.median(values), "ratio": statistics.median(ratios)}
        if cpu:
            rows[name]["processor"] = statistics.median(spent[name])
            print(f"  {name}: {rows[name]['processor']:.3f} s of processor time")
        cells = [statistics.median(values), min(values), max(values)]
        table.add_row(name, *(f"{cell * scale:.3g}" for cell in cells), f"{rows[name]['ratio']:.2f}")
    console = Console()
    console.print(table)
    if note:
        console.print(note, style="dim")
    write(title.split(":")[0].replace(" ", "-"), {"title": title, "rounds": rounds, "unit": unit, "rows": rows})
    return {name: row["median"] for name, row in rows.items()}


def _processor_time() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def write(name: str, document: Mapping[str, object]) -> None:
    """Keep a benchmark's result as ``outputs/benchmarks/<name>.json``, with the machine and how busy it was at the end."""
    machine = {"machine": platform.platform(), "processors": os.cpu_count(), "load": round(os.getloadavg()[0], 1)}
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps({**document, **machine}, indent=1) + "\n", encoding="utf-8")
