"""Tries the course on a GPU, in under 8 minutes, and writes what it found into docs/gpu.md: one command for the day when a GPU can be had.

    .venv/bin/python scripts/gpu.py                                                   # all of it, on cuda
    .venv/bin/python scripts/gpu.py --device cpu --lab lab1 --learners 2              # whether the script itself runs to its end

The parts, each with its time: the tests marked `gpu`; the references of the whole course on both back ends, at isolation `full` and `process`,
against what a CPU recorded, with the largest distance from it; the memory that the card had in use at most; a class of 20 learners. A part that fails
is written down as failed, and the rest goes on. Where the minutes are over, the remaining parts are `not run`. The page is written for a GPU only.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mechgrade.course import Course, load_course
from mechgrade.grading.grade import Grading
from mechgrade.grading.options import resolve
from mechgrade.grading.worker import Worker
from mechgrade.submissions.find import find_submission

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "gpu.md"
BEGIN, END = "<!-- by scripts/gpu.py -->\n", "<!-- end of scripts/gpu.py -->\n"

Row = tuple[str, str]


class Minutes:
    """How much of the time is left."""

    def __init__(self, minutes: float) -> None:
        self._until = time.monotonic() + 60 * minutes

    @property
    def left(self) -> float:
        """In seconds."""
        return self._until - time.monotonic()


def card(device: str) -> str:
    """The card's name, its memory and its driver; for another device the processor's name."""
    if device.startswith("cuda") and shutil.which("nvidia-smi"):
        asked = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip().replace("\n", "; ")
    return f"no GPU: {platform.machine()}, {os.cpu_count()} processors"


@contextmanager
def memory_in_use(device: str) -> Iterator[list[int]]:
    """MiB that the card has in use, looked at every half second; empty where there is none to ask."""
    seen: list[int] = []
    over = threading.Event()

    def look() -> None:
        asked = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
        while not over.wait(0.5):
            done = subprocess.run(asked, capture_output=True, text=True, check=False)
            seen.extend(int(line) for line in done.stdout.split() if line.isdigit())

    watching = threading.Thread(target=look, daemon=True)
    if device.startswith("cuda") and shutil.which("nvidia-smi"):
        watching.start()
    try:
        yield seen
    finally:
        over.set()
        if watching.is_alive():
            watching.join()


def tests(minutes: Minutes) -> str:
    """The tests marked `gpu`."""
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-q", "-p", "no:cacheprovider", "tests/test_devices.py"]
    # The whole course on both back ends and levels is graded below, once.
    command += ["-k", "not recorded_cpu_fixtures"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=minutes.left)
    return (done.stdout.strip().splitlines() or ["it ended without a word"])[-1].strip("= ")


def distances(course: Course, device: str, lab: str | None, minutes: Minutes) -> str:
    """The references one after the other, and how far each is from what a CPU recorded."""
    options = resolve(course, device=device, isolation="full")
    exercises = course.exercises(lab)
    started = time.monotonic()
    worker = Worker(course.limits.start_seconds)
    try:
        grading = Grading(course, options, worker, explain=False)
        grader = grading.grader(find_submission(course, ROOT / "solutions", lab))
        late = threading.Timer(minutes.left, grader.cancel)
        late.start()
        with memory_in_use(device) as seen:
            result = grading.grade(grader, exercises)
        late.cancel()
    finally:
        worker.close()
    took = time.monotonic() - started
    passed = {each.exercise for each in result.exercises if each.verdict == "passed"}
    far = {each.name: value for each, value in grader.distances.items() if each.name in passed}
    furthest = max(far, key=far.__getitem__, default="none")
    words = [_score(result.as_tree(), took)]
    words.append(f"at most {far.get(furthest, 0):.2g} of the tolerance from a CPU's numbers ({furthest})")
    if seen:
        words.append(f"at most {max(seen):,} MiB of the card in use, {min(seen):,} before")
    if grader.cancelled:
        words.append("not run to its end: the time was over")
    return "; ".join(words)


def references(device: str, lab: str | None, backend: str, isolation: str, minutes: Minutes) -> str:
    """The references, four at once."""
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder, "result.json")
        command = [
            sys.executable,
            "-m",
            "mechgrade.doors.cli",
            "grade",
            "solutions",
            "--no-server",
            "--plain",
            "--jobs",
            "4",
        ]
        command += ["--device", device, "--backend", backend, "--isolation", isolation, "--json", str(to)]
        command += ["--lab", lab] if lab else []
        started = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=minutes.left)
        took = time.monotonic() - started
        if not to.is_file():
            return f"failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
        return _score(json.loads(to.read_text(encoding="utf-8")), took)


def _score(result: dict[str, Any], took: float) -> str:
    failed = [f"{each['exercise']} ({each['verdict']})" for each in result["exercises"] if each["verdict"] != "passed"]
    score = f"{result['score']:g} of {result['max_score']:g} points in {took:.0f} s"
    return f"{score}; not passed: {', '.join(failed)}" if failed else score


def a_class(minutes: Minutes, device: str, lab: str, learners: int) -> str:
    """A class, each with a text of its own, so that no result is taken from another's."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(learners):
            for file in sorted((ROOT / "solutions" / lab).glob("*.py")):
                place = Path(folder, "in", f"learner{number:02}", lab, file.name)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(f"{file.read_text(encoding='utf-8')}\nWHO = {number}\n", encoding="utf-8")
        out = Path(folder, "out")
        command = [sys.executable, "-m", "mechgrade.doors.cli", "cohort", "grade", str(Path(folder, "in"))]
        command += ["--out", str(out), "--lab", lab, "--device", device]
        started = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=minutes.left)
        took = time.monotonic() - started
        grades = out / "grades.csv"
        if not grades.is_file():
            return f"failed: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
        with grades.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    full = sum(row["score"] == row["max_score"] for row in rows)
    return f"{full} of {len(rows)} with full marks in {took:.0f} s, {took / max(len(rows), 1):.1f} s a learner"


def found(course: Course, device: str, lab: str | None, learners: int, minutes: Minutes) -> Iterator[Row]:
    """The parts, one after the other."""
    parts: list[tuple[str, Callable[[], str]]] = [("tests marked `gpu`", partial(tests, minutes))]
    for backend in ("bridge", "hooked"):
        for isolation in ("full", "process"):
            what = f"{lab or 'whole course'}, {backend}, isolation {isolation}, four at once"
            parts.append((what, partial(references, device, lab, backend, isolation, minutes)))
    one = lab or "lab1"
    parts.append((f"{learners} learners, {one}", partial(a_class, minutes, device, one, learners)))
    parts.append((f"{lab or 'whole course'}, one after the other", partial(distances, course, device, lab, minutes)))
    for what, run in parts:
        if minutes.left <= 0:
            yield what, "not run: the time was over"
            continue
        try:
            yield what, run()
        except subprocess.TimeoutExpired:
            yield what, "not run to its end: the time was over"
        except Exception as error:  # one part that fails must not cost the others their turn on a borrowed card
            yield what, f"failed: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"


def main() -> None:
    """Run all parts; print each as it ends."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--device", default="cuda", help="a torch device")
    parser.add_argument("--lab", help="this lab alone")
    parser.add_argument("--learners", type=int, default=20, help="how many are in the class")
    parser.add_argument("--minutes", type=float, default=8, help="after so many it ends, with what it has")
    arguments = parser.parse_args()
    os.environ["MECHGRADE_SERVER"] = "0"
    course = load_course(ROOT)
    versions = ", ".join(f"{name} {version(name)}" for name in ("torch", "transformer-lens", "numpy"))
    rows: list[Row] = [("date", f"{date.today():%Y-%m-%d}"), ("card", card(arguments.device))]
    rows.append(("versions", f"Python {platform.python_version()}, {versions}"))
    for name, value in rows:
        print(f"{name}: {value}", flush=True)
    for row in found(course, arguments.device, arguments.lab, arguments.learners, Minutes(arguments.minutes)):
        print(f"{row[0]}: {row[1]}", flush=True)
        rows.append(row)
        out = ROOT / "outputs" / "gpu.json"  # after each part: a borrowed machine may go at any time
        out.parent.mkdir(exist_ok=True)
        out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if arguments.device.startswith("cuda") and arguments.lab is None:
        before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
        table = "\n".join(f"| {what} | {said.replace('|', '/')} |" for what, said in rows)
        PAGE.write_text(f"{before}{BEGIN}\n| what | NVIDIA GPU |\n|---|---|\n{table}\n\n{END}{rest.split(END, 1)[1]}")
        print(f"wrote: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
