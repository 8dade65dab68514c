"""An instructor's own provider, named by its dotted path: its bench reaches scenarios and learners, and what it says counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import grade_folder

from mechgrade.authoring.record import record
from mechgrade.bench.providers import provider_for
from mechgrade.course import Course, CourseError, load_course
from mechgrade.grading import recordings
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.grading.worker import Worker

from .stranger import GRADER, SOURCE, make_course, write

MORE = """\
bench: fitting.lab:Provider
modules: [fitting]
models:
  steep: {path: models/steep}
  flat: {path: models/flat}
"""

PROVIDER = '''\
"""A "model" that is a file with a number, kept in a list that a run can spoil."""

import json
from pathlib import Path

from mechgrade.bench.none import NumpyBench, Plain
from mechgrade.bench.provider import BenchError


class Bench(NumpyBench):
    def load(self):
        path = Path(self.spec.model, "slope.json")
        if not path.is_file():
            raise BenchError(f"no {path.name} in {path.parent.name}: restore it")
        self.weights = [json.loads(path.read_text())]
        self.before = list(self.weights)
        self.warm = False

    def warm_up(self):
        self.warm = True

    def predict(self, x):
        assert self.warm
        return x * self.weights[0]

    def is_dirty(self):
        return self.weights != self.before


class Provider(Plain):
    def make(self, spec):
        return Bench(spec)
'''

OWN_GRADER = GRADER.replace("return exercise.slope(x, 2 * x", "return exercise.slope(x, bench.predict(x)")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Course:
    files = {
        "fitting/__init__.py": "",
        "fitting/lab.py": PROVIDER,
        "models/steep/slope.json": "2.0",
        "models/flat/slope.json": "0.5",
        "graders/week1/test_slope.py": OWN_GRADER,
    }
    return load_course(make_course(tmp_path_factory.mktemp("own") / "course", MORE, files))


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


def graded(course: Course, worker: Worker, text: str, **settings: object) -> ExerciseResult:
    folder = course.root / "mine"
    write(folder, {"week1/slope.py": text})
    return grade_folder(course, worker, folder, course.exercises(), **settings).exercises[0]


def test_its_model_decides_what_is_recorded_and_graded(own: Course, worker: Worker) -> None:
    for model in ("steep", "flat"):
        record(own, own.exercises(), model)
        assert graded(own, worker, SOURCE, model=model).verdict == "passed"
    recorded = [
        json.loads((own.root / f"fixtures/recorded/{m}/week1/slope.json").read_text()) for m in ("steep", "flat")
    ]
    assert recorded[0]["runs"] != recorded[1]["runs"]


def test_what_a_run_left_changed_does_not_reach_the_next(own: Course, worker: Worker) -> None:
    """The scenario raises the model's weight by one each time; each must find the weight as it was loaded."""
    path = own.root / "graders/week1/test_slope.py"
    spoiling = OWN_GRADER.replace("    x = bench", "    bench.weights[0] += 1\n    x = bench")
    path.write_text(spoiling.replace("return exercise", "return bench.weights[0], exercise"))
    try:
        record(own, own.exercises(), "steep")
    finally:
        path.write_text(OWN_GRADER)
    runs = recordings.read(own.root / "fixtures/recorded/steep/week1/slope.json").runs
    assert [run.reference[0] for run in runs.values()] == [3.0, 3.0, 3.0]  # type: ignore[index]


def test_what_it_cannot_load_is_said_in_its_words(own: Course, worker: Worker) -> None:
    record(own, own.exercises(), "flat")
    path = own.root / "models/flat/slope.json"
    text = path.read_text()
    path.unlink()
    fresh = Worker()
    try:
        result = graded(own, fresh, SOURCE, model="flat")
    finally:
        path.write_text(text)
        fresh.close()
    assert (result.verdict, result.message) == ("infrastructure_error", "no slope.json in flat: restore it")


def test_a_provider_that_is_not_there_is_told(tmp_path: Path) -> None:
    course = load_course(make_course(tmp_path, "bench: nowhere.lab:Provider\n"))
    with pytest.raises(
        CourseError, match=r"the bench nowhere.lab:Provider cannot be imported \(No module named 'nowhere'\)"
    ):
        provider_for(course)


def test_a_lab_may_have_a_bench_of_its_own(own: Course, tmp_path: Path) -> None:
    text = (own.root / "course.yaml").read_text().replace("    minutes: 20\n", "    minutes: 20\n    bench: none\n")
    write(tmp_path, {"course.yaml": text})
    course = load_course(tmp_path)
    assert provider_for(course, course.lab("week1")).packages == ("numpy",)
