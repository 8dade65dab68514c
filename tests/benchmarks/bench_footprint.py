"""What a course on NumPy costs beside this one: dependencies, disk, and a cold grade of one exercise.

``python tests/benchmarks/bench_footprint.py --write`` renews the table in docs/authoring.md. A cold grade is held against ``python -c "import numpy,
pytest"``, which nobody who grades with pytest can go below, in wall time and in processor time: the first depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/authoring.md"
BEGIN, END = "<!-- footprint:begin -->\n", "<!-- footprint:end -->"
BASELINE = [sys.executable, "-c", "import numpy, pytest"]


def closure(wanted: Sequence[str]) -> list[Distribution]:
    """The distributions that some requirements bring in, as they are installed here."""
    found: dict[str, Distribution] = {}
    queue = [Requirement(each) for each in wanted]
    while queue:
        needed = queue.pop()
        if needed.marker is not None and not any(needed.marker.evaluate({"extra": e}) for e in {"", *needed.extras}):
            continue
        name = needed.name.lower().replace("_", "-")
        if name not in found:
            try:
                found[name] = distribution(needed.name)
            except PackageNotFoundError:  # of another platform
                continue
            queue += [Requirement(each) for each in found[name].requires or []]
    return list(found.values())


def megabytes(distributions: Sequence[Distribution]) -> float:
    """What their files take."""
    sizes = [
        path.stat().st_size
        for each in distributions
        for path in (Path(str(each.locate_file(file))) for file in each.files or [])
        if path.is_file() and "__pycache__" not in path.parts
    ]
    return sum(sizes) / 1e6


def seconds(command: list[str], folder: Path, rounds: int) -> tuple[float, float]:
    """The shortest wall time and processor time, of the command and what it started."""
    walls, processors = [], []
    for _ in range(rounds):
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        environment = {**os.environ, "MECHGRADE_SERVER": "0"}
        subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
        walls.append(time.perf_counter() - started)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        processors.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return min(walls), min(processors)


def table(rounds: int) -> str:
    """The measurements, as a table."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = {
        "`mechgrade`, for learners of a course on NumPy": project["dependencies"],
        "`mechgrade[author]`, for who writes it": project["dependencies"] + extras["author"],
        "`mechgrade[transformer-lens]`, for learners of this course": project["dependencies"]
        + extras["transformer-lens"],
    }
    rows = ["| installed | packages | MB |", "|---|---|---|"]
    for name, requirements in wanted.items():
        found = closure(requirements)
        rows.append(f"| {name} | {len(found)} | {megabytes(found):,.0f} |")
    names = ", ".join(sorted(Requirement(each).name for each in project["dependencies"]))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder, "course")
        command = [sys.executable, "-m", "mechgrade.doors.cli"]
        subprocess.run(
            [*command, "init", str(root), "--title", "Lines", "--bench", "none"], capture_output=True, check=True
        )
        grade, base = seconds([*command, "grade", "solutions"], root, rounds), seconds(BASELINE, root, rounds)
    busy = os.getloadavg()[0] / (os.cpu_count() or 1)
    rows += [
        "",
        "| cold, the shortest of " + str(rounds) + " | wall s | processor s |",
        "|---|---|---|",
        f'| `python -c "import numpy, pytest"` | {base[0]:.2f} | {base[1]:.2f} |',
        f"| `mechgrade grade` of one exercise | {grade[0]:.2f} | {grade[1]:.2f} |",
        f"| times as long | {grade[0] / base[0]:.1f} | {grade[1] / base[1]:.1f} |",
        "",
        f"Measured with {busy:.1f} waiting programs a processor. The base packages ask for: {names}.",
    ]
    return "\n".join([*rows, "", *lines()])


def lines() -> list[str]:
    """What graders of plain functions take to write, by hand and made from the signature."""
    sys.path.insert(0, str(ROOT / "tests"))
    from benches import plain

    rows = ["| grader of | lines by hand | lines made |", "|---|---|---|"]
    for each in plain.ALL:
        rows.append(f"| `{each.name}` | {plain.lines(each.by_hand)} | {plain.lines(each.made)} |")
    return rows


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="renew the table in docs/authoring.md")
    options = parser.parse_args()
    found = table(options.rounds)
    print(found)
    if options.write:
        text = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(
            text.partition(BEGIN)[0] + BEGIN + found + "\n" + END + text.partition(END)[2], encoding="utf-8"
        )


if __name__ == "__main__":
    main()
