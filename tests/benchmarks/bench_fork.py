"""What a fork of a loaded worker costs, and its end: ``python tests/benchmarks/bench_fork.py [FORKS]``.

Before and after its memory is gathered into huge pages (``worker.pages``). The fork does nothing: what a learner's process then copies because it
writes to it is not in here, and neither is the sandbox.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.measure import given, write
from support import ROOT

from mechgrade.bench.specs import bench_spec
from mechgrade.bench.transformer_lens.model import quiet_libraries
from mechgrade.course import load_course


def fork() -> tuple[float, float]:
    """Seconds of a fork, and until it has ended and been waited for."""
    started = time.perf_counter()
    if (child := os.fork()) == 0:
        os._exit(0)
    forked = time.perf_counter() - started
    os.waitpid(child, 0)
    return forked, time.perf_counter() - started


def main(forks: int) -> None:
    quiet_libraries()
    import torch

    torch.set_num_threads(1)
    import matplotlib.pyplot  # noqa: F401  as the worker has it

    from mechgrade.worker import fork_server, pages

    fork_server._load(bench_spec(load_course(ROOT)))
    found = {"as it was loaded": [fork() for _ in range(forks)]}
    started = time.perf_counter()
    made = pages.gather()
    gathering = time.perf_counter() - started
    found["gathered into huge pages"] = [fork() for _ in range(forks)]
    rows = {
        name: {
            "fork": statistics.median(forked for forked, _ in times),
            "fork and end": statistics.median(ended for _, ended in times),
        }
        for name, times in found.items()
    }
    for name, row in rows.items():
        print(f"  {name:<26} fork {row['fork'] * 1e3:5.1f} ms   fork and end {row['fork and end'] * 1e3:5.1f} ms")
    print(f"  gathering {made} pages of 2 MB took {gathering:.2f} s")
    write("fork", {"title": "fork", "rows": rows, "gathering": gathering, "pages": made})


if __name__ == "__main__":
    main(given(__doc__, forks=40).forks)
