"""A failure is told by the call that the learner's function got, and never in the words of the scenario's packing."""

from __future__ import annotations

import contextlib
import functools
import math
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from mechgrade.grading.calls import Call
from mechgrade.grading.facts import Measuring, less_than, more_than
from mechgrade.grading.judge import judge
from mechgrade.grading.recordings import Run
from mechgrade.grading.relations.origins import Origins
from mechgrade.grading.told import in_own_terms
from mechgrade.grading.traces import Made, Trace, same
from mechgrade.protocol.outcome import Outcome
from mechgrade.protocol.outcome import Place as Line
from mechgrade.protocol.shown import call_text, shown
from mechgrade.protocol.wire import Array, Tree
from mechgrade.worker import tracer
from mechgrade.worker.tracer import Log, Watched

GRADER = """
def packed(exercise, bench, *, k):
    return {"found": exercise.pair(k)[1], "sum": exercise.pair(k)[0] + 1}

def plain(exercise, bench, *, k):
    return exercise.pair(k)
"""
SOURCE = "def pair(k):\n    return k, 2.5\n"
CALL = Call("packed", {"k": 3})


def array(*values: float) -> Array:
    return Array(np.asarray(values, np.float32), "float32")


def made(text: str = "pair(k=3)", result: Tree = (3, 2.5), **more: object) -> Made:
    return replace(Made("pair", text, shown(result), line=2, has_result=True, result=result), **more)  # type: ignore[arg-type]


def told(want: Tree, got: Tree | Outcome, *calls: Made, places: dict | None = None, call: Call = CALL):
    outcome = got if isinstance(got, Outcome) else Outcome("returned", got, called=(Line(1, "pair"),))
    run = Run(want, {})
    judgement = judge(call.key, run, outcome)
    return in_own_terms(judgement, call, outcome, run, Trace(calls, places or {}), Origins(GRADER), SOURCE)


def test_what_a_function_returned_is_told_as_its_own() -> None:
    judgement, number = told({"found": 1.5, "sum": 4}, {"found": 2.5, "sum": 4}, made())
    assert judgement.message == "pair(k=3): result[1] is 2.5, expected 1.5"
    assert (judgement.gave, judgement.place, number) == ("(3, 2.5)", Line(2, "pair", "return k, 2.5"), 0)


def test_the_very_object_is_found_again_wherever_the_scenario_put_it() -> None:
    """In a list that a loop filled, of which the scenario's text says nothing."""
    first, second = made("pair(k=3)", {"a": array(1, 2)}), made("pair(k=4)", {"a": array(1, 5)})
    places = {(0,): (0, ()), (1,): (1, ())}
    want, got = [{"a": array(1, 2)}, {"a": array(1, 3)}], [{"a": array(1, 2)}, {"a": array(1, 5)}]
    judgement, number = told(want, got, first, second, places=places)
    assert judgement.message == "pair(k=4): result['a'] at [1] is 5, expected 3; 1 of 2 values differ" and number == 1


def test_what_the_scenario_changed_afterwards_is_not_told_as_the_functions() -> None:
    judgement, number = told([array(7)], [array(9)], made("pair(k=3)", array(8)), places={(0,): (0, ())})
    assert judgement.message.startswith("pair(k=3) returned tensor([8]). The check then finds: ") and number == 0


def test_a_wrong_form_is_told_with_the_form_of_the_whole() -> None:
    judgement, _ = told([(1, 2.5)], [(1, "no")], made(result=(1, "no")), places={(0,): (0, ())})
    assert (
        judgement.message
        == "pair(k=3): result[1] is the str 'no', expected the float 2.5 (the whole result should be a tuple of 2)"
    )


def test_the_form_of_the_whole_is_told_only_where_the_data_shows_it() -> None:
    """A key of the function's dict is a place in a pair of the scenario's too."""
    rates: Tree = {1: array(0.25), 2: array(0.5)}  # type: ignore[dict-item]  # keys of numbers are sent as well
    pairs: Tree = [[1, array(0.25)], [2, array(0.5)]]
    call = made("rates(k=3)", rates, function="rates")
    places = {(0, 1): (0, (1,)), (1, 1): (0, (2,))}
    judgement, _ = told([[1, 0.25], [2, 0.5]], pairs, call, places=places)
    assert judgement.message == (
        "rates(k=3): result[1] is a float32 tensor of shape [1], expected the float 0.25; finish with `.item()`"
    )


def test_the_pairs_of_a_dict_are_told_as_the_dict() -> None:
    call = made("rates(k=3)", {2: 0.5, 4: 0.75}, function="rates")
    judgement, number = told([[1, 0.25], [2, 0.5], [4, 0.75]], [[2, 0.5], [4, 0.75]], call)
    assert (judgement.message, number) == ("rates(k=3): the result lacks the key 1", 0)
    judgement, _ = told([[2, 0.25], [4, 0.75]], [[2, 0.5], [4, 0.75]], call)
    assert judgement.message == "rates(k=3): result[2] is 0.5, expected 0.25"
    other = made("rates(k=3)", {2: 0.5, 4: 0.125}, function="rates")
    judgement, _ = told([[2, 0.25], [4, 0.75]], [[2, 0.5], [4, 0.75]], other)
    assert "The check then finds" in judgement.message, "the scenario changed it"


PROMISE = "def pair(k: int) -> tuple[int, float]: ..."


def told_of(source: str, got: Tree | Outcome, *calls: Made, stub: str = PROMISE, want: Tree = None) -> str:
    """What is told of a function of some text."""
    outcome = got if isinstance(got, Outcome) else Outcome("returned", got)
    run = Run(want or {"found": 2.5}, {})
    judgement = judge(CALL.key, run, outcome)
    return in_own_terms(judgement, CALL, outcome, run, Trace(calls, {}), Origins(GRADER), source, stub)[0].message


def test_a_function_without_a_return_is_told_as_that() -> None:
    """And not as what a scenario made of its None."""
    nothing = made(result=None, returned="None")
    without = "pair(k=3) returned None: it has no `return` with a value"
    for body in ("pass", "...", "if k < 0:\n        raise ValueError\n    return", "def inner():\n        return 1"):
        assert told_of(f"def pair(k):\n    {body}\n", None, nothing) == without, body
    assert told_of("def pair(k):\n    return [k].sort()\n", None, nothing) == (
        "pair(k=3) returned None; it should return `tuple[int, float]`"
    )
    plain = replace(CALL, scenario="plain")
    judgement = judge(plain.key, Run((3, 1.5), {}), Outcome("returned", None))
    trace = Trace((nothing,), {})
    whole, _ = in_own_terms(
        judgement,
        plain,
        Outcome("returned", None),
        Run((3, 1.5), {}),
        trace,
        Origins(GRADER),
        "def pair(k): pass",
        PROMISE,
    )
    assert whole.message == f"{without}, and a tuple of 2 is expected"
    lost = Outcome("raised", message="TypeError: None", error="TypeError", called=(Line(1, "pair"),))
    assert told_of("def pair(k): pass", lost, nothing) == without, "the scenario could not go on with it"
    assert told_of("def pair(k): pass", lost, made("pair(k=3)", 1, raised="TypeError", returned="")) != without
    assert told_of("def pair(k): pass", Outcome("unusable", message="the check could not work"), nothing) == without


def test_none_is_no_mistake_where_it_is_promised_or_nothing_is() -> None:
    nothing = made(result=None, returned="None")
    for stub in ("", "def pair(k): ...", "def pair(k) -> None: ...", "def pair(k) -> int | None: ..."):
        assert "return` " not in told_of("def pair(k): pass", {"found": 1.0}, nothing, stub=stub), stub
    error = told_of("def pair(k): pass", {"raised": "nothing"}, nothing, want={"raised": "ValueError"}, stub=PROMISE)
    assert error == "pair(k=3) returned None, but a ValueError is expected", "that says more"


def test_where_two_calls_gave_the_same_it_is_not_said_which_of_them_is_wrong() -> None:
    judgement, number = told({"found": 1.5}, {"found": 2.5}, made(), made("pair(k=4)", (4, 2.5)))
    assert number is None
    assert judgement.message == (
        'pair(k=3) returned (3, 2.5); pair(k=4) returned (4, 2.5). The check then finds: "found" is 2.5, expected 1.5'
    )


def test_of_many_calls_some_are_told() -> None:
    calls = [made(f"pair(k={k})", (k, 2.5)) for k in range(7)]
    judgement, _ = told({"all_alike": True}, {"all_alike": False}, *calls)
    assert (
        judgement.message.count("returned") == 4 and "; and 3 more calls. The check then finds: " in judgement.message
    )
    assert judgement.message.endswith('"all alike" is False, expected True')


def test_facts_are_never_told_as_what_a_function_returned() -> None:
    def found(data: object) -> Tree:
        return {"found": data}

    call = Call("packed", {"k": 3}, found)  # type: ignore[arg-type]
    judgement, _ = told({"found": True}, {"found": False}, made(result=(3, False)), call=call)
    assert 'The check then finds: "found" is False, expected True' in judgement.message


def test_a_bound_is_told_with_the_number() -> None:
    def explains(data: object) -> object:
        return {
            "share": more_than(data, 0.7, "the share that your latents explain"),
            "rest": [less_than(1.0, 2.0, "it")],
        }

    call = Call("packed", {"k": 3}, Measuring(explains))
    assert call.key == "explains(packed(k=3))"
    want, got = ({"share": True, "rest": [True]}, call.facts(0.43))  # type: ignore[misc]
    assert got == {"share": False, "rest": [True]} and call.facts(math.nan)["share"] is False  # type: ignore[misc,index]
    says = "the share that your latents explain is 0.43; more than 0.7 is asked"
    assert told(want, got, made(), call=call)[0].message == f"pair(k=3) returned (3, 2.5). T{says[1:]}"
    assert told(want, got, call=call)[0].message == says, "also where the run was not made again"


def test_a_bound_is_for_the_others_to_keep() -> None:
    """A fact that is exactly at its bound does not lie beyond it."""
    assert not more_than(0.7, 0.7, "it").holds and not less_than(0.7, 0.7, "it").holds
    assert less_than(0.6, 0.7, "it").holds and less_than(0.8, 0.7, "it").says == "it is 0.8; less than 0.7 is asked"


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (made(), "pair(k=3) returned (3, 2.5), but a ValueError is expected"),
        (
            made(raised="KeyError", returned="", has_result=False),
            "pair(k=3) raised KeyError, but a ValueError is expected",
        ),
    ],
)
def test_an_error_that_is_expected(call: Made, expected: str) -> None:
    got = call.raised or "nothing"
    assert told({"raised": "ValueError"}, {"raised": got}, call)[0].message == expected


def test_of_several_calls_the_one_that_ended_otherwise_is_told() -> None:
    """The scenario tries several values, and says of each which error came."""
    calls = [
        made("pair(k=-1)", None, raised="ValueError", returned="", has_result=False),
        made("pair(k=0)"),
        made("pair(k=9)", None, raised="KeyError", returned="", has_result=False),
    ]
    want = {"low": {"k = -1": "ValueError", "k = 0": "nothing"}, "high": "ValueError"}
    got = {**want, "high": "KeyError"}
    assert told(want, got, *calls)[0].message == "pair(k=9) raised KeyError, but a ValueError is expected"
    wrong = {"low": {"k = -1": "nothing", "k = 0": "nothing"}, "high": "KeyError"}
    assert told(wrong, got, *calls)[0].message == "pair(k=-1) raised ValueError, but no error is expected"
    assert "The check then finds" in told(want, got, *calls[1:])[0].message, "which call is which is not known"
    other = {**want, "high": "TypeError"}
    assert "The check then finds" in told(want, other, *calls)[0].message, "the calls did not end so"


def test_a_count_is_told_of_the_only_call_whose_result_it_is() -> None:
    judgement, number = told({"sorted": [1, 2]}, {"sorted": [4]}, made(result=(4,)))
    assert judgement.message == "pair(k=3): the result has 1 entries, expected 2" and number == 0
    judgement, _ = told({"sorted": [1, 2]}, {"sorted": [4, 5]}, made(result=(4, 5)))
    assert "The check then finds" in judgement.message, "an order may be the scenario's"


def test_numbers_of_several_calls_in_one_tensor_are_told_each_as_its_calls() -> None:
    calls = [made(f"pair(k={k})", 2.5 + k) for k in range(3)]
    judgement, number = told({"scores": array(2.5, 1, 1)}, {"scores": array(2.5, 3.5, 4.5)}, *calls)
    assert judgement.message == "pair(k=1): the result is 3.5, expected 1" and number == 1
    judgement, _ = told({"scores": array(2.5, 1, 1)}, {"scores": array(2.5, 3.5, 9)}, *calls)
    assert "The check then finds" in judgement.message, "the last is not what the call returned"


def test_other_names_than_expected_are_told_with_what_lies_there() -> None:
    judgement, _ = told({"image": 1, "x_name": 2}, {"heatmaps": 0}, made())
    assert judgement.message.endswith('The check then finds: "heatmaps" is 0; missing are "image", "x name"')


def test_the_call_that_raised_is_told() -> None:
    outcome = Outcome("raised", message="ValueError: k", error="ValueError", trace=(Line(2, "pair", "raise"),))
    judgement, number = told(0, outcome, made(), made("pair(k=-1)", None, raised="ValueError", returned=""))
    assert (judgement.message, number) == ("pair(k=-1) raised ValueError: k", 1)
    assert judgement.place == Line(2, "pair", "raise")
    after = Outcome("raised", message="IndexError: 1", error="IndexError", called=(Line(1, "pair"),))
    judgement, _ = told(0, after, made())
    assert judgement.message.endswith("after `pair` returned, with what it returned. pair(k=3) returned (3, 2.5)")


def test_what_cannot_be_sent_is_told_without_the_scenarios_path() -> None:
    outcome = Outcome("unusable", message="the result['found'][0] is a set; return tensors")
    assert told(0, outcome, made(result=None, returned="<set>"))[0].message == (
        "pair(k=3) returned <set>: what comes back is a set; return tensors"
    )
    outcome = Outcome("unusable", message="`pair` changed its argument `k` in place")
    assert told(0, outcome, made())[0].message == "pair(k=3): `pair` changed its argument `k` in place"


def test_a_run_that_gives_something_else_each_time_says_so() -> None:
    other = made(returned="", has_result=False, result=None, steady=False)
    judgement, _ = told({"found": 1.5}, {"found": 2.5}, other)
    assert (
        judgement.message == "pair(k=3): result[1] is 2.5, expected 1.5 (made again, the same call gave something else)"
    )
    assert judgement.gave == ""


def test_without_a_trace_the_judgement_stays() -> None:
    judgement, number = told({"found": 1.5}, {"found": 2.5})
    assert judgement.message == "packed(k=3): result['found'] is 2.5, expected 1.5" and number is None
    assert judgement.gave == "", "the dict is the scenario's"
    plain = replace(CALL, scenario="plain")
    assert told((3, 1.5), (3, 2.5), call=plain)[0].gave == "a tuple of 2", "the tuple is the function's"


# --- values in words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "None"),
        (-0.0, "0"),
        (0.1234567, "0.123457"),
        (math.nan, "nan"),
        ("a" * 99, "'" + "a" * 69 + "…'"),
        ((1,), "(1,)"),
        ([], "[]"),
        ({"a": [1, 2.5]}, "{'a': [1, 2.5]}"),
        (
            list(range(99)),
            f"[{', '.join(map(str, range(33)))}, … (99 in all)]",
        ),
        (array(1, 2.5), "tensor([1, 2.5])"),
        (Array(np.float64(3.5).reshape(()), "float64"), "tensor(3.5, float64)"),
        (np.arange(12), "array([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])"),
        (np.zeros((2, 4)), "float64 [2, 4]"),
        (np.zeros((0, 3), np.float32), "float32 [0, 3]"),
        (int, "int"),
        (lambda: 0, "a lambda"),
        (test_without_a_trace_the_judgement_stays, "the function test_without_a_trace_the_judgement_stays"),
        (object(), "<object>"),
    ],
)
def test_a_value_in_words(value: object, expected: str) -> None:
    assert shown(value) == expected


def test_a_call_is_cut_where_it_is_long() -> None:
    text = call_text("pair", [(f"argument_{number}", "x" * 60) for number in range(9)])
    assert text.startswith("pair(argument_0='xxx") and text.endswith(", … (9 in all))") and len(text) < 400


def test_same_is_to_the_last_bit() -> None:
    assert same({"a": (1, array(math.nan))}, {"a": [1, array(math.nan)]})
    assert not same(array(1), array(1.0000001)) and not same(1, 1.0) and not same(1, True) and not same([1], [1, 2])
    assert not same({"a": 1}, {"b": 1}) and not same(array(1), Array(np.ones(1), "float64"))


# --- the tracer ----------------------------------------------------------------------------------------------------------


class Module:
    """Stands in for a learner's module."""

    @staticmethod
    def scaled(values: list[float], by: float = 2.0) -> list[float]:
        if by == 0:
            raise ValueError("by")
        return [by * each for each in values]

    @staticmethod
    def hook(by: float):  # type: ignore[no-untyped-def]
        def scale(value: float) -> float:
            return by * value

        return scale


def test_calls_are_written_down_with_what_they_got_and_gave() -> None:
    log = Log()
    watched = Watched(Module, Module, log)  # type: ignore[arg-type]
    first = watched.scaled([1.0], by=3.0)
    with pytest.raises(ValueError, match="by"):
        watched.scaled([1.0], 0)
    assert watched.unguarded.hook(4)(2) == 8
    first.append(9.0)  # by the scenario, later
    assert [each["call"] for each in log.calls] == [
        "scaled(values=[1], by=3)",
        "scaled(values=[1], by=0)",
        "hook(by=4)",
        "hook(by=4)(value=2)",
    ]
    assert log.calls[0]["result"] == [3.0] and log.calls[0]["returned"] == "[3]"
    assert log.calls[1]["raised"] == "ValueError" and "returned" not in log.calls[1]
    assert log.calls[3]["inner"] and log.calls[3]["result"] == 8
    line = Module.scaled.__code__.co_firstlineno + 4
    assert log.calls[0]["line"] == line, "the line that returned, and not the one of the def"
    assert log.places_in({"mine": [first, first[:1]]}) == [(["mine", 0], 0, [])]


def mended(function: Callable[..., float]) -> Callable[..., float]:
    """A decorator that now and then answers itself."""

    @functools.wraps(function)
    def call(value: float) -> float:
        if value == 0:
            return 0.0
        return function(value)

    return call


class Shapes:
    """Functions that return, or do not, in several ways."""

    @staticmethod
    def at_the_end(value: float) -> float:
        value += 1
        return value

    @staticmethod
    def nothing(value: float) -> None:
        value += 1

    @staticmethod
    def in_a_block(value: float) -> float:
        with contextlib.suppress(KeyError):
            return value + 1
        raise AssertionError

    @staticmethod
    def cleaned_up(value: float) -> float:
        try:
            return 1 / value
        finally:
            value = 0

    @staticmethod
    def of_two(value: float) -> float:
        if value > 0:
            return 1.0
        return 2.0

    @staticmethod
    def recursive(value: float) -> float:
        value = Shapes.recursive(value - 1) if value > 0 else 1 / value
        return value

    @staticmethod
    def later(value: float) -> Iterator[float]:
        yield value

    @staticmethod
    @functools.cache
    def kept(value: float) -> float:
        return value

    @staticmethod
    @mended
    def decorated(value: float) -> float:
        value += 1
        return value


@pytest.mark.parametrize("name", [name for name in vars(Shapes) if not name.startswith("_")])
@pytest.mark.parametrize("value", [2.0, 0.0])
def test_the_line_is_the_one_that_watching_all_calls_would_find(
    name: str, value: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    def line() -> object:
        log = Log()
        with contextlib.suppress(ZeroDivisionError):
            getattr(Watched(Shapes, Shapes, log), name)(value)  # type: ignore[arg-type]
        return [each.get("line") for each in log.calls]

    known = line()
    monkeypatch.setattr(tracer, "_only_line", lambda _: None)
    assert line() == known


def test_of_very_many_calls_the_first_are_kept() -> None:
    log = Log()
    watched = Watched(Module, Module, log)  # type: ignore[arg-type]
    for _ in range(99):
        watched.scaled([1.0])
    assert len(log.calls) == len(log.results) == 64
