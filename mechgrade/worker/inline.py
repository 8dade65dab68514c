"""Isolation ``inline``: learner code in the grader's own process, for debuggers and prints. Never for a score that counts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mechgrade.bench import files
from mechgrade.bench.provider import Bench, BenchError
from mechgrade.bench.providers import provider_of
from mechgrade.course.modules import share
from mechgrade.protocol.job import BenchSpec, Job
from mechgrade.protocol.outcome import Outcome, outcome_of
from mechgrade.worker.runner import Runner, load_grader
from mechgrade.worker.tracer import trace


class Inline:
    """Opens sessions without a process."""

    def __init__(self) -> None:
        self._benches: dict[BenchSpec, Bench] = {}

    def start(self, spec: BenchSpec | None = None) -> None:
        """Nothing to start."""

    def close(self) -> None:
        """Nothing to end."""

    def bench(self, spec: BenchSpec) -> Bench:
        """The bench of this process for a spec, with its model loaded.

        Raises:
            BenchError: the model could not be loaded.
        """
        if spec not in self._benches:
            bench: Bench = provider_of(spec.provider, map(Path, spec.modules)).make(spec)
            bench.load()
            bench.is_dirty()  # from here on it knows what was changed
            self._benches[spec] = bench
        return self._benches[spec]

    def open(self, spec: BenchSpec, job: Job) -> InlineSession:
        """A session here and now; where the model cannot be loaded, every run says so."""
        share(map(Path, job.modules))
        files.show(map(Path, job.data))
        try:
            bench = self.bench(spec)
        except BenchError as error:
            return InlineSession(None, str(error))
        return InlineSession(Runner(job.source, job.filename, load_grader(Path(job.grader)), bench))


class InlineSession:
    """A program in this process."""

    def __init__(self, runner: Runner | None, fault: str = "") -> None:
        self._runner = runner
        self._fault = fault

    def run(self, scenario: str, inputs: Mapping[str, Any], *, traced: bool = False) -> Outcome:
        """Run one scenario here and now."""
        if self._runner is None:
            return Outcome("infrastructure", message=self._fault)
        if traced:
            return outcome_of(trace(self._runner, scenario, dict(inputs)))
        return outcome_of(self._runner.run(scenario, dict(inputs)))

    def interrupt(self) -> None:
        """Nothing can be interrupted here."""

    def close(self) -> None:
        """Nothing to end."""
