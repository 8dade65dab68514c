"""Where results are kept. An SQLite file, because it has what is needed: all or nothing, whatever is killed or full.

A result, named by its key (see ``keys``), is in one of three states::

    unknown ──put──► known ──(never changes, never goes)
       │
       └──fault──► at fault ──put──► known
                       └──begin (the next run)──► unknown

*Known* is a verdict on the learner's work. It is written once; a second ``put`` of the same key changes nothing, so a submission that
was graded twice, after a machine was lost, counts once. *At fault* says that the machine or the grader failed: it is no verdict, and the
next run tries again. What was changed (a file, a grader, a setting) has another key, so it is unknown.

Each change is a transaction. A process that is killed loses at most the results that were still on their way, and those are
unknown, so they are graded again. One process writes at a time; a second is refused.

The *roster* says which results make up which learner's, for the outputs. It is that of the last run.
"""

from __future__ import annotations

import contextlib
import itertools
import operator
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mechgrade.grading.recordings import Run
from mechgrade.protocol import wire

FILE = "results.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS results (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS times (key TEXT PRIMARY KEY, seconds REAL, learner_seconds REAL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS faults (key TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS roster (learner TEXT, place INTEGER, key TEXT NOT NULL, PRIMARY KEY (learner, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS live_runs (
    base TEXT, program TEXT, call TEXT, body BLOB NOT NULL, PRIMARY KEY (base, program, call)
) WITHOUT ROWID;
"""


#: The roster with what is known of each key: the verdict, or else the fault.
_MEMBERS = """
SELECT learner, roster.key, coalesce(results.body, faults.body), seconds, learner_seconds FROM roster
LEFT JOIN results ON results.key = roster.key
LEFT JOIN faults ON faults.key = roster.key
LEFT JOIN times ON times.key = roster.key
ORDER BY learner, place
"""

_COMPLETE = """
SELECT learner FROM roster LEFT JOIN results ON results.key = roster.key
GROUP BY learner HAVING COUNT(results.key) = COUNT(*)
"""

#: A quotation mark in a learner's words has a backslash before it, so no words can look like the verdict.
_DIFFERENT = """
SELECT place, COUNT(DISTINCT roster.key) FROM roster LEFT JOIN results ON results.key = roster.key
WHERE body IS NULL OR instr(body, '"verdict":"missing"') = 0 GROUP BY place
"""

#: How many keys are asked for at once.
_AT_ONCE = 500


class Kept(NamedTuple):
    """What is known of a key.

    Attributes:
        body: the verdict, or else the fault; None where there is neither.
        seconds: that grading took; None where there is no verdict.
    """

    key: str
    body: str | None
    seconds: float | None
    learner_seconds: float | None


class Row(NamedTuple):
    """A verdict on a learner's work.

    Attributes:
        body: the result as text.
        seconds: that grading took; learner_seconds: those of them in the learner's functions.
    """

    key: str
    body: str
    seconds: float
    learner_seconds: float


class StoreError(Exception):
    """Results cannot be kept or read; the text says why and what to do. Nothing that was kept is lost."""


class Store:
    """The results in a folder. A context: it is closed, and another process may write, when that ends.

    Args:
        folder: is made where it is missing.

    Raises:
        StoreError: another process writes here, the disk is full, or the file is no store.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE
        with self._told():
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=0.2, isolation_level=None)
            # One writer; and no memory-mapped index, which a full disk would turn into SIGBUS.
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            # A killed process loses nothing at this setting; a machine without power, at most the last moments.
            self._db.execute("PRAGMA synchronous=NORMAL")
            self._db.executescript(_SCHEMA)
            self._db.execute("BEGIN IMMEDIATE")
            self._db.execute("COMMIT")

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with contextlib.suppress(sqlite3.Error):  # a full disk cannot take the log into the file; the next run does
            self._db.close()

    # --- results ---------------------------------------------------------------------------------------------------------

    def known(self, keys: Sequence[str]) -> set[str]:
        """Those of some keys for which there is a verdict."""
        found: set[str] = set()
        with self._told():
            for at in range(0, len(keys), _AT_ONCE):
                some = keys[at : at + _AT_ONCE]
                marks = ",".join("?" * len(some))
                found.update(
                    key for (key,) in self._db.execute(f"SELECT key FROM results WHERE key IN ({marks})", some)
                )
        return found

    def put(self, *rows: Row) -> None:
        """Keep verdicts, all of them or none. The first one of a key stays."""
        with self._transaction() as db:
            for each in rows:
                if db.execute("INSERT OR IGNORE INTO results VALUES (?, ?)", (each.key, each.body)).rowcount:
                    times = (each.key, each.seconds, each.learner_seconds)
                    db.execute("INSERT OR REPLACE INTO times VALUES (?, ?, ?)", times)
                db.execute("DELETE FROM faults WHERE key = ?", (each.key,))

    def fault(self, key: str, body: str) -> None:
        """Note that there is no verdict, and why."""
        with self._transaction() as db:
            db.execute("INSERT OR REPLACE INTO faults VALUES (?, ?)", (key, body))

    def body(self, key: str) -> str | None:
        """The verdict, or else the fault."""
        found = self._one("SELECT body FROM results WHERE key = ?", key)
        found = found or self._one("SELECT body FROM faults WHERE key = ?", key)
        return str(found[0]) if found else None

    def times(self, key: str) -> tuple[float, float] | None:
        """Seconds that grading took, and those of them in the learner's functions."""
        found = self._one("SELECT seconds, learner_seconds FROM times WHERE key = ?", key)
        return (float(found[0]), float(found[1])) if found else None

    # --- the roster --------------------------------------------------------------------------------------------------------

    def begin(self) -> frozenset[str]:
        """Start a run: an empty roster, and faults forgotten. The learners of the last one who had every verdict."""
        with self._transaction() as db:
            complete = frozenset(str(name) for (name,) in db.execute(_COMPLETE))
            db.execute("DELETE FROM roster")
            db.execute("DELETE FROM faults")
        return complete

    def enrol(self, *learners: tuple[str, Sequence[str]]) -> None:
        """Say which results are whose, each learner's in the order of the course."""
        if learners:
            rows = ((learner, place, key) for learner, keys in learners for place, key in enumerate(keys))
            with self._transaction() as db:
                db.executemany("INSERT OR REPLACE INTO roster VALUES (?, ?, ?)", rows)

    def roster(self) -> Iterator[tuple[str, list[str]]]:
        """Each learner with the keys of the results."""
        with self._told():
            names = self._db.execute("SELECT DISTINCT learner FROM roster ORDER BY learner")
            for (name,) in names:
                keys = self._db.execute("SELECT key FROM roster WHERE learner = ? ORDER BY place", (name,))
                yield str(name), [str(key) for (key,) in keys]

    def members(self) -> Iterator[tuple[str, list[Kept]]]:
        """Each learner with the results, in the order of the roster, read in one go."""
        with self._told():
            rows = self._db.execute(_MEMBERS)
            for name, found in itertools.groupby(rows, operator.itemgetter(0)):
                yield str(name), [Kept(*row[1:]) for row in found]

    def different(self) -> dict[int, int]:
        """How many different hand-ins there are of each exercise, by its place in the course. What is missing is none."""
        with self._told():
            return {int(place): int(count) for place, count in self._db.execute(_DIFFERENT)}

    # --- live runs of references and misconceptions -----------------------------------------------------------------------------------------

    def keep_live(self, base: str, program: str, call: str, run: Run) -> None:
        """Keep what a program of the course gave on inputs that were not recorded."""
        body = wire.encode({"reference": run.reference, "noise": dict(run.noise)})
        with self._transaction() as db:
            db.execute("INSERT OR IGNORE INTO live_runs VALUES (?, ?, ?, ?)", (base, program, call, body))

    def live(self, base: str) -> dict[tuple[str, str], Run]:
        """The runs of an exercise, by program and call."""
        with self._told():
            found = self._db.execute("SELECT program, call, body FROM live_runs WHERE base = ?", (base,))
            return {(str(program), str(call)): _run(bytes(body)) for program, call, body in found}

    # --- how ---------------------------------------------------------------------------------------------------------------

    def _one(self, question: str, key: str) -> tuple[Any, ...] | None:
        with self._told():
            found: tuple[Any, ...] | None = self._db.execute(question, (key,)).fetchone()
            return found

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            raise StoreError(_words(self.folder, error)) from None


def _run(body: bytes) -> Run:
    tree: Any = wire.decode(body)
    return Run(tree["reference"], tree["noise"])


def _words(folder: Path, error: sqlite3.Error | OSError) -> str:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return f"another run writes to {folder}; wait for its end, or give another --out"
    if code is not None and code & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return f"{folder / FILE} is damaged or no store of results ({error}); move it away, and grade again"
    # SQLite says "disk I/O error" where the log cannot grow.
    if isinstance(error, OSError):
        return f"{folder} cannot be written: {error.strerror}; nothing is lost: run the same command again when it can"
    return (
        f"{folder} cannot be written ({error}): is the disk full? What was graded is kept: "
        "make room and run the same command again"
    )
