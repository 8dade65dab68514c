"""What a model lacks is told before anything is run: such exercises and checks are in neither the score nor the maximum, in every report."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support import grade_folder

from mechgrade.course import Course, CourseError, load_course
from mechgrade.grading.verdicts import Result
from mechgrade.grading.worker import Worker
from mechgrade.progress.progress import Progress, State
from mechgrade.reports import cell, gradescope, html, junit, live

from .stranger import GRADER, SOURCE, make_course
from .test_own import PROVIDER

MORE = """\
bench: fitting.lab:Provider
modules: [fitting]
models:
  whole: {path: models/whole}
  bare: {path: models/bare}
  raw: {path: models/raw, trained: false}
"""

#: A bench that can tell whether a model has a colour, and which one.
KNOWING = (
    PROVIDER
    + """
    needs = ("colour", "shades")

    def lacks(self, spec, needs):
        colours = json.loads(Path(spec.model, "colours.json").read_text())
        found = {}
        if "colour" in needs and not colours:
            found["colour"] = "it needs a colour, and this model has none"
        missing = [shade for shade in needs.get("shades") or () if shade not in colours]
        if missing:
            found["shades"] = f"it needs shades, and this model lacks {' and '.join(missing)}"
        return found
"""
)

#: A check that needs shades, which would fail if it ran where they lack; and a supporting one.
NEEDY = (
    GRADER.replace("points(4)", "points(2)")
    + '''

def on_shades(exercise, bench, *, points):
    import json
    from pathlib import Path

    assert "red" in json.loads(Path(bench.spec.model, "colours.json").read_text())
    return exercise.slope(bench.uniform(points, seed=1), bench.uniform(points, seed=2))


@pytest.mark.points(2)
@pytest.mark.needs(shades=["red"])
def test_shades(compare, seed):
    """Points of a shade."""
    compare(on_shades, points=4)
'''
)

#: Whose only check that is not supporting needs a colour.
COLOURED = GRADER.replace("@pytest.mark.points(4)", '@pytest.mark.points(4)\n@pytest.mark.needs("colour")')


def labs(text: str) -> str:
    """course.yaml with further exercises, which are copies of the first."""
    line = "      slope: {title: The slope of a line, points: 5, minutes: 10}\n"
    assert line in text
    more = {"fitted": "[trained]", "coloured": "[]", "painted": "[colour]"}
    return text + "".join(
        f"      {name}: {{title: The {name} slope, points: 5, minutes: 10, needs: {needs}}}\n"
        for name, needs in more.items()
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    files = {"fitting/__init__.py": "", "fitting/lab.py": KNOWING, "graders/week1/test_slope.py": NEEDY}
    for model, colours in {"whole": ["red"], "bare": [], "raw": ["red"]}.items():
        files |= {f"models/{model}/slope.json": "2.0", f"models/{model}/colours.json": json.dumps(colours)}
    for name in ("fitted", "coloured", "painted"):
        files[f"solutions/week1/{name}.py"] = SOURCE.replace("def slope", f"def {name}").replace("slope(", f"{name}(")
        grader = COLOURED if name == "coloured" else GRADER
        files[f"graders/week1/test_{name}.py"] = grader.replace("exercise.slope", f"exercise.{name}")
    root = make_course(tmp_path_factory.mktemp("needs") / "course", MORE, files)
    path = root / "course.yaml"
    path.write_text(labs(path.read_text()))
    return load_course(root)


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.close()


def graded(course: Course, worker: Worker, model: str, **settings: object) -> Result:
    folder = course.root / "solutions"
    return grade_folder(course, worker, folder, course.exercises(), model=model, **settings)


@pytest.fixture(scope="module")
def on_bare(course: Course, worker: Worker) -> Result:
    return graded(course, worker, "bare", views=True)


def test_a_model_that_has_all_is_graded_on_all(course: Course, worker: Worker) -> None:
    result = graded(course, worker, "whole")
    assert (result.score, result.max_score) == (20, 20)
    assert {entry.verdict for entry in result.exercises} == {"passed"}


def test_what_a_model_lacks_is_left_out_by_name_with_the_reason(on_bare: Result) -> None:
    verdicts = {entry.exercise: entry.verdict for entry in on_bare.exercises}
    assert verdicts == {
        "slope": "passed",
        "fitted": "passed",
        "coloured": "not_applicable",  # what is left of it counts only beside a check that is gone
        "painted": "not_applicable",
    }
    assert (on_bare.score, on_bare.max_score) == (8, 8)
    slope, _, coloured, painted = on_bare.exercises
    left = {check.name: check.message for check in slope.checks if check.verdict == "not_applicable"}
    assert left == {"shades": "it needs shades, and this model lacks red"}
    assert painted.message == coloured.message == "it needs a colour, and this model has none"


def test_an_untrained_model_leaves_out_what_looks_for_training(course: Course, worker: Worker) -> None:
    result = graded(course, worker, "raw")
    (left,) = (entry for entry in result.exercises if entry.verdict != "passed")
    assert (left.exercise, left.verdict) == ("fitted", "not_applicable")
    assert "raw is not trained" in left.message
    assert (result.score, result.max_score) == (15, 15)


def test_nothing_of_it_is_run_and_hidden_inputs_change_nothing(course: Course, worker: Worker, tmp_path: Path) -> None:
    wrong = tmp_path / "week1"
    wrong.mkdir()
    for exercise in course.exercises():
        (wrong / f"{exercise.name}.py").write_text("raise SystemExit('this file was run')\n")
    result = grade_folder(course, worker, tmp_path, course.exercises(), model="bare", hidden="secret")
    verdicts = {entry.exercise: entry.verdict for entry in result.exercises}
    assert verdicts["painted"] == "not_applicable" and verdicts["slope"] not in ("passed", "not_applicable")
    slope = result.exercises[0]
    assert [check.verdict for check in slope.checks if check.name == "shades"] == ["not_applicable"]
    assert result.max_score == 8


def test_a_need_that_nobody_knows_is_the_graders_error(course: Course, worker: Worker) -> None:
    path = course.root / "course.yaml"
    before = path.read_text()
    path.write_text(before.replace("needs: [colour]", "needs: [smell]"))
    try:
        changed = load_course(course.root)
        result = grade_folder(changed, worker, course.root / "solutions", [changed.exercise("painted")], model="whole")
    finally:
        path.write_text(before)
    assert result.exercises[0].verdict == "grader_error"
    assert "knows nothing; it knows trained, colour, shades" in result.exercises[0].message


def test_course_yaml_takes_one_name_or_a_list_and_no_other_thing(course: Course, tmp_path: Path) -> None:
    text = (course.root / "course.yaml").read_text()
    for written, read in (("colour", ("colour",)), ("[colour, trained]", ("colour", "trained"))):
        (tmp_path / "course.yaml").write_text(text.replace("needs: [colour]", f"needs: {written}"))
        assert load_course(tmp_path).exercise("painted").needs == read
    (tmp_path / "course.yaml").write_text(text.replace("needs: [colour]", "needs: {colour: red}"))
    with pytest.raises(CourseError, match="needs"):
        load_course(tmp_path)


# --- the reports ---------------------------------------------------------------------------------------------------------


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mechgrade.doors.cli", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300, check=False)


def test_the_command_says_it_in_terminal_json_and_page(course: Course, tmp_path: Path) -> None:
    out, page = tmp_path / "result.json", tmp_path / "page.html"
    more = ["--model", "bare", "--json", str(out), "--html", str(page), "--strict"]
    done = run(course.root, "grade", "solutions", *more, "--plain")
    assert done.returncode == 0, done.stdout + done.stderr
    said = " ".join(done.stdout.split())
    assert "painted: left out, in neither the score nor the maximum. it needs a colour, and this model has none" in said
    assert "left out: shades: it needs shades, and this model lacks red" in said
    assert "Score 8 / 8 2 of 2 exercises passed" in said
    assert "Left out on bare, and in neither number: coloured, painted" in said
    tree = json.loads(out.read_text())
    assert [entry["verdict"] for entry in tree["exercises"]] == ["passed", "passed", "not_applicable", "not_applicable"]
    assert (tree["score"], tree["max_score"], tree["exercises"][3]["max_points"]) == (8, 8, 0)
    assert tree["exercises"][3]["message"] == "it needs a colour, and this model has none"
    text = page.read_text()
    assert "counts neither for the score nor for the maximum: it needs a colour, and this model has none" in text
    assert "Points of a shade. The reason: it needs shades, and this model lacks red" in text
    assert "8 of 8 points" in text


def test_other_forms_say_it_too(course: Course, on_bare: Result) -> None:
    suites = ElementTree.fromstring(junit.junit(on_bare.as_tree()))
    skipped = [case.get("name") for case in suites.iter("testcase") if case.find("skipped") is not None]
    assert "shades" in skipped and not list(suites.iter("failure"))
    tests = gradescope.results(course, on_bare)["tests"]
    (shades,) = (test for test in tests if "Points of a shade" in test["name"])
    assert shades["max_score"] == 0 and "status" not in shades and "lacks red" in shades["output"]
    painted = on_bare.exercises[3]
    for said in (cell.text(course, painted), cell.html(course, painted, on_bare), html.page(course, on_bare)):
        assert "left out" in said and "it needs a colour, and this model has none" in said


def test_the_live_page_says_it_and_leads_on(course: Course, on_bare: Result) -> None:
    faces = {}
    for entry in on_bare.exercises:
        exercise = course.exercise(entry.exercise)
        one = replace(on_bare, exercises=[entry])
        seen = live.Seen(one, live.checks_of(course, exercise, entry))
        faces[exercise.name] = live.Face(course, exercise, seen, None, State())
    painted, slope = live.parts(faces["painted"]), live.parts(faces["slope"])
    assert "left out" in painted["chip"] and "this model has none" in painted["verdict"]
    assert "Go on with" in painted["verdict"] and "points" not in painted["verdict"]
    assert "this model has none" in painted["said"]
    assert "Points of a shade. The reason: it needs shades, and this model lacks red" in slope["verdict"]


def test_a_class_has_it_in_its_table_and_its_maximum(course: Course, tmp_path: Path) -> None:
    for name in ("ada", "ben"):
        (tmp_path / "class" / name / "week1").mkdir(parents=True)
        for exercise in course.exercises():
            text = course.solution_path(exercise).read_text()
            if name == "ben":
                text = text.replace("return float((x * y)", "return 0 * float((x * y)")
            (tmp_path / "class" / name / "week1" / f"{exercise.name}.py").write_text(text)
    out = tmp_path / "out"
    done = run(course.root, "cohort", "grade", str(tmp_path / "class"), "--out", str(out), "--model", "bare")
    assert done.returncode == 0, done.stdout + done.stderr
    with (out / "grades.csv").open(newline="") as stream:
        rows = {row["learner"]: row for row in csv.DictReader(stream)}
    assert rows["ada"]["score"] == rows["ada"]["max_score"] == "8"
    assert rows["ben"]["score"] == "0" and rows["ben"]["max_score"] == "8"
    assert {row["week1/painted"] for row in rows.values()} == {"left out"}
    summary = json.loads((out / "summary.json").read_text())
    assert (summary["max_score"], summary["total"]) == (8, 8)
    assert summary["exercises"][3]["verdicts"] == {"not_applicable": 2}
    assert "left out" in (out / "summary.html").read_text()


def test_progress_keeps_what_was_known(course: Course, on_bare: Result, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("MECHGRADE_HOME", str(tmp_path))
    progress = Progress(course)
    for entry in on_bare.exercises:
        entry.file = str(course.stub_path(course.exercise(entry.exercise)))
    progress.graded(on_bare)
    entries = progress.read().entries
    assert sorted(name for name, entry in entries.items() if entry.verdict) == ["week1/fitted", "week1/slope"]
    assert sorted(name for name, entry in entries.items() if entry.left_out) == ["week1/coloured", "week1/painted"]
