"""Data and modules that a course shares: scenarios and learners reach them, at each level, and nothing else of the course."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest
from support import grade_folder

from mechgrade import sandbox
from mechgrade.authoring.archive import archive
from mechgrade.authoring.build import build
from mechgrade.authoring.record import record
from mechgrade.authoring.rules import broken_rules
from mechgrade.authoring.stale import stale
from mechgrade.course import Course, CourseError, load_course
from mechgrade.course import course as courses
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.grading.worker import Worker

from .stranger import SOURCE, make_course, write

MORE = """\
modules: [fitting, graders/shared, tools.py]
data: [data, extra/points.csv]
"""

#: The helper beside graders is imported at the top, the one of learners where it is used: both ways must work on both sides.
GRADER = '''\
"""Grader of `slope`, on the points of a file."""

import pytest
from shared.points import read


def on_the_file(exercise, bench, *, name, seed):
    from fitting.scale import FACTOR

    x, y = read(bench.data(name))
    return exercise.slope(x, y * FACTOR + bench.normal(len(x), seed=seed))


@pytest.mark.points(4)
def test_the_file(compare, seed):
    """The points of a file."""
    compare(on_the_file, name="points.csv", seed=seed)


@pytest.mark.points(1)
def test_the_other_file(compare):
    """The points of another file."""
    slope = compare(on_the_file, name="data/deep/more.csv", seed=1)
    assert slope > len(read.__name__)
'''

FILES = {
    "data/deep/more.csv": "1,2\\n2,7\\n",
    "extra/points.csv": "1,2\\n2,4\\n3,7\\n",
    "extra/secret.csv": "1,1\\n",
    "fitting/__init__.py": "",
    "fitting/scale.py": "FACTOR = 2.0\\n",
    "graders/shared/points.py": '"""Points of a file."""\n\nimport numpy as np\n\n\ndef read(path):\n    return np.loadtxt(path, delimiter=",").T\n',
    "graders/week1/test_slope.py": GRADER,
    "tools.py": "def squared(x):\n    return x * x\n",
    "hidden.py": "ANSWER = 1\n",
}

#: A learner may use what is shared.
WITH_TOOLS = SOURCE.replace("(x * x).sum()", "tools.squared(x).sum()").replace(
    "import numpy", "import tools\nimport numpy"
)

LEVELS = [
    "process",
    pytest.param("full", marks=pytest.mark.skipif(sandbox.probe().level != "full", reason="no isolation full here")),
]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    root = tmp_path_factory.mktemp("shared") / "course"
    made = load_course(make_course(root, MORE, {name: text.replace("\\n", "\n") for name, text in FILES.items()}))
    build(made)
    record(made, made.exercises(), "none")
    return made


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


def graded(course: Course, worker: Worker, tmp_path: Path, text: str, level: str = "process") -> ExerciseResult:
    write(tmp_path, {"mine/week1/slope.py": text})
    return grade_folder(course, worker, tmp_path / "mine", course.exercises(), isolation=level).exercises[0]


def test_the_course_is_in_form(course: Course) -> None:
    assert [each for each in broken_rules(course, course.exercises(), "none") if "misconception" not in each] == []


@pytest.mark.parametrize("level", LEVELS)
def test_scenarios_and_learners_reach_what_is_shared(
    course: Course, worker: Worker, tmp_path: Path, level: str
) -> None:
    assert graded(course, worker, tmp_path, WITH_TOOLS, level).verdict == "passed"
    reading = SOURCE.replace(
        "    ### BEGIN", "    from mechgrade.bench import data\n    assert data('more.csv').read_text()\n    ### BEGIN"
    )
    assert graded(course, worker, tmp_path, reading, level).verdict == "passed"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    ("attempt", "error"),
    [
        ("import hidden", "ModuleNotFoundError"),
        ("import graders.week1.test_slope", "ModuleNotFoundError"),
        ("from mechgrade.bench import data; data('secret.csv')", "FileNotFoundError"),
        ("from mechgrade.bench import data; data('../solutions/week1/slope.py')", "FileNotFoundError"),
        ("from mechgrade.bench import data; data('points.csv').with_name('secret.csv').read_text()", "Error"),
        ("from mechgrade.bench import data; data('points.csv').write_text('')", "Error"),
        ("import fitting; open(fitting.__file__.replace('fitting/__init__', 'hidden'))", "Error"),
    ],
)
def test_nothing_else_of_the_course(
    course: Course, worker: Worker, tmp_path: Path, level: str, attempt: str, error: str
) -> None:
    result = graded(course, worker, tmp_path, f"{attempt}\n\n\n{SOURCE}", level)
    assert result.verdict == "raised" and error in result.message, result.message


def test_a_change_of_either_makes_recordings_stale(course: Course) -> None:
    assert stale(course, course.exercises(), "none") == []
    for name in ("data/deep/more.csv", "extra/points.csv", "graders/shared/points.py", "fitting/scale.py"):
        path = course.root / name
        before = path.read_text()
        path.write_text(before + ("4,9\n" if path.suffix == ".csv" else "MORE = 1\n"))
        try:
            assert stale(course, course.exercises(), "none") == [
                f"fixtures/recorded/none/week1/slope.json: {name} changed since it was recorded"
            ]
        finally:
            path.write_text(before)


def test_a_learner_finds_both_from_a_plain_python(course: Course) -> None:
    """Without any command of ours: the engine is imported first, and what the course shares is found after that."""
    program = (
        "from mechgrade.bench import data\nfrom fitting.scale import FACTOR\nprint(FACTOR, data('points.csv').name)\n"
    )
    path = course.root / "exercises/week1/try.py"
    path.write_text(program)
    try:
        for place in (course.root, Path("/")):
            done = subprocess.run(
                [sys.executable, "-P", str(path)], cwd=place, capture_output=True, text=True, check=False
            )
            assert done.stdout == "2.0 points.csv\n", done.stderr
    finally:
        path.unlink()


def test_the_archive_holds_both(course: Course, tmp_path: Path) -> None:
    names = ZipFile(archive(course, tmp_path / "lines.zip", notebooks=False)).namelist()
    for name in ("data/deep/more.csv", "extra/points.csv", "fitting/scale.py", "graders/shared/points.py", "tools.py"):
        assert f"lines/{name}" in names
    assert not [name for name in names if "hidden" in name or "secret" in name]


def test_what_is_missing_or_too_large_is_told(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(courses, "MAX_DATA", 10)
    with pytest.raises(CourseError, match=r"the data of course.yaml take 0 MiB; allowed: 0 MiB"):
        course.data_paths()
    gone = course.model_copy(update={"data": ["data/none.csv"], "modules": ["gone"]})
    with pytest.raises(CourseError, match=r"none.csv is missing: course.yaml lists it under data"):
        gone.data_paths()
    with pytest.raises(CourseError, match=r"gone is missing: course.yaml lists it under modules"):
        gone.module_paths()
