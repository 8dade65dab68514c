"""A provider by the name that course.yaml gives it."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from mechgrade.bench.provider import Provider
from mechgrade.course.modules import share
from mechgrade.errors import CourseError

if TYPE_CHECKING:
    from mechgrade.course import Course, Lab

#: What comes with the engine. By name and not by import: the grader's side must not bring in what a provider needs.
BUILT_IN = {
    "none": "mechgrade.bench.none:Plain",
    "torch": "mechgrade.bench.torch:Torch",
    "transformer_lens": "mechgrade.bench.transformer_lens:TransformerLens",
}


def provider_of(name: str, modules: Iterable[Path] = ()) -> Provider:
    """The provider of a name.

    Args:
        name: a built-in one, or the dotted path of a class, ``mypackage.mybench:MyProvider``.
        modules: the course's own modules, in which that class may lie.

    Raises:
        CourseError: there is no such class.
    """
    return _made(BUILT_IN.get(name, name), tuple(modules))


def module_of(name: str) -> str:
    """The dotted name of the module in which a provider lies."""
    return BUILT_IN.get(name, name).partition(":")[0]


@cache
def _made(place: str, modules: tuple[Path, ...]) -> Provider:
    share(modules)
    module, _, attribute = place.partition(":")
    try:
        made: Provider = getattr(importlib.import_module(module), attribute)()
    except (ImportError, AttributeError) as error:
        raise CourseError(
            f"course.yaml: the bench {place} cannot be imported ({error}); allowed: {', '.join(BUILT_IN)}, or module:Class"
        ) from None
    return made


def provider_for(course: Course, lab: Lab | None = None) -> Provider:
    """The provider of a lab, or of the course.

    Raises:
        CourseError: there is no such class.
    """
    name = lab.bench if lab is not None and lab.bench else course.bench
    return provider_of(name, () if name in BUILT_IN else course.module_paths())
