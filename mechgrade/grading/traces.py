"""The calls of a learner's functions in a run that failed: the run is made once more, by scenarios that write them down.

What comes back is the learner's word. It is read with care, and it changes nothing but a message.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mechgrade.course import Exercise
from mechgrade.grading.calls import Call
from mechgrade.grading.errors import GraderError, InfrastructureError
from mechgrade.grading.sessions import Cancelled, Runs, Session, Sessions
from mechgrade.grading.tracer import MOST_CALLS, text_of
from mechgrade.protocol.job import BenchSpec
from mechgrade.protocol.outcome import Outcome, plain
from mechgrade.protocol.wire import Array, Tree
from mechgrade.submissions.submission import Submission, SubmissionError

#: A run that took longer is not made again.
MOST_SECONDS = 5.0


@dataclass(frozen=True)
class Made:
    """A call that a scenario made of a learner's function.

    Attributes:
        function: the function's name.
        text: the call, with what the function got.
        returned: what it returned, in words; empty where it raised.
        raised: the class of what it raised; empty where it returned.
        line: the line that returned, 0 where it is not known.
        has_result: whether what it returned is in ``result``.
        result: what it returned, as data.
    """

    function: str
    text: str
    returned: str = ""
    raised: str = ""
    line: int = 0
    has_result: bool = False
    result: Tree = None

    @property
    def told(self) -> str:
        """The call and its end."""
        return f"{self.text} raised {self.raised}" if self.raised else f"{self.text} returned {self.returned}"


@dataclass(frozen=True)
class _Traced(Sessions):
    """Opens sessions whose scenarios return the calls too."""

    def open(
        self, exercise: Exercise, source: str, spec: BenchSpec | None = None, grader: Path | None = None
    ) -> Session:
        """See :meth:`Sessions.open`."""
        original = grader or self.course.grader_path(exercise)
        # A process that serves several courses keeps graders' files by their names.
        name = f"traced_{hashlib.sha256(str(original).encode()).hexdigest()[:12]}.py"
        with tempfile.TemporaryDirectory() as folder:  # once the session is open, its process has read the file
            file = Path(folder, name)
            file.write_text(text_of(original), encoding="utf-8")
            return super().open(exercise, source, spec, file)


class Traces:
    """Runs what failed once more, in a process of its own.

    Args:
        sessions: how the submission is graded.
        submission: the learner's files.
    """

    def __init__(self, sessions: Sessions, submission: Submission) -> None:
        self._sessions = _Traced(sessions.course, sessions.options, sessions.opener)
        self._submission = submission
        self._runs: Runs | None = None

    def of(self, exercise: Exercise, call: Call, outcome: Outcome) -> list[Made]:
        """The calls of a run, in order; none where they are not known, or where the run is not the same again.

        Args:
            exercise: whose scenario it is.
            call: what was run.
            outcome: what it gave, facts in the data's place where the call asks for them.
        """
        if outcome.kind not in ("returned", "raised", "unusable") or outcome.seconds > MOST_SECONDS:
            return []
        if self._runs is None or self._runs.exercise != exercise:
            self.close()
            self._runs = Runs(self._sessions, exercise, lambda: self._submission.source(exercise))
        try:
            again = self._runs.outcome(Call(call.scenario, call.inputs, world=call.world))
        except (InfrastructureError, GraderError, SubmissionError, Cancelled):
            return []  # nobody must have it
        if again.kind != "returned" or not isinstance(again.data, dict):
            return []
        if outcome.kind == "returned" and call.facts is None and not same(again.data.get("data"), outcome.data):
            return []
        found = again.data.get("calls")
        calls = [_made(each) for each in found[:MOST_CALLS]] if isinstance(found, list) else []
        return [each for each in calls if each is not None]

    def cancel(self) -> None:
        """From another thread: end the run that is under way."""
        runs = self._runs
        if runs is not None:
            runs.cancel()

    def close(self) -> None:
        """End the process."""
        if self._runs is not None:
            self._runs.renew()
            self._runs = None


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
