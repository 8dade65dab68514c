"""What `mechgrade doctor` finds, and what a provider's own doctor module is asked: :class:`Doctor`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from mechgrade.course import Course, ModelProfile

#: ``good``; ``note``: worth knowing; ``warning``: will cost time or memory; ``problem``: the lab will not work.
Status = Literal["good", "note", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """What was looked at, what was found, and for anything but ``good`` what to do.

    Attributes:
        name: what was looked at.
        status: how it is.
        text: what was found.
        fix: what to do.
        mistake: the name of the common setup mistake that this is, if it is one.
    """

    name: str
    status: Status
    text: str
    fix: str = ""
    mistake: str = ""


#: The common setup mistakes, and what each leads to.
MISTAKES: dict[str, str] = {
    "cpu_instead_of_gpu": "ten times slower, and large models run out of memory",
    "memory_not_cleared": "out of memory in the middle of an experiment",
    "wrong_version": "errors at import, or other numbers than the course's",
    "too_much_kept": "out of memory",
    "no_seed": "other results at every run",
}


@dataclass(frozen=True)
class Situation:
    """What is known before a model is loaded.

    Attributes:
        course: the course; model: the profile that is asked for.
        files: the learner's files.
        free: bytes of memory that are free; None where the system does not say.
        where: which memory: ``on the GPU``, ``of main memory``.
        uses: the parts of the model that the lab uses; none where no lab was named.
    """

    course: Course
    model: ModelProfile
    files: Sequence[Path]
    free: int | None
    where: str
    uses: Sequence[str] = ()


class Doctor(Protocol):
    """A provider's module for the doctor: what only the provider knows of its libraries and models."""

    def about_version(self, package: str, major: int) -> str:
        """What another version of one of its packages lacks, to follow "… is installed"; empty for nothing to say."""

    def examine(self, situation: Situation) -> Iterable[Finding]:
        """What can be told without loading anything: this runs without the provider's libraries."""

    def try_out(self, bench: Any, name: str, uses: Sequence[str], questions: Mapping[str, str]) -> Iterable[Finding]:
        """Use a bench, in a process of its own.

        Args:
            bench: loaded.
            name: the model's in course.yaml.
            uses: the parts of the model that the lab uses; none where no lab was named.
            questions: course.yaml's ``doctor``; without the ``answer`` where the model's profile says that it is not trained.
        """
