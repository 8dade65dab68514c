"""Sees that an exercise's file was saved, however the editor does it: written in place, or another file renamed over it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import watchfiles

from mechgrade.course import Course, Exercise
from mechgrade.doors.watch.events import Event, Lost, Saved

#: What changes within so many milliseconds is one save: editors write in several steps, and some save often.
STEP_MS = 40

#: And what goes on changing is looked at after so many at the latest.
AT_LATEST_MS = 400


class Saves:
    """Watches a submission's folder in a thread.

    Args:
        course: which files are exercises.
        folder: the submission.
        only: the exercises that are of interest.
        tell: is called in the thread with what happened.
    """

    def __init__(self, course: Course, folder: Path, only: list[Exercise], tell: Callable[[Event], None]) -> None:
        self._folder = folder.resolve()  # what changes is reported by its real path
        self._tell = tell
        self._exercises = {self._folder / each.lab / f"{each.name}.py": each for each in only}
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="saves", daemon=True)

    def start(self) -> None:
        """Begin; when it returns, the next save is seen."""
        self._thread.start()
        self._ready.wait(10)

    def close(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join(5)

    def _run(self) -> None:
        try:
            changes = watchfiles.watch(
                self._folder,
                watch_filter=lambda _, path: Path(path) in self._exercises,
                debounce=AT_LATEST_MS,
                step=STEP_MS,
                stop_event=self._stop,
                rust_timeout=300,
                yield_on_timeout=True,  # the first time says that the watch is on
                raise_interrupt=False,
            )
            for found in changes:
                self._ready.set()
                paths = {Path(path) for _, path in found}
                saved = tuple(each for path, each in self._exercises.items() if path in paths)
                if saved:
                    self._tell(Saved(saved))
        except (
            OSError,
            RuntimeError,
        ) as error:  # watchfiles' own errors are of these kinds: a limit, a folder that went
            self._tell(Lost(f"{self._folder} cannot be watched: {error}"))
        finally:
            self._ready.set()
