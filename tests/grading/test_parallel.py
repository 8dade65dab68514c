"""Exercises graded by several processes at once: the same results in the same order, whatever one of the files does."""

from __future__ import annotations

import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from benches.stranger import COURSE, GRADER, SOURCE, VARIANTS, make_course, write

from mechgrade.course import Course, Exercise, load_course
from mechgrade.grading.grade import grade, machine_failed
from mechgrade.grading.options import resolve
from mechgrade.grading.parallel import in_order
from mechgrade.grading.verdicts import Check, ExerciseResult
from mechgrade.grading.worker import Worker
from mechgrade.submissions.find import find_submission

pytestmark = pytest.mark.long

BODY = "    return float((x * y).sum() / (x * x).sum())\n"
STUB = "import numpy as np\n\n\ndef slope(x, y):\n"
#: Its loop is one line, because the line in which it was stopped is told.
ENDLESS = STUB + "    while True: pass\n"
#: What each exercise's file holds, in the course's order: the first one takes longest.
FILES = {
    "endless": ENDLESS,
    "right": STUB + BODY,
    "mistaken": STUB + "    return float(np.dot(x, y) / np.dot(y, y))\n",
    "otherwise": STUB + "    print('here', len(x))\n    open('left.txt', 'w').close()\n    return 3.25\n",
    "unwritten": STUB + '    raise NotImplementedError("slope is not written yet")\n',
    "absent": None,
    "ended": STUB + "    import os\n    os._exit(3)\n",
    "raising": STUB + "    return x[len(x)]\n",
    "ungraded": STUB + BODY,
    "last": STUB + BODY,
}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course whose exercises are all the same, recorded; one grader is broken afterwards."""
    root = tmp_path_factory.mktemp("several") / "course"
    line = COURSE.splitlines()[-1]
    head = COURSE.removesuffix(line + "\n").format(more="limits: {seconds: 3}\n")
    entries = "".join(line.replace("slope:", f"{name}:").format() + "\n" for name in FILES)
    files = {"course.yaml": head + entries}
    for name in FILES:
        files |= {
            f"solutions/week1/{name}.py": SOURCE.replace("slope", name),
            f"solutions/week1/variants/{name}.py": VARIANTS.replace("slope", name),
            f"graders/week1/test_{name}.py": GRADER.replace("slope", name),
        }
    make_course(root, files=files)
    for place in ("solutions/week1/slope.py", "solutions/week1/variants/slope.py", "graders/week1/test_slope.py"):
        (root / place).unlink()
    for command in ("build", "record"):
        done = mechgrade(root, command)
        assert done.returncode == 0, done.stdout + done.stderr
    write(
        root,
        {f"mine/week1/{name}.py": text.replace("slope", name) for name, text in FILES.items() if text is not None},
    )
    (root / "graders/week1/test_ungraded.py").write_text("import nothing_of_this_name\n")
    return root


def mechgrade(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mechgrade.doors.cli", *arguments]
    environment = {**os.environ, "COLUMNS": "120"}
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False)


def without_times(tree: object) -> object:
    if isinstance(tree, dict):
        return {name: without_times(value) for name, value in tree.items() if name != "seconds"}
    return [without_times(value) for value in tree] if isinstance(tree, list) else tree


def test_several_jobs_say_and_write_what_one_does(root: Path, tmp_path: Path) -> None:
    said, trees, pages = [], [], []
    for jobs in ("1", "3"):
        kept, page = tmp_path / f"{jobs}.json", tmp_path / f"{jobs}.html"
        done = mechgrade(root, "grade", "mine", "--jobs", jobs, "--json", str(kept), "--html", str(page))
        assert done.returncode == 3, done.stdout + done.stderr  # one grader is broken
        said.append((done.stdout.replace(str(page), "PAGE"), done.stderr))
        trees.append(without_times(json.loads(kept.read_text())))
        pages.append(re.sub(r"\d+(\.\d+)? m?s\b", "TIME", page.read_text()))
    verdicts = {each["exercise"]: each["verdict"] for each in trees[0]["exercises"]}  # type: ignore[index]
    assert verdicts == {
        "endless": "timed_out",
        "right": "passed",
        "mistaken": "wrong",
        "otherwise": "wrong",
        "unwritten": "not_started",
        "absent": "missing",
        "ended": "crashed",
        "raising": "raised",
        "ungraded": "grader_error",
        "last": "passed",
    }
    assert "left.txt" in said[0][0] and "here 3" in said[0][0]
    assert said[0] == said[1]
    assert trees[0] == trees[1]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("jobs", ["0", "-1", "many", "1.5", ""])
def test_a_number_that_is_none_is_refused_in_a_sentence(root: Path, jobs: str) -> None:
    done = mechgrade(root, "grade", "mine", f"--jobs={jobs}")
    assert done.returncode == 2
    assert done.stderr == f"mechgrade: --jobs takes a number from 1 on, or auto, and not {jobs!r}\n"


def test_ctrl_c_ends_all_of_them(root: Path, tmp_path: Path) -> None:
    write(tmp_path, {f"mine/week1/{name}.py": ENDLESS.replace("slope", name) for name in FILES})
    command = [sys.executable, "-m", "mechgrade.doors.cli", "grade", str(tmp_path / "mine"), "--jobs", "2"]
    with subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0
    ) as grading:
        started = _computing(psutil.Process(grading.pid), 2)
        os.killpg(grading.pid, signal.SIGINT)
        said, wrong = grading.communicate(timeout=30)
    assert grading.returncode == 130
    assert wrong.startswith("mechgrade: interrupted") and wrong.count("\n") == 1, wrong
    assert "Score" not in said
    assert not psutil.wait_procs(started, timeout=20)[1]


def _computing(above: psutil.Process, count: int) -> list[psutil.Process]:
    """All processes below one, once so many of them compute at the same time."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        below = above.children(recursive=True)
        before = {each: each.cpu_times().user for each in below if each.is_running()}
        time.sleep(0.5)
        if sum(each.is_running() and each.cpu_times().user > spent for each, spent in before.items()) >= count:
            return below
    raise AssertionError("nothing computed")


# --- what may happen to the processes --------------------------------------------------------------------------------------


def entry(exercise: Exercise, verdict: str = "passed") -> ExerciseResult:
    found = ExerciseResult(exercise.lab, exercise.name, exercise.points)
    found.checks.append(Check(str(os.getpid()), verdict, 0, 0))  # type: ignore[arg-type]
    return found


@pytest.fixture
def exercises(root: Path) -> list[Exercise]:
    return load_course(root).exercises()


def test_one_that_takes_long_holds_up_no_other(exercises: list[Exercise]) -> None:
    others = multiprocessing.get_context("fork").Semaphore(0)

    def grades(exercise: Exercise) -> ExerciseResult:
        if exercise == exercises[0]:
            ended = all(others.acquire(timeout=60) for _ in exercises[1:])
            return entry(exercise, "passed" if ended else "timed_out")
        others.release()
        return entry(exercise)

    found = list(in_order(exercises, 2, lambda: grades, grades, machine_failed))
    assert [each.exercise for each in found] == [each.name for each in exercises]
    assert found[0].verdict == "passed", "the others waited for the first one"


def test_what_a_lost_process_was_at_is_graded_here(exercises: list[Exercise]) -> None:
    def grades(exercise: Exercise) -> ExerciseResult:
        if exercise == exercises[3]:
            os.kill(os.getpid(), signal.SIGKILL)
        return entry(exercise)

    found = list(in_order(exercises, 2, lambda: grades, entry, machine_failed))
    assert [each.exercise for each in found] == [each.name for each in exercises]
    assert found[3].checks[0].name == str(os.getpid())
    assert {each.verdict for each in found} == {"passed"}


def test_a_machine_s_error_is_not_the_last_word(exercises: list[Exercise]) -> None:
    found = list(
        in_order(exercises, 3, lambda: lambda each: entry(each, "infrastructure_error"), entry, machine_failed)
    )
    assert {(each.verdict, each.checks[0].name) for each in found} == {("passed", str(os.getpid()))}


def test_an_error_ends_the_others(exercises: list[Exercise]) -> None:
    def grades(exercise: Exercise) -> ExerciseResult:
        if exercise == exercises[0]:
            raise ValueError("of the grader")
        time.sleep(600)
        return entry(exercise)

    before = set(multiprocessing.active_children())
    with pytest.raises(ValueError, match="of the grader"):
        list(in_order(exercises, 2, lambda: grades, grades, machine_failed))
    assert set(multiprocessing.active_children()) == before


ORPHANS = """
import os, sys, time
from mechgrade.course import load_course
from mechgrade.grading.grade import machine_failed
from mechgrade.grading.parallel import in_order
def grades(exercise):
    os.write(1, f"{os.getpid()}\\n".encode())  # in one piece, whatever the other one writes
    time.sleep(600)
list(in_order(load_course(sys.argv[1]).exercises(), 2, lambda: grades, grades, machine_failed))
"""


def test_they_end_with_the_command_that_was_killed(root: Path) -> None:
    load = ORPHANS.replace("load_course(sys.argv[1])", f"load_course(__import__('pathlib').Path({str(root)!r}))")
    with subprocess.Popen([sys.executable, "-c", load], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        forks = [psutil.Process(int(process.stdout.readline())) for _ in range(2)]
        process.kill()
    assert not psutil.wait_procs(forks, timeout=30)[1]


@pytest.fixture
def worker(root: Path) -> Iterator[Worker]:
    worker = Worker(load_course(root).limits.start_seconds)
    yield worker
    worker.close()


def test_a_worker_that_dies_on_the_way_is_replaced(root: Path, worker: Worker) -> None:
    course: Course = load_course(root)
    chosen = [each for each in course.exercises() if each.name not in ("endless", "ungraded")]

    def kill_once(_: ExerciseResult) -> None:
        if not killed:
            assert worker._process is not None
            killed.append(worker._process.pid)
            os.kill(worker._process.pid, signal.SIGKILL)

    killed: list[int] = []
    options = resolve(course, isolation="process")
    result = grade(
        course, find_submission(course, root / "solutions"), chosen, options, worker, jobs=2, on_result=kill_once
    )
    assert killed
    assert [each.exercise for each in result.exercises] == [each.name for each in chosen]
    assert {each.verdict for each in result.exercises} == {"passed"}


def test_hidden_inputs_are_the_same(root: Path, worker: Worker) -> None:
    """The references run on them too, in the process that needs them."""
    course = load_course(root)
    chosen = [course.exercise(name) for name in ("right", "unwritten")]
    options = resolve(course, isolation="process", hidden="secret")
    results = [
        grade(course, find_submission(course, root / "mine"), chosen, options, worker, jobs=jobs).as_tree()
        for jobs in (1, 2)
    ]
    assert [each["verdict"] for each in results[0]["exercises"]] == ["passed", "not_started"]
    assert without_times(results[0]) == without_times(results[1])
