"""The judge: a reference's run and a learner's outcome in, a judgement out."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from mechgrade.grading.errors import GraderError, InfrastructureError
from mechgrade.grading.judge import Judgement, failed, judge
from mechgrade.grading.recordings import Run
from mechgrade.protocol.outcome import Outcome, Place
from mechgrade.protocol.wire import Array, Tree

KEY = "on_random(seed=0)"
CALLED = (Place(3, "first"), Place(9, "second"), Place(20, "third"))


def array(*values: float) -> Array:
    return Array(np.asarray(values, np.float32), "float32")


def returned(data: Tree, **more: object) -> Outcome:
    return Outcome("returned", data, called=CALLED, output="printed", **more)  # type: ignore[arg-type]


def test_what_agrees_is_passed_with_its_distance() -> None:
    judgement = judge(KEY, Run(array(1.0, 2.0), {"": 0.0}), returned(array(1.0, 2.00003)))
    assert judgement.verdict == "passed"
    assert judgement.message == judgement.gave == judgement.output == "" and judgement.place is None
    assert 0.4 < judgement.distance < 0.6


def test_what_differs_is_told_with_the_call_and_what_was_given() -> None:
    judgement = judge(KEY, Run(array(1.0, 2.0), {"": 0.0}), returned(array(1.0, 3.0)))
    assert judgement.verdict == "wrong"
    assert judgement.message == f"{KEY}: the result at [1] is 3, expected 2; 1 of 2 values differ"
    assert judgement.gave == "a float32 tensor of shape [2]"
    assert judgement.output == "printed"
    assert judgement.place == CALLED[-1], "the function that was called last"
    assert judgement.distance == pytest.approx(1 / (3e-5 * 2), rel=1e-3)


def test_of_the_whole_nothing_is_said() -> None:
    """It may be the scenario's own, and no learner has seen it."""
    for data in ({"a": None}, {"a": array(1.0, 2.0)}, {"a": array(5.0)}):
        message = judge(KEY, Run({"a": array(1.0)}, {}), returned(data)).message
        assert message.startswith(f"{KEY}: result['a'] ") and "dict of 1" not in message


def test_a_judgement_stays_as_it_is() -> None:
    with pytest.raises(FrozenInstanceError):
        Judgement("wrong").verdict = "passed"  # type: ignore[misc]


def test_nothing_is_far_unless_it_was_measured() -> None:
    assert Judgement("passed").distance == 0.0


def test_without_a_call_there_is_no_place() -> None:
    assert judge(KEY, Run(1, {}), Outcome("returned", 2)).place is None


@pytest.mark.parametrize(
    ("reference", "leaf"),
    [
        (math.nan, "the result"),
        ({"x": [1.0, array(1.0, math.nan)]}, "result['x'][1]"),
    ],
)
def test_a_reference_that_holds_nan_is_the_graders_error(reference: Tree, leaf: str) -> None:
    for data in (reference, 1.0, None):
        with pytest.raises(GraderError, match="nothing can be compared with the reference") as caught:
            judge(KEY, Run(reference, {}), returned(data))
        assert KEY in str(caught.value) and leaf in str(caught.value)


def test_an_infinite_reference_is_a_measure() -> None:
    run = Run(array(-math.inf, 1.0), {})
    assert judge(KEY, run, returned(array(-math.inf, 1.0))).verdict == "passed"
    assert judge(KEY, run, returned(array(0.0, 1.0))).verdict == "wrong"


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        ("not_started", "not_started"),
        ("missing", "missing"),
        ("unusable", "wrong"),
        ("raised", "raised"),
        ("timed_out", "timed_out"),
        ("out_of_memory", "out_of_memory"),
        ("crashed", "crashed"),
    ],
)
def test_each_way_to_return_nothing_has_its_verdict(kind: str, verdict: str) -> None:
    outcome = Outcome(kind, message="why", trace=(Place(1), Place(2, "f", "x = 1")), called=CALLED, output="said")  # type: ignore[arg-type]
    judgement = judge(KEY, Run(1.0, {}), outcome)
    assert judgement == failed(outcome)
    assert (judgement.verdict, judgement.message, judgement.output) == (verdict, "why", "said")
    assert judgement.place == Place(2, "f", "x = 1"), "the innermost line of the learner's"
    assert judgement.distance == math.inf


def test_a_reference_with_nan_does_not_matter_to_who_returned_nothing() -> None:
    assert judge(KEY, Run(math.nan, {}), Outcome("not_started", message="not started")).verdict == "not_started"


def test_an_error_after_the_function_returned_is_told_as_that() -> None:
    judgement = failed(Outcome("raised", message="TypeError: no", called=CALLED))
    assert judgement.message == "TypeError: no; this happened after `third` returned, with what it returned"
    assert judgement.place == CALLED[-1]
    assert judgement.verdict == "wrong", (
        "no line of the learner's raised it: the result is what the check cannot work with"
    )
    for other in (
        Outcome("raised", message="m", called=CALLED, trace=(Place(1),)),
        Outcome("crashed", message="m", called=CALLED),
        Outcome("raised", message="m"),
    ):
        assert failed(other).message == "m"
    assert failed(Outcome("raised", message="m")).place is None


def test_the_machines_failure_is_no_judgement() -> None:
    for judged in (lambda outcome: failed(outcome), lambda outcome: judge(KEY, Run(1, {}), outcome)):
        with pytest.raises(InfrastructureError, match="no memory"):
            judged(Outcome("infrastructure", message="no memory"))
