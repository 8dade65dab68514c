"""Isolation ``inline``: learner code in the grader's own process, for ``--pdb`` and prints. Never for a score that counts.

The one place where the grader's side imports the learner's: whoever imports this file pays for torch and gives up the wall.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mechgrade.bench import Bench, ModelError
from mechgrade.grading.errors import InfrastructureError
from mechgrade.protocol.job import BenchSpec, Job
from mechgrade.protocol.outcome import Outcome, outcome_of
from mechgrade.worker.runner import Runner, load_grader

_benches: dict[BenchSpec, Bench] = {}


def bench_for(spec: BenchSpec) -> Bench:
    """The bench of this process for a spec, with its model loaded.

    Raises:
        InfrastructureError: the model could not be loaded.
    """
    bench = _benches.setdefault(spec, Bench(spec))
    try:
        bench.n_layers  # noqa: B018  loads the model
    except ModelError as error:
        raise InfrastructureError(str(error)) from None
    return bench


class Inline:
    """A session without a process. See ``mechgrade.grading.worker.Session``."""

    def __init__(self, spec: BenchSpec, job: Job) -> None:
        bench = bench_for(spec)
        self._runner = Runner(job.source, job.filename, load_grader(Path(job.grader)), bench)

    def run(self, scenario: str, inputs: dict[str, Any]) -> Outcome:
        """Run one scenario here and now."""
        return outcome_of(self._runner.run(scenario, inputs))

    def close(self) -> None:
        """Nothing to end."""
