"""One current exercise for every command, and the ways in which a learner may say which exercise is meant."""

from __future__ import annotations

import json

import pytest

from learner.conftest import Run, write_right, write_wrong
from learner.test_progress import result_of
from mechgrade.course import Course, CourseError
from mechgrade.progress.current import current, find, latest
from mechgrade.progress.outlook import outlook
from mechgrade.progress.progress import Progress, State

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    "text",
    [
        *("find_heads", "lab3/find_heads", "find_h", "lab3/find_h", "exercises/lab3/find_heads.py"),
        *("./find_heads.py", "/home/me/course/exercises/lab3/find_heads.py", "backup/find_heads.py"),
    ],
)
def test_what_means_an_exercise(course: Course, text: str) -> None:
    assert str(find(course, text)) == "lab3/find_heads"


@pytest.mark.parametrize(
    ("text", "lab", "part"),
    [
        ("fnd_haeds", None, "did you mean find_heads, tuned_lens or patch_heads"),
        ("find", None, "'find' can be find_circuit or find_heads: write more of the name"),
        ("find_heads", "lab1", "there is no exercise 'find_heads' in lab1"),
        ("lab9/find_heads", None, "there is no lab 'lab9'"),
        ("", None, "there is no exercise ''"),
        ("lab3", None, "'lab3' is a lab and no exercise; name one of its exercises, or write --lab lab3"),
        ("lab3/", None, "'lab3/' is a lab and no exercise"),
        ("exercises/lab3/", None, "'exercises/lab3/' is a lab and no exercise"),
        ("exercises/lab9/", None, "there is no lab 'exercises'"),
    ],
)
def test_what_means_none(course: Course, text: str, lab: str | None, part: str) -> None:
    with pytest.raises(CourseError) as caught:
        find(course, text, lab)
    assert part in str(caught.value)


def test_it_is_the_first_that_is_not_passed_from_the_last_one_worked_on(desk: Course) -> None:
    progress = Progress(desk)
    assert str(current(desk, progress.read())) == "lab1/describe_model"
    assert latest(desk, progress.read()) is None
    progress.hinted(desk.exercise("find_heads"), 1)
    assert str(current(desk, progress.read())) == "lab3/find_heads"
    write_right(desk, "find_heads")
    progress.graded(result_of(desk, "find_heads", "passed"))
    assert str(current(desk, progress.read())) == "lab3/ablate_induction"
    assert str(latest(desk, progress.read())) == "lab3/find_heads"
    assert str(current(desk, progress.read(), "lab1")) == "lab1/describe_model"
    assert outlook(desk, progress.read()).next == current(desk, progress.read())
    write_right(desk, "in_context_score")
    progress.graded(result_of(desk, "in_context_score", "passed"))  # the last one of its lab
    assert str(current(desk, progress.read(), "lab3")) == "lab3/predict_repeat"
    state = progress.read()
    for each in desk.exercises():
        state.entries[str(each)] = state.of(desk.exercise("find_heads"))
    assert current(desk, state) is None


def test_a_progress_file_of_an_earlier_mechgrade_is_read(desk: Course) -> None:
    progress = Progress(desk)
    progress.hinted(desk.exercise("find_heads"), 1)
    document = json.loads(progress.path.read_text())
    assert document.pop("at") == "lab3/find_heads"
    progress.path.write_text(json.dumps(document))
    assert (progress.read().at, progress.read().of(desk.exercise("find_heads")).hints) == ("", 1)
    assert State().at == ""


def test_of_several_exercises_none_is_forgotten(at_desk: Run) -> None:
    twice = at_desk("grade", "--exercise", "find_heads", "--exercise", "describe_model").stdout
    assert twice.index("describe_model ") < twice.index("find_heads ") and "of 2 exercises" in twice
    assert "of 2 exercises" in at_desk("grade", "find_heads", "--exercise", "lab1/describe_model").stdout
    of_a_file = at_desk("grade", "exercises/lab3/find_heads.py", "--exercise", "find_heads", "--exercise", "path_patch")
    assert of_a_file.returncode == 2 and "there is no exercise 'path_patch' in lab3" in of_a_file.stderr
    both = at_desk(
        "promises", "--exercise", "find_heads", "--exercise", "lab1/describe_model", "--exercise", "find_heads"
    )
    assert "lab3/find_heads" in both.stdout and "lab1/describe_model" in both.stdout
    once = at_desk("promises", "--exercise", "find_heads")
    assert both.stdout.count("lab3/find_heads") == once.stdout.count("lab3/find_heads")


def test_commands_without_a_name(desk: Course, at_desk: Run) -> None:
    assert at_desk("hint").stdout.startswith("describe_model, hint 1 of")
    assert at_desk("hint", "2").stdout.startswith("describe_model, hint 2 of")
    assert at_desk("hint", "lab3/find_heads").stdout.startswith("find_heads, hint 1 of")
    assert at_desk("hint", "--more").stdout.startswith("find_heads, hint 2 of")
    write_wrong(desk, "find_heads", "threshold_included")
    assert "lab3/find_heads:" in at_desk("debug", stdin="q\n").stdout
    graded = at_desk("grade", "find_he").stdout
    assert "✗ find_heads" in graded and "of 1 exercises" in graded
    write_right(desk, "find_heads")
    assert "✓ find_heads" in at_desk("grade", "--exercise", "lab3/find_heads").stdout
    assert at_desk("hint").stdout.startswith("ablate_induction, hint 1 of")
    write_right(desk, "sae_decode")
    assert "✓ sae_decode" in at_desk("grade", "exercises/lab4/sae_decode.py").stdout
    tried = at_desk("try")  # what was just passed has something to show; what is next has not
    assert tried.stdout.startswith("running exercises/lab4/sae_decode.py") and tried.returncode == 0
    assert "ablate_induction is not written yet" in at_desk("try", "ablate_i").stderr
