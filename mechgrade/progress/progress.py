"""A learner's progress: attempts, times, first pass, hints used. Kept in the project's own folder, sent nowhere.

One JSON file, ``.mechgrade/progress.json`` under the course (``MECHGRADE_HOME`` names another folder). Exercises are keyed
``lab/name``: one that a course update takes away keeps its entry, uncounted, and has it again when it returns. Every change is
made under a lock and replaces the file whole, so two shells and a killed process leave it right. A file that cannot be
read is set aside, never overwritten; one of a newer mechgrade is left alone.

Working time is an estimate: the time between two things that a learner did (a grading, a hint, a try) counts for the
second one's exercise, and a gap of more than :data:`PAUSE` counts as nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mechgrade.course import Course, Exercise
from mechgrade.files import write_atomic
from mechgrade.grading.verdicts import FAULTS, VERDICTS, ExerciseResult, Result

FILE = "progress.json"
SCHEMA = 1
#: Seconds without anything happening after which a learner counts as away.
PAUSE = 15 * 60
#: How many letters of a check's sentence are kept.
SENTENCE = 300
#: What names another folder than ``.mechgrade`` of the course: for a course on a read-only disk.
HOME_VARIABLE = "MECHGRADE_HOME"


class ProgressError(Exception):
    """The progress cannot be read or kept; the text says why and what to do."""


@dataclass
class Entry:
    """What is known of one exercise.

    Attributes:
        attempts: gradings of a file that had changed since the last one, stubs not counted.
        seconds: working time, estimated (see above).
        points: of the last grading.
        verdict: of the last grading; empty before.
        source: the hash of the file that was graded last.
        last: when that was, as ISO 8601 in UTC.
        first_pass: when it passed first.
        hints: the highest hint that was shown.
        gave_up: when the solution was asked for before passing.
        best: the most points that a grading gave.
        stalled: attempts since a grading gave more points than all before it; 0 once it passes.
        sentence: what the last grading said of the first check that failed; empty where none did.
        left_out: why the model of the last grading cannot serve the exercise; empty where it can.
    """

    attempts: int = 0
    seconds: float = 0.0
    points: float = 0.0
    verdict: str = ""
    source: str = ""
    last: str = ""
    first_pass: str = ""
    hints: int = 0
    gave_up: str = ""
    best: float = 0.0
    stalled: int = 0
    sentence: str = ""
    left_out: str = ""


@dataclass
class State:
    """All entries by ``lab/name``; when something last happened (seconds since the epoch), and in which exercise."""

    entries: dict[str, Entry] = field(default_factory=dict)
    latest: float = 0.0
    at: str = ""

    def of(self, exercise: Exercise) -> Entry:
        """The exercise's entry, an empty one where nothing is known."""
        return self.entries.get(str(exercise), Entry())

    def passed(self, exercise: Exercise) -> bool:
        """Whether the last grading passed it."""
        return self.of(exercise).verdict == "passed"

    def is_done(self, exercise: Exercise) -> bool:
        """Whether there is nothing to do in it: it is passed, or the learner's model cannot serve it."""
        return self.passed(exercise) or bool(self.of(exercise).left_out)


def hash_of(source: bytes) -> str:
    """What tells one version of a learner's file from another."""
    return hashlib.sha256(source).hexdigest()[:16]


class Progress:
    """The progress in one course's folder.

    Args:
        course: whose.
        clock: seconds since the epoch.
    """

    def __init__(self, course: Course, clock: Callable[[], float] = time.time) -> None:
        self.course = course
        named = os.environ.get(HOME_VARIABLE)
        self.folder = Path(named).absolute() if named else course.root / ".mechgrade"
        self.path = self.folder / FILE
        self._clock = clock
        #: what a user should be told once: that a damaged file was set aside, that nothing can be kept here
        self.remarks: list[str] = []

    # --- reading and writing -----------------------------------------------------------------------------------------

    def read(self) -> State:
        """The state; an empty one where there is none yet.

        Raises:
            ProgressError: the file is of a newer mechgrade, or the folder cannot be read.
        """
        try:
            text = self.path.read_bytes()
        except FileNotFoundError:
            return State()
        except OSError as error:
            raise ProgressError(f"{self.path} cannot be read: {error.strerror}; see to its permissions") from None
        try:
            document = json.loads(text)
            newer = isinstance(document["schema"], int) and document["schema"] > SCHEMA
            if newer:
                raise ProgressError(
                    f"{self.path} was written by a newer mechgrade (schema {document['schema']}, this one knows {SCHEMA}); "
                    "update mechgrade, or set the file aside"
                )
            return _state(document)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._set_aside()
            return State()

    def _set_aside(self) -> None:
        """Rename a damaged file, so that nothing is lost and the next command works."""
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
        aside = self.path.with_name(f"{FILE}.damaged-{stamp}-{os.getpid()}")
        try:
            self.path.replace(aside)
        except OSError as error:
            raise ProgressError(
                f"{self.path} is damaged and cannot be set aside: {error.strerror}; move it away"
            ) from None
        self.remarks.append(f"your progress file was damaged; it is kept as {aside.name}, and a new one begins")

    @contextlib.contextmanager
    def change(self) -> Iterator[State]:
        """The state, to be changed; written when the block ends well.

        Raises:
            ProgressError: it cannot be kept.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = os.open(self.folder / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ProgressError(self._unwritable(error)) from None
        try:
            _lock(lock)
            state = self.read()
            yield state
            self._write(state)
        finally:
            os.close(lock)  # which ends the lock

    def _write(self, state: State) -> None:
        document = {
            "schema": SCHEMA,
            "latest": state.latest,
            "at": state.at,
            "exercises": {name: asdict(entry) for name, entry in state.entries.items()},
        }
        try:
            write_atomic(self.path, json.dumps(document, indent=1) + "\n", durable=True)
        except OSError as error:
            raise ProgressError(self._unwritable(error)) from None

    def _unwritable(self, error: OSError) -> str:
        return (
            f"your progress cannot be kept in {self.folder}: {error.strerror}; "
            f"set {HOME_VARIABLE} to a folder that you may write to"
        )

    # --- what happens ------------------------------------------------------------------------------------------------

    def graded(self, result: Result) -> None:
        """Take in a grading of the course's own exercises/. Another submission's results are not this learner's.

        Raises:
            ProgressError: it cannot be kept.
        """
        mine = [entry for entry in result.exercises if self._is_mine(entry)]
        if result.isolation == "inline" or not mine:
            return
        with self.change() as state:
            for entry in mine:
                self._one_grading(state, entry)

    def _is_mine(self, entry: ExerciseResult) -> bool:
        exercise = self.course.exercise(entry.exercise, entry.lab)
        return entry.verdict not in FAULTS and Path(entry.file) == self.course.stub_path(exercise)

    def _one_grading(self, state: State, result: ExerciseResult) -> None:
        name = f"{result.lab}/{result.exercise}"
        entry = state.entries.get(name, Entry())
        source = file_hash(Path(result.file))
        changed = source != entry.source
        # Of several functions one may still be a stub, and the others have their points.
        idle = result.verdict in ("not_started", "missing") and not result.points
        untouched = idle and not entry.source
        why = (result.message or "left out")[:SENTENCE] if result.verdict == "not_applicable" else ""
        if why != entry.left_out:
            state.entries[name] = entry
            entry.left_out = why
        if untouched or why:
            return  # an untouched stub is no news, and of what was left out nothing more is known
        state.entries[name] = entry
        if changed and not idle:
            entry.attempts += 1
            entry.stalled = 0 if result.points > entry.best else entry.stalled + 1
        entry.best = max(entry.best, result.points)
        failure = result.first_failure
        said = (failure.sentence or failure.message).strip() if failure is not None else ""
        entry.sentence = said.partition("\n")[0][:SENTENCE]
        if result.verdict == "passed":
            entry.stalled = 0
        if changed or entry.verdict != result.verdict:
            self._spend(state, name)
        entry.source, entry.verdict, entry.points = source, result.verdict, result.points
        entry.last = self._now()
        if result.verdict == "passed" and not entry.first_pass:
            entry.first_pass = entry.last

    def hinted(self, exercise: Exercise, number: int) -> None:
        """A hint was shown."""
        with self.change() as state:
            entry = state.entries.setdefault(str(exercise), Entry())
            entry.hints = max(entry.hints, number)
            self._spend(state, str(exercise))

    def tried(self, exercise: Exercise) -> None:
        """The demonstration was run."""
        with self.change() as state:
            state.entries.setdefault(str(exercise), Entry())
            self._spend(state, str(exercise))

    def gave_up(self, exercise: Exercise) -> None:
        """The solution was asked for before passing; the first time is kept."""
        with self.change() as state:
            entry = state.entries.setdefault(str(exercise), Entry())
            entry.gave_up = entry.gave_up or self._now()
            self._spend(state, str(exercise))

    def delete(self) -> bool:
        """Forget everything; whether there was anything."""
        there = self.path.exists()
        for path in [self.path, *self.folder.glob(f"{FILE}.damaged-*"), self.folder / "lock"]:
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise ProgressError(f"{path} cannot be deleted: {error.strerror}") from None
        return there

    def _spend(self, state: State, name: str) -> None:
        """Count the time since the last thing that happened, for the exercise that it happened in now."""
        now = self._clock()
        if 0 < now - state.latest <= PAUSE:
            state.entries[name].seconds += now - state.latest
        state.latest, state.at = now, name

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")


def file_hash(path: Path) -> str:
    """The hash of a file, empty where there is none."""
    try:
        return hash_of(path.read_bytes())
    except OSError:
        return ""


def _lock(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows: the file is still replaced whole, and the last writer wins
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


_TYPES: dict[str, type | tuple[type, ...]] = {
    each.name: (int, float) if isinstance(each.default, float) else type(each.default) for each in fields(Entry)
}


def _state(document: Any) -> State:
    """The state of a document. Raises one of the errors of malformed data where it is none."""
    latest, at = document["latest"], document.get("at", "")  # a file of an earlier mechgrade does not say where
    if not isinstance(latest, int | float) or not isinstance(at, str):
        raise TypeError("latest")
    entries = {}
    for name, values in document["exercises"].items():
        known = {key: value for key, value in values.items() if key in _TYPES}
        for key, value in known.items():
            if not isinstance(value, _TYPES[key]) or isinstance(value, bool):
                raise TypeError(key)
        if known.get("verdict") and known["verdict"] not in VERDICTS:
            raise ValueError("verdict")
        entries[name] = Entry(**known)
    return State(entries, float(latest), at)
