"""What is nobody's score: the machine or the grader failed."""

from __future__ import annotations


class InfrastructureError(Exception):
    """The machine or the worker failed, not the learner; the text says what and what to do."""


class WorkerGone(InfrastructureError):  # noqa: N818  it is one of the infrastructure errors
    """The worker itself does not answer any more."""


class WorkerSlow(WorkerGone):
    """The worker was not ready in time. Who tries again waits as long once more."""


class GraderError(Exception):
    """The grader itself is wrong (its file, its fixtures), not the learner."""
