"""Where the course's data lie: ``data("points.csv")``, in a scenario, in a learner's file, in a notebook alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from mechgrade.course.modules import course_around

#: What is shown to this process, where learner code is graded; None in a learner's own, where the course itself is asked.
_shown: list[Path] | None = None


def show(paths: Iterable[Path]) -> None:
    """Say which data this process may read."""
    global _shown
    _shown = list(paths)


def is_graded() -> bool:
    """Whether this process grades learner code."""
    return _shown is not None


def data(name: str) -> Path:
    """The path of a file or folder that course.yaml names under ``data``, or of something in such a folder.

    Args:
        name: its path in the course, or the end of that path: ``points.csv`` for ``data/points.csv``.

    Raises:
        FileNotFoundError: there is none of that name, or more than one.
    """
    paths = _shown
    if paths is None:
        course = course_around()
        paths = course.data_paths() if course is not None else []
    found = list(dict.fromkeys(place for path in paths for place in _places(path, name)))
    if len(found) == 1:
        return found[0]
    if found:
        raise FileNotFoundError(f"{name!r} is the end of {' and '.join(map(str, found))}: give more of the path")
    there = ", ".join(path.name for path in paths) or "none"
    raise FileNotFoundError(f"the course has no data {name!r}; course.yaml lists {there}")


def _places(path: Path, name: str) -> Iterator[Path]:
    wanted = PurePosixPath(name).parts
    if not wanted or ".." in wanted or name.startswith("/"):
        return
    for place in (path, *(sorted(path.rglob("*")) if path.is_dir() else [])):
        if place.parts[-len(wanted) :] == wanted:
            yield place
