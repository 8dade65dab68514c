"""What happened when a scenario ran, as the grader's side has it: the learner's data, or the way in which it failed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from mechgrade.protocol.stranded import Stranded, stranded_of
from mechgrade.protocol.wire import Tree, numbers

Kind = Literal[
    "returned",
    "not_started",
    "missing",
    "unusable",
    "raised",
    "timed_out",
    "out_of_memory",
    "crashed",
    "infrastructure",
]

#: The kinds that a learner's process may claim. Time, death and faults of the machine are observed, never claimed.
CLAIMABLE = frozenset(["returned", "not_started", "missing", "unusable", "raised", "out_of_memory"])


@dataclass(frozen=True)
class Place:
    """A line of the learner's file."""

    line: int
    function: str = ""
    text: str = ""


@dataclass(frozen=True)
class Outcome:
    """The end of one run of one scenario.

    Attributes:
        kind: what happened.
        data: what the scenario returned, when it returned.
        message: a sentence, when it did not.
        error: the name of the exception's class, when one was raised.
        trace: where in the learner's file, outermost first.
        called: the learner's functions that were called, with the line of their definition.
        seconds: of the scenario, by the grader's clock where it has one; learner_seconds: of the learner's functions in it, which
            the process itself says: see :meth:`timed`.
        output: what the code printed, its beginning and its end; see :mod:`mechgrade.protocol.printed`.
        written: the files that it left in the folder that is deleted after it, as the process itself says.
        stranded: what another device would refuse, where the job asked for that.
    """

    kind: Kind
    data: Tree = None
    message: str = ""
    error: str = ""
    trace: tuple[Place, ...] = ()
    called: tuple[Place, ...] = ()
    seconds: float = 0.0
    learner_seconds: float = 0.0
    dirty: bool = False
    output: str = field(default="", compare=False)
    written: tuple[str, ...] = field(default=(), compare=False)
    stranded: tuple[Stranded, ...] = field(default=(), compare=False)

    def reduced(self, facts: Callable[[Any], Tree] | None) -> Outcome:
        """The same outcome with facts about its data in the data's place; unchanged without facts, and where nothing returned.

        Facts that cannot be made are the fault of the data: the same function made them of the reference's.
        """
        if facts is None or self.kind != "returned":
            return self
        try:
            return replace(self, data=facts(numbers(self.data)))
        except Exception as error:  # a grader's function, on data of any form
            return replace(self, kind="unusable", data=None, message=not_as_promised(error))

    def timed(self, seconds: float) -> Outcome:
        """The same outcome by the grader's clock. What the process says of its own time counts within that alone."""
        return replace(self, seconds=seconds, learner_seconds=min(self.learner_seconds, seconds))

    def as_tree(self) -> Tree:
        """What a recording keeps: the data or the failure, without places and times."""
        if self.kind == "returned":
            return {"kind": "returned", "data": self.data}
        return {"kind": self.kind, "error": self.error, "message": self.message}


def outcome_of(report: Tree, output: str = "") -> Outcome:
    """Read a report of the learner's process, taking nothing in it for granted.

    A report of a wrong form is not an error of ours: it is a learner's process that writes to its own socket.
    """
    claims = report if isinstance(report, dict) else {}
    kind = claims.get("kind")
    if not isinstance(kind, str) or kind not in CLAIMABLE:
        return Outcome("crashed", message="your code wrote to the worker's own connection", output=output)
    name = _text(claims.get("name"))
    stage = " while your file was imported" if claims.get("stage") == "import" else ""
    error = _text(claims.get("type"))
    message = _text(claims.get("message"))
    trace = tuple(_places(claims.get("trace")))
    if kind == "missing":
        like = _text(claims.get("like"), 200)
        message = f"your code defines no `{name}`" + (f". {like}" if like else ": keep the stub's name for it")
    elif kind in ("raised", "out_of_memory"):
        message = f"{error}{stage}: {message}" if message else f"{error}{stage}"
    elif kind == "not_started":
        stub = trace[-1] if trace else Place(0)
        message = f"`{stub.function}` is still a stub (line {stub.line})" if stub.function else "it is still a stub"
    return Outcome(
        kind=kind,  # type: ignore[arg-type]  # membership in CLAIMABLE was checked above
        data=claims.get("data"),
        message=message,
        error=error,
        trace=trace,
        called=tuple(_calls(claims.get("called"))),
        seconds=_seconds(claims.get("seconds")),
        learner_seconds=_seconds(claims.get("learner_seconds")),
        dirty=claims.get("dirty") is True,
        output=output,
        written=tuple(text for text in (_text(each, 80) for each in _list(claims.get("written"))) if text),
        stranded=tuple(filter(None, map(_stranded, _list(claims.get("stranded"))))),
    )


def not_as_promised(error: BaseException) -> str:
    """What to tell a learner whose data the grader's own code cannot work with, though it can with the reference's."""
    why = f"{type(error).__name__}: {error}"[:200]
    return plain(
        f"the check could not work with what your code returned ({why}): is it of the type and form that the text promises?"
    )


def plain(text: str) -> str:
    """Text of a learner's without control characters: a terminal obeys them, and could be made to show another verdict."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


# C0 but tab and newline, DEL, C1, what turns the direction of writing round, and half characters, which cannot be written.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _stranded(value: Any) -> Stranded | None:
    found = stranded_of(value)
    return replace(found, call=plain(found.call)) if found else None


def _text(value: Any, most: int = 2000) -> str:
    return plain(value[:most]) if isinstance(value, str) else ""


def _seconds(value: Any) -> float:
    return value if isinstance(value, float) and 0 <= value < 1e6 else 0.0


def _list(value: Any) -> list[Any]:
    return value[:8] if isinstance(value, list) else []


def _is_line(value: Any) -> bool:
    return type(value) is int and value > 0  # True is an int too


def _places(value: Any) -> list[Place]:
    return [
        Place(entry["line"], _text(entry.get("function"), 80), _text(entry.get("text"), 200))
        for entry in _list(value)
        if isinstance(entry, dict) and _is_line(entry.get("line"))
    ]


def _calls(value: Any) -> list[Place]:
    return [
        Place(entry[1], _text(entry[0], 80))
        for entry in _list(value)
        if isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[0], str) and _is_line(entry[1])
    ]
