"""What the grader's side asks of the learner's side: which bench, which job. Plain data, without torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from mechgrade.protocol.limits import Limits

Isolation = Literal["full", "process", "inline"]

#: What the place of a downloaded model or part begins with.
HUB = "hub:"


@dataclass(frozen=True)
class BenchSpec:
    """What a bench is made from: equal specs make equal benches.

    Attributes:
        provider: the name of what makes it; see ``mechgrade.bench.providers``.
        model: where its model lies: a directory, or ``hub:NAME``; empty for a bench without one.
        parts: what else is loaded with the model, by name: each a directory, or ``hub:NAME``.
        backend: one of the provider's ways to compute; empty where it has one.
        device: a torch device.
        dtype: of real numbers, where the provider has both: ``float32`` or ``float64``.
        modules: packages' folders and files of the course, in which an instructor's own provider may lie.
        preload: libraries that the worker imports before it forks.
    """

    provider: str
    model: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    backend: str = ""
    device: str = "cpu"
    dtype: Literal["float32", "float64"] = "float32"
    modules: tuple[str, ...] = ()
    preload: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether all that is loaded lies in directories of this machine that somebody named."""
        return not any(place.startswith(HUB) for place in self.places())

    def part(self, name: str) -> str | None:
        """Where a part lies, if there is one of that name."""
        return dict(self.parts).get(name)

    def places(self) -> list[str]:
        """Where all that is loaded lies."""
        return [place for place in (self.model, *dict(self.parts).values()) if place]

    def as_tree(self) -> dict[str, Any]:
        """The spec as plain data."""
        return asdict(self)

    def on(self, **changes: Any) -> BenchSpec:
        """The same but for some attributes: another back end, device or type."""
        return replace(self, **changes)


def spec_of(tree: Any) -> BenchSpec:
    """The spec that :meth:`BenchSpec.as_tree` wrote."""
    lists = {name: tuple(tree[name]) for name in ("modules", "preload")}
    return BenchSpec(**{**tree, **lists, "parts": tuple((name, place) for name, place in tree["parts"])})


@dataclass(frozen=True)
class Job:
    """One learner's file to run scenarios on.

    Attributes:
        source: the file's text; the learner's process is given this, not the file.
        filename: what tracebacks call it.
        grader: the grader's file, whose scenarios are run.
        isolation: the level at which it runs.
        limits: what the process may use.
        readable: the paths that the process may read at ``full`` besides the interpreter's own.
        modules: packages' folders and files of the course that it may import, and so read.
        data: the course's data, which it may read.
        threads: torch threads in the process.
        portable: whether to watch for what another device would refuse. What the scenarios give is of no use then.
    """

    source: str
    filename: str
    grader: str
    isolation: Isolation
    limits: Limits = field(default_factory=Limits)
    readable: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    threads: int = 1
    portable: bool = False

    def as_tree(self) -> dict[str, Any]:
        """The job as plain data."""
        return asdict(self) | {"limits": self.limits.model_dump()}


def job_of(tree: Any) -> Job:
    """The job that :meth:`Job.as_tree` wrote."""
    paths = {name: tuple(tree[name]) for name in ("readable", "modules", "data")}
    return Job(**{**tree, **paths, "limits": Limits(**tree["limits"])})
