"""What a learner's code cannot claim: the grader's fault, the grader's clock, and a way to tell what hidden inputs it saw."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support import grade_folder, one_exercise

from mechgrade.course import load_course
from mechgrade.grading.verdicts import Check
from mechgrade.grading.worker import Worker

GRADER = '''
import pytest

def on_a_number(exercise, bench, *, seed):
    return exercise.find_heads(seed)

def length(data):
    return {"length": len(data)}

@pytest.mark.points(5)
def test_it(run, compare, seed):
    """It is as it should be."""
    BODY
'''
SOLUTION = '''
# %% [markdown]
# # Twice the seed

# %% [markdown] tags=["hint"]
# One.

# %% [markdown] tags=["hint"]
# Two.

# %%
def find_heads(seed: int) -> list[int]:
    """Find them."""
    ### BEGIN SOLUTION
    return [seed, seed]
    ### END SOLUTION


# %% [markdown] tags=["found"]
# Found.
'''.lstrip()

Grade = Callable[..., Check]


@pytest.fixture
def grade(tmp_path: Path, worker: Worker) -> Grade:
    """``grade(body of the check, what the learner's function returns)`` → the check, judged with the reference run live."""

    def call(body: str, returned: str, **settings: object) -> Check:
        root = one_exercise(tmp_path)
        (root / "graders/lab3/test_find_heads.py").write_text(GRADER.replace("BODY", body))
        (root / "solutions/lab3/find_heads.py").write_text(SOLUTION)
        (root / "solutions/lab3/variants/find_heads.py").write_text("")
        file = root / "handed_in/lab3/find_heads.py"
        file.parent.mkdir(parents=True)
        file.write_text(f"import time\n\ndef find_heads(seed):\n    {returned}\n")
        course = load_course(root)
        result = grade_folder(course, worker, root / "handed_in", [course.exercise("find_heads")], **settings)
        return result.exercises[0].checks[0]

    return call


def test_a_fact_that_breaks_on_data_of_another_type_tells_the_call(grade: Grade) -> None:
    """What the learner's function returned says more than what the grader's own code could not do with it."""
    check = grade("compare(on_a_number, facts=length, seed=seed)", "return 7")
    assert check.verdict == "wrong"
    assert check.message.startswith("find_heads(seed=0) returned 7, an integer, but a list")


@pytest.mark.parametrize(
    "body",
    [
        "assert sum(run(on_a_number, seed=seed)) == 2 * seed, 'not twice the seed'",
        "len(run(on_a_number, seed=seed)) == 2 or pytest.fail('there should be two')",
    ],
)
def test_a_check_that_breaks_on_the_learners_data_alone_is_the_learners(body: str, grade: Grade) -> None:
    check = grade(body, "return 7")
    assert check.verdict == "wrong"
    assert "could not work with what your code returned (TypeError" in check.message


def test_a_sentence_of_pytests_own_is_the_checks(grade: Grade) -> None:
    check = grade("len(run(on_a_number, seed=seed)) == 2 or pytest.fail('there should be two')", "return []")
    assert (check.verdict, check.message) == ("wrong", "there should be two")


@pytest.mark.parametrize("body", ["run(on_a_number, seed=seed); 1 / 0", "compare(on_a_number, facts=abs, seed=seed)"])
def test_a_check_that_breaks_on_the_references_data_too_is_the_graders(body: str, grade: Grade) -> None:
    assert grade(body, "return [7]").verdict == "grader_error"


def test_time_is_the_graders_word(grade: Grade) -> None:
    """A class's median was 3,999,996 s by one learner's claim."""
    lie = "time.perf_counter = lambda: 9e5; return [seed, seed]"
    before = time.monotonic()
    check = grade("compare(on_a_number, seed=seed)", lie)
    assert check.verdict == "passed"
    assert 0 < check.learner_seconds <= check.seconds < time.monotonic() - before


@pytest.mark.parametrize(
    "failing", ["raise ValueError", "raise NotImplementedError", "return 1", "import os; os._exit(3)", "del find_heads"]
)
def test_on_hidden_inputs_there_is_one_way_to_fail(failing: str, grade: Grade) -> None:
    """Which way it is would be the learner's to choose, and would tell a bit of the hidden inputs to the next attempt."""
    body = f"print(seed)\n    if seed: {failing}\n    return [seed, seed]".replace("del find_heads", "return find_it")
    check = grade("compare(on_a_number, seed=seed)", body, hidden="a secret")
    assert (check.verdict, check.points) == ("wrong", 0)
    assert check.message == "on hidden inputs the result is not the reference's"
    assert (check.gave, check.output, check.place, check.views) == ("", "", None, [])


@pytest.mark.parametrize(
    ("body", "verdict"),
    [("raise NotImplementedError", "not_started"), ("raise ValueError('no')", "raised"), ("return 1", "wrong")],
)
def test_what_failed_on_public_inputs_says_how(body: str, verdict: str, grade: Grade) -> None:
    """Hidden inputs must not hide what the learner may know."""
    check = grade("compare(on_a_number, seed=seed)", body, hidden="a secret")
    assert check.verdict == verdict, check.message
    assert "hidden" not in check.message
