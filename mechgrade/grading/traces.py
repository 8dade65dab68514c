"""The calls of a learner's functions in a run that failed: the run is made once more, by scenarios that write them down.

What comes back is the learner's word. It is read with care, and it changes nothing but a message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mechgrade.grading.calls import Call
from mechgrade.grading.errors import GraderError, InfrastructureError
from mechgrade.grading.relations.origins import Place
from mechgrade.grading.sessions import Cancelled, Runs
from mechgrade.protocol.outcome import Outcome, plain
from mechgrade.protocol.shown import MOST_CALLS
from mechgrade.protocol.wire import Array, Tree
from mechgrade.submissions.submission import SubmissionError

#: A run that took longer is not made again.
MOST_SECONDS = 5.0


@dataclass(frozen=True)
class Made:
    """A call that a scenario made of a learner's function.

    Attributes:
        function: the function's name.
        inner: whether it is a call of a function that that function returned.
        text: the call, with what the function got.
        returned: what it returned, in words; empty where it raised.
        kind: its type in words; empty where it raised.
        raised: the class of what it raised; empty where it returned.
        line: the line that returned, 0 where it is not known.
        has_result: whether what it returned is in ``result``.
        result: what it returned, as data.
        steady: whether the run gave the same when it was made again. If not, what it returned this time is not told.
    """

    function: str
    text: str
    returned: str = ""
    raised: str = ""
    line: int = 0
    has_result: bool = False
    result: Tree = None
    steady: bool = True
    inner: bool = False
    kind: str = ""

    @property
    def told(self) -> str:
        """The call and its end."""
        if not self.steady:
            return self.text
        return f"{self.text} raised {self.raised}" if self.raised else f"{self.text} returned {self.returned}"


@dataclass(frozen=True)
class Trace:
    """What is known of the calls of a run; nothing where there are none.

    Attributes:
        calls: the calls, in order.
        places: which places in the scenario's data are what a call returned: its number, and the place in its result.
    """

    calls: tuple[Made, ...] = ()
    places: Mapping[Place, tuple[int, Place]] = field(default_factory=dict)


def trace_of(runs: Runs, call: Call, outcome: Outcome) -> Trace:
    """The calls of a run that failed; none where they are not known.

    The process that made the run makes it once more, where it still serves: to open one takes as long as many a run. If what comes is not what came then,
    because something in that process has changed, a fresh one makes it.

    Args:
        runs: those of the learner's program, which have no check to serve any more.
        call: what was run.
        outcome: what it gave, facts in the data's place where the call asks for them.
    """
    if outcome.kind not in ("returned", "raised", "unusable") or outcome.seconds > MOST_SECONDS:
        return Trace()
    if call.facts is not None:
        runs.renew()  # a training, of whose data only facts are known: whether it came out the same, nobody could see
    was_used = runs.is_used
    try:
        again = runs.surely(call, traced=True)
        if was_used and not _is_the_same(again, call, outcome) and not _is_too_large(again):
            runs.renew()
            again = runs.surely(call, traced=True)
    except (InfrastructureError, GraderError, SubmissionError, Cancelled, OSError):
        return Trace()  # nobody must have it, and a full disk takes no verdict away
    return _trace(again, steady=_is_the_same(again, call, outcome)) if _ended_so(again, outcome) else Trace()


def _is_too_large(again: Outcome) -> bool:
    """Whether the data was not sent beside the calls, so that nobody can see whether it is the same."""
    return isinstance(again.data, dict) and again.data.get("data") is None and not again.data.get("ended")


def _ended_so(again: Outcome, outcome: Outcome) -> bool:
    """Whether a run that was made once more came to the same end as at first."""
    if again.kind != "returned" or not isinstance(again.data, dict):
        return False
    ended = again.data.get("ended")
    # One that no line of the learner's raised may have come after the scenario's end, when its data was sent.
    return outcome.kind != "raised" or ended == outcome.error or not (ended or outcome.trace)


def _is_the_same(again: Outcome, call: Call, outcome: Outcome) -> bool:
    """Whether it gave the same, as far as that can be seen."""
    if not _ended_so(again, outcome):
        return False
    assert isinstance(again.data, dict)
    return outcome.kind != "returned" or call.facts is not None or same(again.data.get("data"), outcome.data)


def _trace(again: Outcome, steady: bool) -> Trace:
    assert isinstance(again.data, dict)
    calls = tuple(_calls(again.data.get("calls")))
    places = dict(_places(again.data.get("places"), len(calls)))
    if not steady:
        other = {"returned": "", "kind": "", "raised": "", "has_result": False, "result": None, "steady": False}
        calls = tuple(replace(each, **other) for each in calls)  # type: ignore[arg-type]  # the fields' own types
    return Trace(calls, places)


def _calls(value: Any) -> Iterator[Made]:
    for entry in value[:MOST_CALLS] if isinstance(value, list) else []:
        made = _made(entry)
        if made is None:
            return  # the numbers of the others would be wrong
        yield made


def _places(value: Any, calls: int) -> Iterator[tuple[Place, tuple[int, Place]]]:
    for entry in value if isinstance(value, list) else []:
        if not (isinstance(entry, tuple) and len(entry) == 3):
            continue
        at, number, place = entry
        if isinstance(at, list) and isinstance(place, list) and type(number) is int and 0 <= number < calls:
            yield _place(at), (number, _place(place))


def _place(value: list[Any]) -> Place:
    return tuple(key for key in value if type(key) in (str, int))


def _made(entry: Any) -> Made | None:
    if not isinstance(entry, dict):
        return None

    def text(name: str, most: int) -> str:
        value = entry.get(name)
        return " ".join(plain(value[:most]).split()) if isinstance(value, str) else ""

    line = entry.get("line")
    function, call = text("function", 80), text("call", 600)
    if not function or not call or not (entry.get("raised") or entry.get("returned")):
        return None
    return Made(
        function,
        call,
        text("returned", 300),
        text("raised", 80),
        line if type(line) is int and line > 0 else 0,
        "result" in entry,
        entry.get("result"),
        inner=entry.get("inner") is True,
        kind=text("kind", 100),
    )


def same(left: Tree, right: Tree) -> bool:
    """Whether two trees are the same to the last bit, NaN included; a list is not told from a tuple."""
    if isinstance(left, Array) and isinstance(right, Array):
        alike = left.shape == right.shape and left.dtype == right.dtype
        return alike and left.values.tobytes() == right.values.tobytes()
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    if type(left) is not type(right) or isinstance(left, Array | dict | list | tuple):
        return False
    return repr(left) == repr(right)
