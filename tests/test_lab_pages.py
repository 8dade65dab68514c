"""Each lab's page says what a learner needs before, during and after it; its figures are those that the script draws."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from mechgrade.course import load_course

PAGES = ROOT / "docs" / "labs"
COURSE = load_course(ROOT)
PARTS = [
    *("Before you start", "Ideas", "The exercises", "What older material says, and what is so"),
    *("What you now know", "What experts do next", "Further reading"),
]


@pytest.mark.parametrize("lab", COURSE.labs)
def test_a_page_is_complete_and_says_what_course_yaml_says(lab: str) -> None:
    text = (PAGES / f"{lab}.md").read_text()
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == PARTS
    assert f"# Lab {lab[-1]}. {COURSE.lab(lab).title}" in text
    assert f"{COURSE.lab(lab).minutes} minutes of exercises" in text
    assert f"{COURSE.lab(lab).gpu_memory_gb:g} GB of\nGPU memory" in text or (
        f"{COURSE.lab(lab).gpu_memory_gb:g} GB of GPU memory" in text
    )
    assert text.count("- [ ] ") >= 3
    assert text.partition("## Further reading")[2].count("](https://") >= 3
    # What it names in code must be there: an exercise that was renamed would send learners looking for it.
    listed = re.findall(r"`(\w+)`", text.partition("## The exercises")[2].partition("##")[0])
    assert listed == list(COURSE.lab(lab).exercises)
    for figure in re.findall(r"!\[[^\]]{20,}\]\(([^)]*)\)", text):
        assert (PAGES / figure).is_file()
    assert text.count("](figures/") == 1


@pytest.mark.parametrize("lab", COURSE.labs)
def test_a_lab_takes_as_long_as_its_exercises(lab: str) -> None:
    assert COURSE.lab(lab).minutes == sum(exercise.minutes for exercise in COURSE.lab(lab).exercises.values())


def test_the_figures_are_what_the_script_draws(tmp_path: Path) -> None:
    subprocess.run([sys.executable, str(PAGES / "figures.py"), str(tmp_path)], check=True, timeout=120)
    drawn = {path.name: _shape(path) for path in tmp_path.glob("*.svg")}
    assert drawn == {path.name: _shape(path) for path in (PAGES / "figures").glob("*.svg")}, (
        "run `python docs/labs/figures.py`"
    )


def _shape(path: Path) -> str:
    """An SVG without its numbers: another matplotlib may round or place them a little differently."""
    return re.sub(r"-?\d+(\.\d+)?", "0", path.read_text())


def test_the_table_of_topics_names_exercises_that_there_are() -> None:
    text = (ROOT / "docs/topics.md").read_text()
    rows = [line.split("|") for line in text.splitlines() if line.startswith("|") and not line.startswith("|---")]
    named = {name for row in rows if len(row) == 6 for name in re.findall(r"`(\w+)`", row[3] + row[4])}
    known = {exercise.name for exercise in COURSE.exercises()}
    assert len(named) > 20 and named <= known, named - known


def test_minutes_are_the_models() -> None:
    """`scripts/minutes.py --write` makes them; a text that grew takes longer."""
    done = subprocess.run([sys.executable, "scripts/minutes.py"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_points_follow_the_minutes(monkeypatch) -> None:
    """In course.yaml; and a text that grew by one step changes no grade, while a text that grew by two does."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    from minutes import fair

    others = {str(each): each.points for each in COURSE.exercises() if fair(each.points, each.minutes) != each.points}
    assert not others, "`python scripts/minutes.py --write` sets them; spread them over the checks by hand"
    assert [fair(5, minutes) for minutes in (5, 15, 20, 25, 30, 35, 40)] == [5, 5, 5, 10, 10, 15, 15]
    assert [fair(10, minutes) for minutes in (5, 10, 15, 30, 35, 40)] == [5, 5, 10, 10, 10, 15]
    assert [fair(15, minutes) for minutes in (25, 30, 35, 50)] == [10, 15, 15, 15]
