"""Whether something has become slower: a few ratios beside those of the last release. ``python tests/benchmarks/regress.py``

A time depends on the machine; how many times as long one thing takes as another, measured in turns on the same machine, hardly does. It fails where a
ratio is more than 1.5 times the kept one: machines differ by some tenths, and what is meant is a step that somebody took without noticing. ``--write`` keeps
what was measured, for a release.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.bench_startup import GRADE
from support import ROOT

KEPT = Path(__file__).with_name("ratios.json")

#: From here on it counts as a regression.
FACTOR = 1.5

#: What each ratio says.
MEANING = {
    "help": "mechgrade --help, by python -c pass",
    "second grade": "the second grade of one exercise, by python -c pass",
    "overhead": "grading two light exercises, by computing them bare (processor time)",
    "two jobs": "eight exercises that sleep, two at once by one at once",
    "coordinator": "the coordinator for one more submission, by a loop over a hundred thousand numbers (processor time)",
}


def seconds(thing: Callable[[], object]) -> float:
    """What a call takes by the clock."""
    begun = time.perf_counter()
    thing()
    return time.perf_counter() - begun


def startup(rounds: int = 7) -> dict[str, float]:
    """The command beside the interpreter, with a worker and a host that are up."""
    from mechgrade.doors.host.leave import ask_host
    from mechgrade.grading.warm.worker import ask

    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as private:
        kept = dict(os.environ)
        os.environ.update(XDG_RUNTIME_DIR=private, MECHGRADE_HOME=private, COLUMNS="100", MECHGRADE_SERVER="1")

        def call(*arguments: str) -> None:
            subprocess.run([sys.executable, *arguments], cwd=ROOT, check=True, capture_output=True)

        things = {
            "pass": lambda: call("-c", "pass"),
            "help": lambda: call("-m", "mechgrade", "--help"),
            "second grade": lambda: call("-m", "mechgrade", *GRADE),
        }
        try:
            for _ in range(2):  # leaves the worker and the host that the others find
                call("-m", "mechgrade", *GRADE)
            for _ in range(600):
                if ask_host("status") is not None:
                    break
                time.sleep(0.1)
            turns = [{name: seconds(thing) for name, thing in things.items()} for _ in range(rounds)]
        finally:
            ask(ROOT, {"ask": "stop"})
            ask_host("stop")
            os.environ.clear()
            os.environ.update(kept)
    return {name: statistics.median(turn[name] / turn["pass"] for turn in turns) for name in ("help", "second grade")}


def overhead(learners: int = 6) -> dict[str, float]:
    """Two light exercises graded, beside the same computed bare."""
    import torch
    from benchmarks.bench_overhead import measure
    from benchmarks.processor import Group
    from cohort.ground import small_course

    from mechgrade.bench.transformer_lens.model import quiet_libraries

    group = Group()
    group.enter()
    quiet_libraries()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        return {"overhead": measure(small_course(Path(place)), "lab3", learners, group)["ratio"]}


def two_jobs(rounds: int = 3) -> dict[str, float]:
    """Exercises that only sleep, graded two at once and one at once."""
    from benchmarks.bench_jobs import sleeping

    from mechgrade.grading.grade import grade
    from mechgrade.grading.options import resolve
    from mechgrade.grading.worker import Worker
    from mechgrade.submissions.find import find_submission

    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as place:
        course = sleeping(Path(place), 8, 0.5)
        submission, exercises = find_submission(course, course.root / "solutions"), course.exercises()
        options = resolve(course, isolation="process")
        worker = Worker(course.limits.start_seconds)

        def graded(jobs: int) -> None:
            grade(course, submission, exercises, options, worker, jobs=jobs)

        try:
            graded(2)
            turns = [(seconds(lambda: graded(2)), seconds(lambda: graded(1))) for _ in range(rounds)]
        finally:
            worker.close()
    return {"two jobs": statistics.median(two / one for two, one in turns)}


def coordinator(rounds: int = 9) -> dict[str, float]:
    """The coordinator's part of one more submission, beside plain computing."""
    from benchmarks.bench_coordinator import measure

    def loop() -> float:
        begun = time.process_time()
        sum(number * number for number in range(100_000))
        return time.process_time() - begun

    before = [loop() for _ in range(9)]
    own = measure(20, 150, rounds, ("each its own",))["each its own"]["together"]
    return {"coordinator": own / statistics.median(before + [loop() for _ in range(9)])}


def worse(kept: Mapping[str, float], found: Mapping[str, float]) -> list[str]:
    """Which ratios are worse by more than the factor, a sentence each. One that is kept and was not measured is named too."""
    said = []
    for name, before in kept.items():
        if name not in found:
            said.append(f"{name} was not measured")
        elif found[name] > FACTOR * before:
            said.append(
                f"{name}: {found[name]:.2f}, which is {found[name] / before:.2f} times the kept {before:.2f} ({MEANING.get(name, name)})"
            )
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description="Ratios of times beside those of the last release.")
    parser.add_argument("--write", action="store_true", help="keep what is measured as that of this release")
    parser.add_argument("--json", action="store_true", help="print the ratios as JSON and nothing else")
    parser.add_argument(
        "--measured", type=Path, metavar="FILE", help="compare the ratios in this JSON, and measure nothing"
    )
    parser.add_argument("--kept", type=Path, default=KEPT, metavar="FILE", help="where the kept ratios are")
    options = parser.parse_args()
    kept = json.loads(options.kept.read_text(encoding="utf-8")) if options.kept.is_file() else {}
    if options.measured is not None:
        found = json.loads(options.measured.read_text(encoding="utf-8"))
    else:
        found = {}
        for part in (startup, two_jobs, coordinator, overhead):
            begun = time.perf_counter()
            ratios = part()
            # A machine is busy for a moment now and then: what looks worse is measured once more.
            if not options.write and worse({name: kept[name] for name in ratios.keys() & kept.keys()}, ratios):
                ratios = {name: min(value, ratios[name]) for name, value in part().items()}
            found |= ratios
            print(f"{part.__name__}: {time.perf_counter() - begun:.0f} s", file=sys.stderr)
    if options.write:
        kept = {name: round(value, 3) for name, value in found.items()}
        options.kept.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    if options.json:
        print(json.dumps(found))
    else:
        for name, value in found.items():
            print(f"{name:14} {value:8.2f}   kept {kept.get(name, float('nan')):8.2f}   {MEANING.get(name, '')}")
    said = worse(kept, found)
    for line in said:
        print(f"slower: {line}", file=sys.stderr)
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main())
