"""Time things side by side: in turns, so that a machine whose speed drifts treats them alike."""

from __future__ import annotations

import json
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

OUT = Path(__file__).parents[2] / "outputs" / "benchmarks"


def side_by_side(
    title: str, things: Mapping[str, Callable[[], object]], *, rounds: int, unit: str = "s", note: str = ""
) -> dict[str, float]:
    """Run each thing once in every round; print medians, spread and the ratio to the first, and write them as JSON.

    Returns:
        the medians in seconds.
    """
    times: dict[str, list[float]] = {name: [] for name in things}
    for thing in things.values():
        thing()  # warm-up: files into the cache, lazy imports
    for _ in track(range(rounds), description=title, transient=True):
        for name, thing in things.items():
            start = time.perf_counter()
            thing()
            times[name].append(time.perf_counter() - start)
    first = next(iter(things))
    scale = 1000 if unit == "ms" else 1
    table = Table("", f"median ({unit})", "min", "max", f"ratio to {first}", title=title, title_justify="left")
    rows = {}
    for name, values in times.items():
        ratios = [mine / theirs for mine, theirs in zip(values, times[first], strict=True)]
        rows[name] = {"median": statistics.median(values), "ratio": statistics.median(ratios)}
        cells = [statistics.median(values), min(values), max(values)]
        table.add_row(name, *(f"{cell * scale:.3g}" for cell in cells), f"{rows[name]['ratio']:.2f}")
    console = Console()
    console.print(table)
    if note:
        console.print(note, style="dim")
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{title.split(':')[0].replace(' ', '-')}.json"
    path.write_text(
        json.dumps({"title": title, "rounds": rounds, "machine": platform.platform(), "rows": rows}, indent=1)
    )
    return {name: row["median"] for name, row in rows.items()}
