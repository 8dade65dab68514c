"""What a learner is told of a failure, from the run to the report, on a course of one exercise whose reference is run live."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from support import grade_folder, one_exercise

from mechgrade.course import Course, load_course
from mechgrade.grading.verdicts import ExerciseResult
from mechgrade.grading.worker import Worker

GRADER = '''
import pytest

def packed(exercise, bench, *, number):
    return {"both": [exercise.find_heads(each) for each in (number, 2 * number)]}

def alone(exercise, bench, *, number):
    return exercise.find_heads(number)

@pytest.mark.points(3)
def test_numbers(compare):
    """The right numbers."""
    compare(packed, number=3)

@pytest.mark.points(2)
def test_sign(run):
    """A negative number stays negative."""
    assert run(alone, number=-3) < 0, "it is positive"
'''
SOLUTION = '''
# %% [markdown]
# # A multiple

# %% [markdown] tags=["hint"]
# One.

# %% [markdown] tags=["hint"]
# Two.

# %%
def find_heads(number: int) -> float:
    """Multiply."""
    ### BEGIN SOLUTION
    return 2.5 * number
    ### END SOLUTION


# %% [markdown] tags=["found"]
# Found.
'''.lstrip()
VARIANTS = """
from mechgrade.authoring.variants import misconception

@misconception("You multiply by 3.25.")
def another_factor(number):
    return 3.25 * number
""".lstrip()

Grade = Callable[..., ExerciseResult]


def course_in(folder: Path) -> Path:
    """The course of one exercise, in a folder of its own."""
    root = one_exercise(folder)
    (root / "graders/lab3/test_find_heads.py").write_text(GRADER)
    (root / "solutions/lab3/find_heads.py").write_text(SOLUTION)
    (root / "solutions/lab3/variants/find_heads.py").write_text(VARIANTS)
    return root


def graded(course: Course, worker: Worker, body: str, **settings: object) -> ExerciseResult:
    """The result of a learner's function with this body."""
    file = course.root / "handed_in/lab3/find_heads.py"
    file.parent.mkdir(parents=True)
    file.write_text(f"def find_heads(number):\n    {body}\n")
    exercises = [course.exercise("find_heads")]
    return grade_folder(course, worker, course.root / "handed_in", exercises, **settings).exercises[0]


@pytest.fixture
def grade(tmp_path: Path, worker: Worker) -> Grade:
    """``grade(body of the learner's function)`` → the exercise's result."""
    course = load_course(course_in(tmp_path))
    return partial(graded, course, worker)


@pytest.mark.parametrize("isolation", ["full", "process"])
def test_a_wrong_number_is_told_by_the_call_that_gave_it(grade: Grade, isolation: str) -> None:
    check = grade("return 2.5 * number if number < 5 else 7.25", isolation=isolation).checks[0]
    assert check.message == "find_heads(number=6): the result is 7.25, expected 15"
    assert check.gave == "7.25" and check.sentence == ""
    assert check.place is not None and (check.place.line, check.place.text) == (
        2,
        "return 2.5 * number if number < 5 else 7.25",
    )


def test_an_error_is_told_with_what_the_function_got(grade: Grade) -> None:
    checks = grade("raise ValueError('no')").checks
    assert checks[0].message == "find_heads(number=3) raised ValueError: no"
    assert checks[1].message == "find_heads(number=-3) raised ValueError: no"


def test_a_known_mistake_is_named_if_it_explains_all_checks(grade: Grade) -> None:
    result = grade("return 3.25 * number")
    assert [check.misconception for check in result.checks] == ["another_factor", None]
    assert result.checks[0].sentence == "You multiply by 3.25."


def test_a_known_mistake_is_not_named_beside_a_check_that_fails_otherwise(grade: Grade) -> None:
    """It explains the numbers, but not the sign: there is another mistake, and it may be behind both."""
    result = grade("return 3.25 * abs(number)")
    assert [check.verdict for check in result.checks] == ["wrong", "wrong"]
    assert [(check.misconception, check.sentence) for check in result.checks] == [(None, ""), (None, "")]


def test_all_that_was_compared_is_right_is_said_of_the_check_that_failed_alone(tmp_path: Path, worker: Worker) -> None:
    root = course_in(tmp_path)
    (root / "graders/lab3/test_find_heads.py").write_text(
        '''
import pytest

def alone(exercise, bench, *, number):
    return exercise.find_heads(number)

@pytest.mark.points(3)
def test_one(compare):
    """One number."""
    compare(alone, number=3)

@pytest.mark.points(2)
def test_two(compare):
    """Two numbers."""
    compare(alone, number=2)
    compare(alone, number=7)
'''
    )
    course = load_course(root)

    def sentence(body: str) -> str:
        return graded(course, worker, body).checks[1].sentence

    everything = "Line 2 raises `IndexError`, which is not expected. On these inputs all that was compared is right."
    assert sentence("return 2.5 * number if number < 7 else [][0]") == everything
    (root / "handed_in/lab3/find_heads.py").unlink()
    (root / "handed_in/lab3").rmdir()
    assert sentence("return 2.5 * number if number == 3 else [][0]") == "", "in that check nothing was compared"
