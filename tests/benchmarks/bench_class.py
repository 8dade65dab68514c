"""A large class as it comes: many light hand-ins, some of a whole lab, many alike, a few hostile; the run killed again and again, and resumed.

Run: ``python tests/benchmarks/bench_class.py [LIGHT] [WHOLE] [--kills 10] [--jobs 2] [--dask 4]``, by default 500 light hand-ins (two light exercises) and 50 of
the whole of lab 3. For the page: ``10000 1000``. With ``--dask``, it is graded over so many Dask workers on this machine, each in a process namespace of
its own where that can be had. ``python tests/benchmarks/capacity.py`` writes what was measured into docs/capacity.md.

What it looks at: every hand-in has one result, none is lost by a kill and none comes twice; nobody has a fault; the coordinator's processor time for
one learner, and its memory.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from benchmarks.measure import write
from benchmarks.processor import Group
from cohort.ground import NAMES, command, environment, small_course
from cohort.test_cluster import Scheduler
from support import ROOT

from mechgrade import sandbox
from mechgrade.cohort.store import Store
from mechgrade.course import Course, load_course
from mechgrade.course.variants import programs

#: The time limit of a call in this course: what is measured is the class, and not how long an endless loop may take.
SECONDS = 4

#: How long a life of the coordinator lasts once learners are graded, until it is killed: seconds for each learner of its part of the class.
LIFE = 0.05

#: What the command prints of its progress.
MARK = b" learners; about"

#: The part of the class that is hostile, and the part that hands in what many others do.
HOSTILE, ALIKE = 0.03, 0.5

#: What hostile hand-ins do in the place of every function.
ATTACKS = (
    "while True: pass",
    "import os; os._exit(0)",
    "raise SystemExit(0)",
    "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "import os\nwhile True:\n    try: os.fork()\n    except OSError: os._exit(1)",
    "held = []\nwhile True: held.append(bytearray(1 << 26))",
    "import os; os.kill(os.getppid(), 9)",
    "print('x' * 10_000_000)",
    "def deep(): deep()\ndeep()",
)


def made(place: Path) -> Course:
    """Lab 3 with a short time limit."""
    course = small_course(place, tuple(load_course(ROOT).lab("lab3").exercises))
    path = course.root / "course.yaml"
    text = path.read_text(encoding="utf-8").replace("seconds: 20", f"seconds: {SECONDS}", 1)
    path.write_text(text, encoding="utf-8")
    course = load_course(course.root)
    assert course.limits.seconds == SECONDS, "the limit in course.yaml has another form by now"
    return course


def fill(course: Course, folder: Path, light: int, whole: int, seed: int = 0) -> dict[str, int]:
    """A class, and how many there are of each kind."""
    draw = random.Random(seed)
    known = {exercise: programs(course, exercise) for exercise in course.exercises()}
    counts = {"hostile": 0, "alike": 0, "own": 0}
    for number in range(light + whole):
        kind = "hostile" if draw.random() < HOSTILE else "alike" if draw.random() < ALIKE else "own"
        counts[kind] += 1
        for exercise, found in known.items():
            if number < light and exercise.name not in NAMES:
                continue
            if kind == "hostile":
                body = draw.choice(ATTACKS).replace("\n", "\n    ")
                text = f"def {exercise.name}(*args, **kwargs):\n    {body}\n# {number}\n"
            elif kind == "alike":
                text = draw.choice(found[:4]).source
            else:
                text = f"{draw.choice(found).source}\n# {number}\n"
            path = folder / f"learner{number:06}" / exercise.lab / f"{exercise.name}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    return counts


class Counted:
    """The coordinator's processor time and memory, over all its lives."""

    def __init__(self) -> None:
        self.memory = 0.0
        self._spent: dict[int, float] = {}

    @property
    def seconds(self) -> float:
        """Processor time until the last look at each life."""
        return sum(self._spent.values())

    def watch(self, process: subprocess.Popen[bytes], until: float) -> None:
        """Look until a moment, or its end."""
        with contextlib.suppress(psutil.Error):
            own = psutil.Process(process.pid)
            while process.poll() is None and time.monotonic() < until:
                times = own.cpu_times()
                self._spent[process.pid] = times.user + times.system
                self.memory = max(self.memory, own.memory_info().rss / 2**20)
                time.sleep(0.1)


def run(course: Course, arguments: list[str], out: Path, kills: int, learners: int, seed: int = 0) -> dict[str, Any]:
    """Grade the class; kill the coordinator at moments that are drawn, and start it again.

    Before the first results there is nothing to lose, so each life lasts for the start and a part of the class.
    """
    group, counted, draw = Group(), Counted(), random.Random(seed)
    begun = time.monotonic()
    kept = [0]
    with (out.parent / "log").open("ab") as log:
        for kill in range(kills + 1):
            size = (out.parent / "log").stat().st_size
            process = subprocess.Popen(
                arguments, cwd=course.root, env=environment(), stdout=log, stderr=log, preexec_fn=group.enter
            )
            if kill < kills:
                while process.poll() is None and MARK not in (out.parent / "log").read_bytes()[size:]:
                    counted.watch(process, time.monotonic() + 1)
                counted.watch(process, time.monotonic() + draw.uniform(0.2, 1) * LIFE * learners / kills)
                process.kill()
                process.wait()
                kept.append(_rows(out))
                assert kept[-1] >= kept[-2], f"results are lost: {kept}"
            else:
                counted.watch(process, float("inf"))
                assert process.wait() == 0, (out.parent / "log").read_text(errors="replace")[-3000:]
    found = {
        "seconds": time.monotonic() - begun,
        "processor": group.seconds(),
        "coordinator": counted.seconds,
        "coordinator_mib": counted.memory,
        "kept at kills": kept[1:],
    }
    group.close()
    return found


def _rows(out: Path) -> int:
    if not (out / "results.sqlite").exists():
        return 0
    with Store(out) as store:
        return int(store._db.execute("SELECT COUNT(*) FROM results").fetchone()[0])


def check(course: Course, out: Path, learners: int) -> dict[str, Any]:
    """Everybody has every result, once; nobody has a fault."""
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    with Store(out) as store:
        wanted = {key for _, keys in store.roster() for key in keys}
        rows, different = store._db.execute("SELECT COUNT(*), COUNT(DISTINCT key) FROM results").fetchone()
    assert summary["learners"] == learners, summary["learners"]
    assert rows == different == len(wanted), (rows, different, len(wanted))
    assert not summary["ungraded"], f"{summary['ungraded']} learners have a fault"
    assert len(list((out / "learners").glob("*.json"))) == learners
    return {"results": rows, "exercises": sum(each["different"] for each in summary["exercises"])}


def main() -> None:
    parser = argparse.ArgumentParser(description="A large class, killed and resumed.")
    parser.add_argument("light", type=int, nargs="?", default=500, help="hand-ins of two light exercises")
    parser.add_argument("whole", type=int, nargs="?", default=50, help="hand-ins of the whole of lab 3")
    parser.add_argument("--kills", type=int, default=10, help="how often the coordinator is killed")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--dask", type=int, default=0, metavar="WORKERS", help="over so many Dask workers instead")
    parser.add_argument("--keep", type=Path, help="a folder for the class and its results, which stays")
    options = parser.parse_args()
    learners = options.light + options.whole
    with contextlib.ExitStack() as stack:
        here = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mechgrade-bench-")))
        here.mkdir(parents=True, exist_ok=True)
        course = made(here / "course")
        counts = fill(course, here / "class", options.light, options.whole)
        where = ["--jobs", str(options.jobs)]
        if options.dask:
            apart = (
                ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc")
                if shutil.which("unshare") and not os.geteuid()
                else ()
            )
            cluster = Scheduler(here, inside=(apart,) * options.dask)
            stack.callback(cluster.close)
            where = ["--scheduler", cluster.address]
        arguments = command("grade", here / "class", "--out", here / "out", *where)
        found = run(course, arguments, here / "out", options.kills, learners)
        found |= check(course, here / "out", learners)
    found |= {
        "light": options.light,
        "whole": options.whole,
        "kills": options.kills,
        "jobs": options.jobs,
        "dask": options.dask,
    }
    found |= {"isolation": sandbox.probe().level, "kinds": counts}
    for name, value in found.items():
        print(f"{name}: {value}")
    print(
        f"the coordinator: {1e3 * found['coordinator'] / learners:.2f} ms of processor time a learner, all its lives together"
    )
    write("class-dask" if options.dask else "class", found)


if __name__ == "__main__":
    main()
