"""Verdicts: which is gravest, what an exercise and a result add up to, what is told first, and the form for tools."""

from __future__ import annotations

import json

import pytest
from core_trees import fast
from hypothesis import given
from hypothesis import strategies as st

from mechgrade.grading.verdicts import FAULTS, SCHEMA, VERDICTS, Check, ExerciseResult, Result, Verdict, gravest

#: From the gravest. What is nobody's score comes first, then what kept all else from running, then what ran and is wrong. A
#: function that is still a stub hides nothing that is said of the others.
ORDER: list[Verdict] = [
    "infrastructure_error",
    "grader_error",
    "missing",
    "crashed",
    "out_of_memory",
    "timed_out",
    "raised",
    "wrong",
    "not_started",
    "passed",
    "not_applicable",
]


def check(verdict: Verdict = "passed", points: float = 0.0, **more: object) -> Check:
    return Check("all", verdict, points, 2.0, **more)  # type: ignore[arg-type]


def exercise(*checks: Check) -> ExerciseResult:
    return ExerciseResult("lab1", "embed", 4.0, [*checks])


def test_every_verdict_has_its_place_in_the_order() -> None:
    assert sorted(VERDICTS) == sorted(ORDER)
    assert {"infrastructure_error", "grader_error"} == FAULTS
    for place, graver in enumerate(ORDER):
        for verdict in ORDER[place:]:
            assert gravest([verdict, graver]) == gravest([graver, verdict]) == graver


def test_what_is_still_a_stub_is_named_where_the_exercise_was_begun() -> None:
    stubs = [check("not_started", message="`f` is still a stub (line 3)") for _ in range(2)]
    assert exercise(*stubs).stubs == [], "not begun: there is nothing to say"
    for begun in (check("wrong", message="it is 3"), check("passed", 2.0)):
        both = exercise(stubs[0], begun, *stubs)
        assert both.stubs == ["`f` is still a stub (line 3)"]
    assert exercise(stubs[0], check("wrong", message="it is 3")).message == "it is 3"
    assert exercise(check("passed", 2.0), check("wrong")).stubs == []


def test_of_no_verdicts_none_is_gravest() -> None:
    with pytest.raises(ValueError):
        gravest([])


@given(st.lists(st.sampled_from(VERDICTS), min_size=1))
@fast
def test_an_exercise_has_the_gravest_verdict_in_any_order(verdicts: list[Verdict]) -> None:
    result = exercise(*(check(verdict) for verdict in verdicts))
    assert result.verdict == gravest(iter(verdicts)) == gravest(reversed(verdicts)) == min(verdicts, key=ORDER.index)
    assert (result.first_failure is None) == (set(verdicts) <= {"passed", "not_applicable"})
    if result.first_failure is not None:
        first = next(check for check in result.checks if check.verdict == result.verdict)
        assert result.first_failure is first


def test_the_first_check_with_the_gravest_verdict_is_read_first() -> None:
    first = check("raised", message="second line", misconception="off_by_one")
    result = exercise(
        check(), check("wrong", message="not this"), first, check("raised", message="nor this", misconception="x")
    )
    assert result.verdict == "raised" and result.first_failure is first
    assert result.message == "second line" and result.misconception == "off_by_one"


def test_a_known_mistake_is_told_before_the_difference() -> None:
    result = exercise(check("wrong", message="1 is not 2", sentence="You count from one."))
    assert result.message == "You count from one. (1 is not 2)"
    assert result.misconception is None


def test_nothing_is_told_of_what_passed() -> None:
    result = exercise(check(message="ignored", sentence="ignored", misconception="ignored"))
    assert (result.verdict, result.first_failure, result.message, result.misconception) == ("passed", None, "", None)


def test_an_exercise_without_checks_is_the_grader_s_fault() -> None:
    result = exercise()
    assert (result.verdict, result.points, result.first_failure) == ("grader_error", 0, None)
    assert (result.message, result.misconception) == ("no check ran", None)


@given(st.lists(st.lists(st.tuples(st.sampled_from(VERDICTS), st.integers(0, 9)))))
@fast
def test_points_add_up(drawn: list[list[tuple[Verdict, int]]]) -> None:
    exercises = [exercise(*(check(verdict, points) for verdict, points in checks)) for checks in drawn]
    result = Result("embedded", "bridge", "cpu", "full", exercises)
    for entry, checks in zip(exercises, drawn, strict=True):
        assert entry.points == sum(points for _, points in checks)
    assert result.score == sum(points for checks in drawn for _, points in checks)
    assert result.max_score == 4 * len(exercises)
    assert result.faults == [entry for entry in exercises if entry.verdict in ("grader_error", "infrastructure_error")]


@pytest.mark.parametrize(
    ("verdicts", "points"),
    [
        (["wrong", "passed*", "passed*"], [0, 0, 0]),
        (["wrong", "passed", "passed*"], [0, 4, 4]),
        (["passed", "wrong*", "passed*"], [4, 0, 4]),
        (["passed*", "wrong*"], [4, 0]),
        (["not_started", "passed*"], [0, 0]),
    ],
)
def test_a_supporting_check_counts_beside_one_that_asks_for_more(verdicts: list[str], points: list[float]) -> None:
    """Otherwise a file that raises ValueError everywhere has points, or an honest learner loses some for one failure among several."""
    checks = [check(each.rstrip("*"), 4 * (each.rstrip("*") == "passed")) for each in verdicts]  # type: ignore[arg-type]
    for number, (each, verdict) in enumerate(zip(checks, verdicts, strict=True)):
        each.name, each.supporting = f"check{number}", verdict.endswith("*")
    entry = exercise(*checks)
    entry.settle()
    assert [each.points for each in entry.checks] == points
    waits = [each for each in entry.checks if each.verdict == "passed" and not each.points]
    assert len(entry.waiting) == len(waits)
    assert all("as soon as one of these checks passes: check0" in sentence for sentence in entry.waiting)


def test_only_faults_are_faults() -> None:
    entries = {verdict: exercise(check(verdict)) for verdict in VERDICTS}
    result = Result("embedded", "bridge", "cpu", "full", [*entries.values()])
    assert result.faults == [entries["grader_error"], entries["infrastructure_error"]]


def test_a_check_says_nothing_that_nobody_found() -> None:
    one = Check("all", "passed", 1.0, 2.0)
    assert (one.asks, one.message, one.misconception, one.sentence, one.place) == ("", "", None, "", None)
    assert (one.output, one.seconds, one.learner_seconds, one.gave, one.views) == ("", 0.0, 0.0, "", [])
    assert one.views is not Check("all", "passed", 1.0, 2.0).views
    empty = ExerciseResult("lab1", "embed", 4.0)
    assert (empty.checks, empty.seconds, empty.file) == ([], 0.0, "")


def test_the_form_that_tools_read() -> None:
    passed = check("passed", 2.0, output="printed", views=[])
    wrong = check("wrong", 0.0, message="1 is not 2", misconception="off_by_one", sentence="You count from one.")
    entry = ExerciseResult("lab1", "embed", 4.0, [passed, wrong], seconds=0.123456, file="/home/ada/embed.py")
    result = Result("embedded", "bridge", "cpu", "process", [entry])
    expected = {
        "schema": 1,
        "score": 2.0,
        "max_score": 4.0,
        "model": "embedded",
        "backend": "bridge",
        "device": "cpu",
        "isolation": "process",
        "exercises": [
            {
                "lab": "lab1",
                "exercise": "embed",
                "verdict": "wrong",
                "points": 2.0,
                "max_points": 4.0,
                "message": "You count from one. (1 is not 2)",
                "misconception": "off_by_one",
                "checks": [
                    {"name": "all", "verdict": "passed", "points": 2.0, "max_points": 2.0, "message": ""},
                    {"name": "all", "verdict": "wrong", "points": 0.0, "max_points": 2.0, "message": "1 is not 2"},
                ],
                "seconds": 0.1235,
            }
        ],
    }
    assert SCHEMA == 1
    assert result.as_tree() == expected
    assert list(json.loads(json.dumps(result.as_tree()))) == list(expected)
    result.isolation_missing = ["no user namespaces"]
    assert result.as_tree() == expected | {"isolation_missing": ["no user namespaces"]}
    assert Result("embedded", "bridge", "cpu", "full").as_tree()["exercises"] == []
    assert Result("embedded", "bridge", "cpu", "full").isolation_missing == []


def test_how_it_was_graded_in_words() -> None:
    """Only what there is: a course may have no models, and a model no choice of backends."""
    assert Result("small", "hooked", "cuda", "full").how == "Graded on small (hooked, cuda), isolation full"
    assert Result("small", "", "cpu", "process").how == "Graded on small (cpu), isolation process"
    assert Result("none", "", "cpu", "inline").how == "Graded with isolation inline"


# --- what the model cannot serve ---------------------------------------------------------------------------------------


def test_a_check_that_is_left_out_counts_neither_way() -> None:
    result = exercise(check("passed", 2.0), check("wrong", 1.0))
    result.leave_out(result.checks[1], "the model has no grouped heads")
    assert (result.points, result.max_points, result.verdict) == (2.0, 2.0, "passed")
    left = result.checks[1]
    assert (left.verdict, left.points, left.max_points) == ("not_applicable", 0.0, 0.0)
    assert result.left_out == {"the model has no grouped heads": [left]}


def test_an_exercise_that_is_left_out_says_why_and_lists_no_checks() -> None:
    first, second = check("not_applicable", message="no SAE"), check("not_applicable", message="no BOS")
    for checks, why in (([first], "no SAE"), ([second, first], "no BOS")):
        result = exercise(*checks)
        assert (result.verdict, result.message, result.left_out, result.first_failure) == (
            "not_applicable",
            why,
            {},
            None,
        )


def test_supporting_checks_are_left_out_with_all_that_they_support() -> None:
    supporting = check("passed", 1.0, supporting=True)
    fault = check("grader_error", supporting=True)
    result = exercise(
        check("not_applicable", message="no SAE"), check("not_applicable", message="no BOS"), supporting, fault
    )
    result.settle()
    assert (supporting.verdict, supporting.message, result.max_points) == ("not_applicable", "no SAE", 2.0)
    assert fault.verdict == "grader_error", "that nobody could judge it is not forgotten"


def test_a_submission_without_what_is_left_out() -> None:
    there, gone = exercise(check("wrong")), exercise(check("not_applicable"))
    assert Result("small", "bridge", "cpu", "full", [there, gone]).applicable == [there]


def test_files_that_are_lost_are_named() -> None:
    assert exercise(check()).remarks == []
    one, other = exercise(check()), exercise(check())
    one.written.update(["b.txt", "a.txt"])
    assert "a.txt, b.txt" in one.remarks[0] and other.remarks == []


def test_a_supporting_check_that_failed_keeps_its_own_words() -> None:
    failed = check("wrong", message="no ValueError", supporting=True)
    exercise(check("wrong"), failed, check("passed", 1.0, supporting=True)).settle()
    assert failed.message == "no ValueError"
