"""How far the grading of a class is."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from mechgrade.cohort.run import RunProgress


class Bar:
    """The progress: a bar with an estimate on a terminal, a line now and then elsewhere."""

    #: Seconds between lines where nobody looks.
    EVERY = 15.0

    def __init__(self) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        self._bar = Progress(
            TextColumn("grading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"),
            transient=True,
        )
        self._task = self._bar.add_task("grading", total=None, left="")
        self._said = time.monotonic()
        self._quiet = not sys.stdout.isatty()

    def __enter__(self) -> Bar:
        if not self._quiet:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if not self._quiet:
            self._bar.stop()

    def show(self, progress: RunProgress) -> None:
        """Show how far it is."""
        now = time.monotonic()
        left = ""
        seconds = progress.seconds_left
        if seconds is not None:
            left = f"about {seconds / 60:.0f} min left" if seconds > 90 else f"about {seconds:.0f} s left"
        if progress.before:
            left += f", {progress.before} known before"
        if progress.faults:
            left += f", {progress.faults} not graded"
        if not self._quiet:
            self._bar.update(self._task, total=progress.learners, completed=progress.done, left=left)
        elif now - self._said > self.EVERY:
            self._said = now
            typer.echo(f"{progress.done} of {progress.learners} learners; {left}")
