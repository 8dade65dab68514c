"""Outcomes: what a learner's process reports is read without trust, and only then."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args

import numpy as np
import pytest
from core_trees import fast, nested, tensor, wild_trees
from hypothesis import example, given
from hypothesis import strategies as st

from mechgrade.protocol.outcome import CLAIMABLE, Kind, Outcome, Place, not_as_promised, outcome_of, plain

FIELDS = ["kind", "data", "message", "type", "name", "stage", "trace", "called", "seconds", "learner_seconds", "dirty"]


# --- honest reports ------------------------------------------------------------------------------------------------------


def test_what_returned_keeps_its_data() -> None:
    data = tensor([1.0])
    report = {
        "kind": "returned",
        "data": data,
        "seconds": 1.5,
        "learner_seconds": 0.5,
        "dirty": True,
        "called": [("embed", 7), ("helper", 3)],
    }
    found = outcome_of(report, "printed")
    called = (Place(7, "embed"), Place(3, "helper"))
    assert found == Outcome(
        "returned", data, called=called, seconds=1.5, learner_seconds=0.5, dirty=True, output="printed"
    )
    assert found.output == "printed" and found.called[0].text == ""


@pytest.mark.parametrize(
    ("report", "message", "error"),
    [
        ({"kind": "returned"}, "", ""),
        ({"kind": "unusable", "message": "it is a set"}, "it is a set", ""),
        ({"kind": "missing", "name": "embed", "message": "x"}, "your code defines no `embed`: keep the stub's name for it", ""),
        ({"kind": "not_started", "message": "x"}, "it is still a stub", ""),
        ({"kind": "not_started", "trace": [{"line": 7, "function": ""}]}, "it is still a stub", ""),
        (
            {"kind": "not_started", "trace": [{"line": 3, "function": "f"}, {"line": 9, "function": "g"}]},
            "`g` is still a stub (line 9)",
            "",
        ),
        ({"kind": "raised", "type": "KeyError", "message": "'a'"}, "KeyError: 'a'", "KeyError"),
        ({"kind": "raised", "type": "KeyError", "message": ""}, "KeyError", "KeyError"),
        ({"kind": "raised", "type": "KeyError", "stage": "call", "message": "'a'"}, "KeyError: 'a'", "KeyError"),
        ({"kind": "raised", "type": "OSError", "stage": "import", "message": "no"}, "OSError while your file was imported: no", "OSError"),
        ({"kind": "raised", "type": "OSError", "stage": "import"}, "OSError while your file was imported", "OSError"),
        ({"kind": "out_of_memory", "type": "MemoryError", "message": "16 GB"}, "MemoryError: 16 GB", "MemoryError"),
    ],
)  # fmt: skip
def test_every_kind_has_its_sentence(report: Any, message: str, error: str) -> None:
    found = outcome_of(report)
    assert (found.kind, found.message, found.error) == (report["kind"], message, error)
    assert (found.data, len(found.trace), found.called, found.output) == (None, len(report.get("trace", [])), (), "")
    assert (found.seconds, found.learner_seconds, found.dirty) == (0.0, 0.0, False)


def test_the_trace_is_the_learner_s_lines_outermost_first() -> None:
    trace = [{"line": 9, "function": "embed", "text": "helper()"}, {"line": 1, "function": "helper", "text": "1 / 0"}]
    found = outcome_of({"kind": "raised", "trace": trace})
    assert found.trace == (Place(9, "embed", "helper()"), Place(1, "helper", "1 / 0"))


def test_where_and_what_are_optional() -> None:
    assert Place(3) == Place(3, "", "")
    found = Outcome("timed_out")
    assert (found.data, found.message, found.error, found.trace, found.called) == (None, "", "", (), ())
    assert (found.seconds, found.learner_seconds, found.dirty, found.output) == (0.0, 0.0, False, "")


# --- reports of an enemy's choice ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "report",
    [
        None,
        [],
        "returned",
        {},
        {"data": 1},
        {"kind": None},
        {"kind": ["returned"]},
        {"kind": {"returned": 1}},
        {"kind": ("returned",)},
        {"kind": tensor([1.0])},
        {"kind": "Returned"},
        {"kind": True},
        # Observed, never claimed.
        {"kind": "timed_out", "message": "x"},
        {"kind": "crashed", "data": 1},
        {"kind": "infrastructure", "message": "the machine's fault"},
        {"kind": "passed"},
    ],
)
def test_what_is_no_report_is_a_crash(report: Any) -> None:
    expected = Outcome("crashed", message="your code wrote to the worker's own connection")
    assert outcome_of(report, "printed") == expected
    assert outcome_of(report, "printed").output == "printed"


def test_nobody_claims_what_the_grader_observes() -> None:
    assert {"returned", "not_started", "missing", "unusable", "raised", "out_of_memory"} == CLAIMABLE
    assert {*get_args(Kind)} - CLAIMABLE == {"timed_out", "crashed", "infrastructure"}


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [(0.0, 0.0), (0.5, 0.5), (999_999.5, 999_999.5), (1e6, 0.0), (-0.5, 0.0), (float("nan"), 0.0), (float("inf"), 0.0),
     (3, 0.0), (True, 0.0), ("1.0", 0.0), (None, 0.0), ([1.0], 0.0), (tensor(1.0), 0.0)],
)  # fmt: skip
def test_seconds_are_seconds(seconds: Any, kept: float) -> None:
    found = outcome_of({"kind": "returned", "seconds": seconds, "learner_seconds": seconds})
    assert (found.seconds, found.learner_seconds) == (kept, kept)


@pytest.mark.parametrize("dirty", [1, "yes", [True], None, False])
def test_only_true_says_dirty(dirty: Any) -> None:
    assert outcome_of({"kind": "returned", "dirty": dirty}).dirty is False


@pytest.mark.parametrize("line", [True, False, 0, -1, 1.0, "1", None, [1], tensor(1, "int64")])
def test_a_line_is_a_number_from_one(line: Any) -> None:
    report = {"kind": "raised", "trace": [{"line": line}, {"line": 1}], "called": [("f", line), ("g", 1)]}
    assert outcome_of(report).trace == (Place(1),)
    assert outcome_of(report).called == (Place(1, "g"),)


@pytest.mark.parametrize("entry", [None, 1, "f", [], ["f", 1], ("f",), ("f", 1, 1), (1, "f"), (None, 1), {}, {"f": 1}])
def test_other_entries_of_traces_and_calls_are_left_out(entry: Any) -> None:
    report = {"kind": "raised", "trace": [entry, {"line": 2}], "called": [entry, ("g", 1)]}
    assert outcome_of(report).trace == (Place(2),)
    assert outcome_of(report).called == (Place(1, "g"),)


@pytest.mark.parametrize("value", [None, 1, "text", {"line": 1}, ({"line": 1},), (("f", 1),)])
def test_traces_and_calls_are_lists(value: Any) -> None:
    found = outcome_of({"kind": "raised", "trace": value, "called": value})
    assert (found.trace, found.called) == ((), ())


def test_everything_is_cut() -> None:
    long = "x" * 3000
    report = {
        "kind": "raised",
        "type": long,
        "message": long,
        "trace": [{"line": place, "function": long, "text": long} for place in range(1, 20)],
        "called": [(long, place) for place in range(1, 20)],
    }
    found = outcome_of(report)
    assert found.error == "x" * 2000 and found.message == f"{'x' * 2000}: {'x' * 2000}"
    assert found.trace == tuple(Place(place, "x" * 80, "x" * 200) for place in range(1, 9))
    assert found.called == tuple(Place(place, "x" * 80) for place in range(1, 9))


def test_text_has_no_control_characters() -> None:
    bad = "".join(map(chr, [*range(0x20), 0x7F, *range(0x80, 0xA0), *range(0x202A, 0x202F), *range(0x2066, 0x206A)]))
    assert plain(bad) == "�" * 9 + "\t\n" + "�" * (len(bad) - 11)
    assert plain("\ud800a\udfff") == "�a�"
    for good in ("naïve 日本 \u2029 \u202f \u2065 \u206a \ue000 \ud7ff ~ \xa0", " ", ""):
        assert plain(good) == good
    report = {
        "kind": "raised",
        "type": "\x1b",
        "message": "\x1b",
        "trace": [{"line": 1, "function": "\x1b", "text": "\x1b"}],
    }
    found = outcome_of(report | {"called": [("\x1b", 1)]})
    assert (found.error, found.message, found.trace, found.called[0].function) == (
        "�",
        "�: �",
        (Place(1, "�", "�"),),
        "�",
    )
    assert "`�`" in outcome_of({"kind": "missing", "name": "\x1b"}).message


_PARTS = (
    wild_trees
    | st.sampled_from([*CLAIMABLE, "import", "infrastructure", "crashed"])
    | st.lists(st.tuples(st.text(), st.integers() | st.booleans()))
    | st.lists(st.dictionaries(st.sampled_from(["line", "function", "text"]), wild_trees | st.integers(-1, 9)))
)
_REPORTS = wild_trees | st.dictionaries(st.sampled_from(FIELDS), _PARTS) | st.fixed_dictionaries(
    {"kind": st.sampled_from(sorted(CLAIMABLE))}, optional=dict.fromkeys(FIELDS[1:], _PARTS)
)  # fmt: skip


@given(_REPORTS)
@fast
@example({"kind": "raised", "type": "\ud800", "message": "\x1b[2J" * 10_000})
@example({"kind": "raised", "trace": [{"line": [], "function": {}, "text": 3}] * 100})
def test_any_report_at_all_gives_an_outcome(report: Any) -> None:
    found = outcome_of(report)
    assert type(found) is Outcome
    assert found.kind in CLAIMABLE or found.kind == "crashed"
    texts = [
        found.message,
        found.error,
        *(part for place in (*found.trace, *found.called) for part in (place.function, place.text)),
    ]
    for text in texts:
        assert type(text) is str and len(text) <= 4100 and plain(text) == text
        text.encode()
    for place in (*found.trace, *found.called):
        assert type(place.line) is int and place.line >= 1
    assert len(found.trace) <= 8 and len(found.called) <= 8
    assert 0 <= found.seconds < 1e6 and 0 <= found.learner_seconds < 1e6 and type(found.dirty) is bool


# --- what is kept and what is judged -------------------------------------------------------------------------------------


def test_a_recording_keeps_data_or_failure() -> None:
    assert Outcome("returned", [1], seconds=3.0, output="x").as_tree() == {"kind": "returned", "data": [1]}
    failed = Outcome("raised", None, "KeyError: 1", "KeyError", (Place(1),), (Place(2),), 3.0)
    assert failed.as_tree() == {"kind": "raised", "error": "KeyError", "message": "KeyError: 1"}


@given(nested(st.text() | st.integers()))
@fast
def test_what_a_recording_keeps_is_an_outcome_again(data: Any) -> None:
    for outcome in (Outcome("returned", data), Outcome("raised", message="KeyError", error="KeyError")):
        tree = outcome.as_tree()
        assert isinstance(tree, dict) and Outcome(**tree) == outcome  # type: ignore[arg-type]


def test_facts_are_made_from_numpy_values_and_only_of_what_returned() -> None:
    returned = Outcome("returned", {"a": [tensor([1.0, 2.0])]}, seconds=1.0)
    facts = returned.reduced(lambda data: float(np.sum(data["a"][0])))
    assert facts == dataclasses.replace(returned, data=3.0)
    assert returned.reduced(None) is returned
    raised = Outcome("raised", 1)
    assert raised.reduced(lambda data: 1 / 0) is raised


def test_what_was_printed_does_not_tell_outcomes_apart() -> None:
    assert Outcome("returned", 1, output="a") == Outcome("returned", 1, output="b") != Outcome("returned", 2)


@pytest.mark.parametrize(("value", "field"), [(Outcome("returned"), "kind"), (Place(1), "line")])
def test_an_outcome_stays_what_it_was(value: Any, field: str) -> None:
    """Several submissions are judged by one reference's outcome."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, field, None)


def test_how_much_of_a_learners_words_is_kept() -> None:
    long = "x" * 3000
    missing = outcome_of({"kind": "missing", "name": "embed", "like": long})
    assert missing.message == f"your code defines no `embed`. {'x' * 200}"
    assert outcome_of({"kind": "returned", "written": [long, "", 3]}).written == ("x" * 80,)
    assert f"({('ValueError: ' + long)[:200]})" in not_as_promised(ValueError(long))
