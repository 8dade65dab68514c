"""How long who changes something waits for its tests: ``python tests/benchmarks/bench_tests.py [--whole]``.

Collecting them is what each run of a single test waits for too. ``--whole`` runs ``make test`` as well, once, which takes minutes; without it
the last number of that is kept. Goals: 4 s and five minutes on two processors.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import OUT, write
from support import ROOT

COLLECTING, WHOLE = "collecting the tests", "make test"


def taken(command: list[str]) -> dict[str, float]:
    """Seconds of a command by the clock and of the processor, with all that it starts and waits for."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "seconds": seconds,
        "processor": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    }


def main(whole: bool) -> None:
    kept = OUT / "tests.json"
    rows = json.loads(kept.read_text(encoding="utf-8"))["rows"] if kept.is_file() else {}
    collect = [sys.executable, "-m", "pytest", "--collect-only", "--quiet", "-m", "not long and not slow"]
    times = [taken(collect) for _ in range(5)]
    rows[COLLECTING] = {what: statistics.median(each[what] for each in times) for what in times[0]}
    if whole:
        rows[WHOLE] = taken(["make", "test"])
    for name, row in rows.items():
        print(f"  {name:<24} {row['seconds']:7.1f} s  {row['processor']:7.1f} s of the processor")
    write("tests", {"title": "the tests", "rows": rows})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--whole", action="store_true", help="run `make test` too")
    main(parser.parse_args().whole)
