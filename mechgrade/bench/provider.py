"""What a course's scenarios work with, as a protocol: a provider makes benches, and a scenario is handed one.

course.yaml names a provider under ``bench``: ``none`` (NumPy or plain Python), ``torch``, ``transformer_lens``, or an instructor's own by
its dotted path, ``mypackage.mybench:MyProvider``, in a module that course.yaml lists. The order of calls in the worker::

    provider.prepare()          once, in the fork server, before anything is loaded
    bench = provider.make(spec)
    bench.load()                on the processor, before the fork: what every learner's process will share
    bench.warm_up()
    ------ fork: one process a learner's file, shut in before any of the file runs ------
    bench.move(device)          where a device was asked for
    bench.as_if_elsewhere(...)  instead, where it is asked what a GPU would refuse; a bench without devices has none
    scenario(exercise, bench, **inputs), then bench.is_dirty(), as often as the checks ask

On the grader's side a provider is only asked for its attributes, its labels, and what a model lacks. So its module imports nothing heavy at its top: torch belongs into
``make`` and into the bench's own module.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from mechgrade.protocol.job import BenchSpec


class BenchError(Exception):
    """A bench cannot be had; the text says why and what to do. It is the machine's or the course's fault, never a learner's."""


class Bench(Protocol):
    """What a scenario works with. Anything more is between the provider and the course's scenarios."""

    @property
    def device(self) -> Any:
        """Where results are expected, as text that torch understands: ``cpu``, ``cuda:0``."""

    def load(self) -> None:
        """Load what takes time. Raises :class:`BenchError`."""

    def warm_up(self) -> None:
        """Use it once, so that what libraries work out at the first use is worked out before the fork."""

    def move(self, device: str) -> None:
        """Move to a device what was loaded on the processor. Raises :class:`BenchError`."""

    def is_dirty(self) -> bool:
        """Whether the last run left something behind, so that the next run needs a fresh process. Called once before the first run."""


class Provider(Protocol):
    """Makes the benches of a course or of a lab."""

    #: The ways to compute the same, the usual one first; empty where there is one way.
    backends: Sequence[str]
    #: How a reference is run again to measure the spread of rounding: each overrides ``backend``, ``dtype`` or ``threads``.
    noise: Sequence[Mapping[str, Any]]
    #: The distributions whose versions decide numbers: results depend on them.
    packages: Sequence[str]
    #: Whether its benches can be on a GPU.
    devices: bool
    #: A module with what `mechgrade doctor` asks besides; see :mod:`mechgrade.bench.finding`. Empty for none.
    doctor: str
    #: What it can tell about a model without loading it, by the names that courses give under ``needs``.
    needs: Collection[str]

    def lacks(self, spec: BenchSpec, needs: Mapping[str, Any]) -> Mapping[str, str]:
        """Which of some needs a model cannot serve, each with the reason in words. Asked on the grader's side, before anything is loaded.

        Args:
            spec: with the place of the model and of its parts.
            needs: names out of :attr:`needs`, each with what a check says more about it, or None.
        """

    def refuses(self, spec: BenchSpec) -> str:
        """Why a model can be used for nothing, in a sentence; empty where it can, or where that shows only when it is loaded.

        Asked on the grader's side, before anything is loaded. A provider without models need not have it.
        """

    def labels(self, model: str, text: str) -> Mapping[str, Sequence[str]]:
        """The pieces in which a model takes a text, by the names of the axes that run along them: what pictures write there."""

    def prepare(self) -> None:
        """Set what has to be set before libraries are used: thread pools do not survive a fork."""

    def make(self, spec: BenchSpec) -> Bench:
        """A bench, which loads nothing yet."""
