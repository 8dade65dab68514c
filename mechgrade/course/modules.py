"""Make the modules that course.yaml names importable, and nothing else of the course.

``modules: [fitting]`` lets graders, scenarios, learners' files and commands write ``from fitting.lines import …``. A finder of our own
does it, not the search path: there the whole folder would count, with ``solutions`` in it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course.course import Course

#: Where the course is, when what runs lies outside it: on a JupyterHub with one copy for all.
COURSE_VARIABLE = "MECHGRADE_COURSE"


def _spec(name: str, folder: str) -> ModuleSpec | None:
    """Where a module is, without a look at what lies beside it: in the sandbox that is not to be seen."""
    package = Path(folder, name)
    if (init := package / "__init__.py").is_file():
        return spec_from_file_location(name, init, submodule_search_locations=[str(package)])
    if (single := Path(folder, f"{name}.py")).is_file():
        return spec_from_file_location(name, single)
    if not package.is_dir():
        return None
    spec = ModuleSpec(name, None, is_package=True)  # a package without a file of its own
    spec.submodule_search_locations = [str(package)]
    return spec


class _Shared(MetaPathFinder):
    """Finds a course's modules by their names. Asked first, so that no package of the same name hides one."""

    def __init__(self) -> None:
        self.folders: dict[str, str] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What is in a package is found by Python itself."""
        return _spec(name, self.folders[name]) if path is None and name in self.folders else None


_shared = _Shared()


def share(modules: Iterable[Path]) -> None:
    """Make modules importable in this process, each by its last name; again with others, these are added.

    Args:
        modules: packages' folders, or ``.py`` files.
    """
    if _shared not in sys.meta_path:
        sys.meta_path.insert(0, _shared)
    for path in modules:
        name, folder = path.stem, str(path.parent)
        if _shared.folders.get(name) != folder:
            # Of another course that this process has worked on, or of an earlier path.
            for known in [each for each in sys.modules if each == name or each.startswith(f"{name}.")]:
                del sys.modules[known]
            _shared.folders[name] = folder


class _Around(MetaPathFinder):
    """Finds the modules of the course around a learner's own process. Asked last, so it costs nothing until one is missing."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What is in a package is found by Python itself."""
        if path is not None or name not in _around():
            return None
        return _spec(name, _around()[name])


_finder = _Around()
_places: list[str] = []


def share_around(*places: str) -> None:
    """Make the modules of the course importable in which one of some places, the current directory or the running file lies."""
    _places.extend(places)
    if _finder not in sys.meta_path:
        sys.meta_path.append(_finder)


@cache
def _around() -> dict[str, str]:
    """Where which module lies; none where no course is found."""
    sys.meta_path.remove(_finder)  # reading a course tries imports of its own
    try:
        course = course_around()
        return {path.stem: str(path.parent) for path in course.module_paths()} if course is not None else {}
    except CourseError:
        return {}
    finally:
        sys.meta_path.append(_finder)


def course_around() -> Course | None:
    """The course that a learner's own process is about: of the environment, the current directory or the running file."""
    from mechgrade.course.course import find_course, load_course

    main = getattr(sys.modules.get("__main__"), "__file__", None)
    for place in filter(None, [os.environ.get(COURSE_VARIABLE), *_places, ".", main]):
        with suppress(CourseError):
            return load_course(find_course(Path(place)))
    return None
