"""What a notebook and the files of its exercises held when they were last brought together.

From then on each side may change. What has changed on one side alone is newer there; what has changed on both is for the learner to decide.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any

from mechgrade.course import Course, Exercise
from mechgrade.files import write_atomic
from mechgrade.progress.progress import Progress

#: The file's name, beside the progress: like that it is the learner's own, and no part of the course.
FILE = "notebooks.json"


class Last:
    """The last common state of one notebook.

    Args:
        course: in whose private folder it is kept.
        path: the notebook.
    """

    def __init__(self, course: Course, path: Path) -> None:
        self._file = Progress(course).folder / FILE
        self._name = str(path.absolute())
        self._states: dict[str, dict[str, str]] = self._read().get(self._name, {})

    def has_changed(self, exercise: Exercise, side: str, cells: Iterable[Any]) -> bool:
        """Whether a side holds something else than then; also where nothing is known of then."""
        return self._states.get(str(exercise), {}).get(side) != _digest(cells)

    def knows(self, exercise: Exercise) -> bool:
        """Whether the exercise was ever brought over."""
        return str(exercise) in self._states

    def keep(self, exercise: Exercise, **sides: Iterable[Any]) -> None:
        """Take what the sides hold now for the last common state."""
        self._states[str(exercise)] = {side: _digest(cells) for side, cells in sides.items()}

    def write(self) -> None:
        """Keep it for the next command."""
        known = self._read()
        if known.get(self._name) != self._states:
            write_atomic(self._file, json.dumps({**known, self._name: self._states}, indent=1) + "\n")

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}  # then nothing is known, and the learner is asked
        return found if isinstance(found, dict) else {}


def key_of(cell: Any) -> list[Any]:
    """What a cell says: outputs and ids do not count."""
    return [cell.cell_type, cell.source.strip("\n"), list(cell.metadata.get("tags", []))]


def _digest(cells: Iterable[Any]) -> str:
    return sha256(json.dumps([key_of(cell) for cell in cells]).encode()).hexdigest()
