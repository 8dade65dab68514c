"""The coordinator, with a executor that a test plays: who is lost, what comes twice, whose fault it was."""

from __future__ import annotations

import json
import random
import shutil
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mechgrade.cohort import outputs, run
from mechgrade.cohort.keys import bases
from mechgrade.cohort.learners import Work, find_learners
from mechgrade.cohort.messages import GradedExercise, ReferenceRun
from mechgrade.cohort.pool import News, Task
from mechgrade.cohort.run import ATTEMPTS, CohortRun, RunProgress
from mechgrade.cohort.store import Store
from mechgrade.cohort.summary import summary_of
from mechgrade.course import Course, CourseError
from mechgrade.course.variants import programs
from mechgrade.grading.errors import GraderError, InfrastructureError
from mechgrade.grading.look import Look
from mechgrade.grading.options import Options
from mechgrade.grading.verdicts import Check, ExerciseResult, Verdict

from .ground import small_class, small_course

ORDER = Options("embedded", "bridge", "cpu", "process")

Play = Callable[[Task, Work], "Verdict | str | None"]


def result(work: Work, verdict: Verdict, message: str = "") -> GradedExercise:
    exercise = work.exercise
    points = float(exercise.points) if verdict == "passed" else 0.0
    check = Check("check", verdict, points, exercise.points, message=message)
    return GradedExercise.of(ExerciseResult(exercise.lab, exercise.name, exercise.points, [check]))


class Played:
    """A executor in which a test says how each exercise of a task ends: a verdict, or None for a process that is lost."""

    def __init__(self, play: Play, width: int = 3) -> None:
        self.play = play
        self.width = width
        self.tasks: deque[Task] = deque()
        self.ready: deque[News] = deque()
        self.graded: Counter[str | None] = Counter()
        self.taught: list[ReferenceRun] = []

    def free(self) -> bool:
        return len(self.tasks) < self.width

    def submit(self, task: Task) -> None:
        self.tasks.append(task)

    def share(self, live: ReferenceRun) -> None:
        self.taught.append(live)

    def close(self) -> None:
        pass

    def news(self, seconds: float | None = None) -> News:
        if not self.ready:
            self.ready.extend(self._at(self.tasks.popleft()))
        return self.ready.popleft()

    def _at(self, task: Task) -> Iterator[News]:
        for work in list(task.works):
            verdict = self.play(task, work)
            if verdict is None:
                yield task, "killed"
                return
            self.graded[work.text] += 1
            yield task, result(work, verdict)  # type: ignore[arg-type]  # the test's own verdicts
        yield task, None


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return small_course(tmp_path / "course")


def go(course: Course, folder: Path, executor: Played, out: Path, options: Options = ORDER) -> RunProgress:
    with Store(out) as store:
        learners = find_learners(course, folder, out / "unpacked")
        return CohortRun(course, options, bases(course, course.exercises(), options), store).go(learners, executor)


def bodies(out: Path) -> dict[str, list[str | None]]:
    with Store(out) as store:
        return {name: [store.body(key) for key in keys] for name, keys in store.roster()}


def kept(out: Path) -> int:
    return sum(body is not None for found in bodies(out).values() for body in found)


def faults(out: Path) -> int:
    return sum("_error" in str(body) for found in bodies(out).values() for body in found)


def test_every_submission_once(course: Course, tmp_path: Path) -> None:
    """And none a second time, by a second run."""
    folder = small_class(course, tmp_path / "class", 10)
    executor = Played(lambda task, work: "passed")
    assert go(course, folder, executor, tmp_path / "out").done == 10
    assert set(executor.graded.values()) == {1}
    assert len(executor.graded) == 20
    again = Played(lambda task, work: "wrong")
    progress = go(course, folder, again, tmp_path / "out")
    assert (progress.known, progress.before, progress.same) == (10, 10, 0)
    assert not again.graded


def test_the_same_text_is_graded_once_and_that_is_said(course: Course, tmp_path: Path) -> None:
    """Whoever handed in the same was not graded before; who handed in nothing has no text in common with anybody."""
    folder = small_class(course, tmp_path / "class", 2)
    first = sorted(folder.iterdir())[0]
    shutil.copytree(first, folder / "twin")
    for name in ("nothing", "neither"):
        (folder / name / "lab3").mkdir(parents=True)
    executor = Played(lambda task, work: "missing" if work.text is None else "passed")
    progress = go(course, folder, executor, tmp_path / "out")
    assert (progress.done, progress.before, progress.same) == (5, 0, 2)
    assert {count for text, count in executor.graded.items() if text} == {1}
    assert bodies(tmp_path / "out")["twin"] == bodies(tmp_path / "out")[first.name]
    with Store(tmp_path / "out") as store:
        summary = outputs.write(course, list(course.exercises()), ORDER, store, lambda *_: "", lambda *_: "")
    # Of each exercise three texts, two of them the same; two learners handed in nothing.
    assert [each.different for each in summary.exercises] == [2, 2]
    assert summary.alike == 2
    assert summary_of(json.loads((tmp_path / "out/summary.json").read_text())).alike == 2


def test_equal_files_are_graded_once(course: Course, tmp_path: Path) -> None:
    """A class in which many hand in the stub costs one stub; all have the result."""
    folder = small_class(course, tmp_path / "class", 60, alike=True)
    executor = Played(lambda task, work: "wrong")
    go(course, folder, executor, tmp_path / "out")
    assert {count for text, count in executor.graded.items() if text} == {1}
    distinct = {program.source for exercise in course.exercises() for program in programs(course, exercise)}
    assert len(executor.graded) == len(distinct) < 120
    assert all(None not in found for found in bodies(tmp_path / "out").values())


@pytest.mark.parametrize("seed", range(5))
def test_lost_processes_change_nothing(course: Course, tmp_path: Path, seed: int) -> None:
    """Whoever is lost, wherever: the results are those of an undisturbed run, and none is a fault."""
    folder = small_class(course, tmp_path / "class", 12)
    by_text: Play = lambda task, work: "passed" if len(work.text or "") % 2 else "wrong"  # noqa: E731
    go(course, folder, Played(by_text), tmp_path / "calm")
    chance = random.Random(seed)

    def play(task: Task, work: Work) -> Verdict | str | None:
        return None if chance.random() < 0.3 and task.attempts < ATTEMPTS else by_text(task, work)

    progress = go(course, folder, Played(play), tmp_path / "wild")
    assert progress.retried > 0
    assert bodies(tmp_path / "wild") == bodies(tmp_path / "calm")


def test_what_kills_every_process_is_one_exercises_fault(course: Course, tmp_path: Path) -> None:
    """A submission on which the machine fails again and again is a fault, and takes no other exercise along."""
    folder = small_class(course, tmp_path / "class", 4)
    path = folder / "learner001/lab3/find_heads.py"
    path.write_text("# deadly\n")
    tries: Counter[str | None] = Counter()

    def play(task: Task, work: Work) -> Verdict | str | None:
        tries[work.text] += 1
        return None if work.text == "# deadly\n" else "passed"

    progress = go(course, folder, Played(play), tmp_path / "out")
    assert tries["# deadly\n"] == ATTEMPTS
    assert progress.faults == 1
    found = bodies(tmp_path / "out")
    assert [("killed" in str(body)) for body in found["learner001"]].count(True) == 1
    assert faults(tmp_path / "out") == 1
    # The next run tries it again, and it alone.
    executor = Played(lambda task, work: "passed")
    go(course, folder, executor, tmp_path / "out")
    assert dict(executor.graded) == {"# deadly\n": 1}
    assert faults(tmp_path / "out") == 0


def test_the_machines_failures_are_retried_and_learners_verdicts_never(course: Course, tmp_path: Path) -> None:
    """Trying again until it passes would be a gift to whoever fails at random."""
    folder = small_class(course, tmp_path / "class", 6)
    failing: set[Verdict] = {"wrong", "raised", "timed_out", "out_of_memory", "crashed", "not_started"}
    endings = sorted(failing)

    def play(task: Task, work: Work) -> Verdict | str | None:
        if work.exercise.name == "find_heads" and task.attempts < 3:
            return "infrastructure_error"
        return endings[len(work.text or "") % len(endings)]

    executor = Played(play)
    go(course, folder, executor, tmp_path / "out")
    assert {executor.graded[text] for text in executor.graded} == {1, 3}
    assert faults(tmp_path / "out") == 0


def test_a_graders_error_is_told_at_once(course: Course, tmp_path: Path) -> None:
    """It would be the same again; and it is no verdict, so the next run looks whether it was mended."""
    folder = small_class(course, tmp_path / "class", 2)
    executor = Played(lambda task, work: "grader_error")
    assert go(course, folder, executor, tmp_path / "out").faults == 4
    assert {count for text, count in executor.graded.items() if text} == {1}
    again = Played(lambda task, work: "passed")
    go(course, folder, again, tmp_path / "out")
    assert sum(again.graded.values()) == 4


def test_a_course_that_changes_meanwhile(course: Course, tmp_path: Path) -> None:
    """Results of the new grader must not be kept as the old one's."""
    folder = small_class(course, tmp_path / "class", 4)
    seen = 0

    def play(task: Task, work: Work) -> Verdict | str | None:
        nonlocal seen
        seen += 1
        if seen == 3:
            with course.grader_path(work.exercise).open("a") as file:
                file.write("# changed\n")
        return "passed"

    with pytest.raises(CourseError, match="changed while it was being graded"):
        go(course, folder, Played(play), tmp_path / "out")
    assert kept(tmp_path / "out") == 0, "nobody can tell which of those that were held came before"


def test_a_course_that_changed_before_the_run(course: Course, tmp_path: Path) -> None:
    """Between finding the keys and the first task too."""
    before = bases(course, course.exercises(), ORDER)
    grader = course.grader_path(course.exercise("find_heads"))
    grader.write_text(grader.read_text() + "changed = True\n")
    with Store(tmp_path / "out") as store, pytest.raises(CourseError, match="changed while it was being graded"):
        CohortRun(course, ORDER, before, store)


def test_results_are_held_for_a_moment(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever is killed loses no more than a moment's results: they are kept in time, also while nothing else comes in."""
    monkeypatch.setattr(run, "HELD", 0.2)
    folder = small_class(course, tmp_path / "class", 2)
    seen: list[int] = []
    with Store(tmp_path / "out") as store:

        class Silent(Played):
            def news(self, seconds: float | None = None) -> News | None:
                seen.extend(store._db.execute("SELECT COUNT(*) FROM results").fetchone())
                if self.ready or seconds is None:
                    return super().news()
                time.sleep(seconds)
                return None

        executor = Silent(lambda task, work: "passed", width=1)
        learners = find_learners(course, folder, tmp_path / "unpacked")
        CohortRun(course, ORDER, bases(course, course.exercises(), ORDER), store).go(learners, executor)
    # Two results and the end of the first task; silence; the same of the second.
    assert seen == [0, 0, 0, 0, 2, 2, 2]


@pytest.mark.parametrize("how", [KeyboardInterrupt, InfrastructureError])
def test_what_came_in_before_the_end_is_kept(course: Course, tmp_path: Path, how: type[BaseException]) -> None:
    """Ctrl-C, or a machine that fails."""
    folder = small_class(course, tmp_path / "class", 4)

    class Stopped(Played):
        told = 0

        def news(self, seconds: float | None = None) -> News:
            if self.told == 3:
                raise how
            news = super().news()
            self.told += isinstance(news[1], GradedExercise)
            return news

    with pytest.raises(how):
        go(course, folder, Stopped(lambda task, work: "passed"), tmp_path / "out")
    assert kept(tmp_path / "out") == 3


def test_the_files_are_looked_at_seldom(course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a second, and not for every result: there are hundreds of files."""
    looks = 0
    unchanged = Look.unchanged

    def counted(look: Look) -> bool:
        nonlocal looks
        looks += 1
        return unchanged(look)

    monkeypatch.setattr(Look, "unchanged", counted)
    start = time.monotonic()
    go(course, small_class(course, tmp_path / "class", 40), Played(lambda task, work: "passed"), tmp_path / "out")
    assert looks <= (time.monotonic() - start) / run.HELD + 1


def test_a_reference_that_fails_stops_all(course: Course, tmp_path: Path) -> None:
    """On hidden inputs, a solution that does not pass would judge a whole class wrongly."""
    folder = small_class(course, tmp_path / "class", 2)
    executor = Played(lambda task, work: "wrong" if task.learner is None else "passed")
    with pytest.raises(GraderError, match="the reference of lab3/"):
        go(course, folder, executor, tmp_path / "out", Options("embedded", "bridge", "cpu", "process", hidden="secret"))
    assert sum(executor.graded.values()) == 2
