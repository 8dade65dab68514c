"""What the grader's side asks of the learner's side: which bench, which job. Plain data, without torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from mechgrade.protocol.limits import Limits

Backend = Literal["bridge", "hooked"]
Isolation = Literal["full", "process", "inline"]


@dataclass(frozen=True)
class BenchSpec:
    """Which model, how: what tells one bench from another.

    Attributes:
        name: a directory in Hugging Face format when ``local``, else a name that TransformerLens boots.
        local: whether ``name`` is a directory.
        backend: ``bridge`` (``TransformerBridge`` in compatibility mode) or ``hooked`` (``HookedTransformer``).
        device: a torch device.
        dtype: ``float32`` or ``float64``.
        sae: a directory in sae-lens's format, or a Hub release and id as ``release/id``; None for a bench without.
    """

    name: str
    local: bool
    backend: Backend = "bridge"
    device: str = "cpu"
    dtype: Literal["float32", "float64"] = "float32"
    sae: str | None = None

    def as_tree(self) -> dict[str, Any]:
        """The spec as plain data."""
        return asdict(self)

    def on(self, **changes: Any) -> BenchSpec:
        """The same model on another back end, device or type."""
        return replace(self, **changes)


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
        threads: torch threads in the process.
    """

    source: str
    filename: str
    grader: str
    isolation: Isolation
    limits: Limits = field(default_factory=Limits)
    readable: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    threads: int = 1

    def as_tree(self) -> dict[str, Any]:
        """The job as plain data."""
        return asdict(self) | {"limits": self.limits.model_dump()}


def job_of(tree: Any) -> Job:
    """The job that :meth:`Job.as_tree` wrote."""
    paths = {name: tuple(tree[name]) for name in ("readable", "modules")}
    return Job(**{**tree, **paths, "limits": Limits(**tree["limits"])})
