"""The exercises of one submission, graded by several processes at once.

The processes are forks of this one, made when the checks are collected: nothing is imported or collected twice, and each has the same
worker at hand. A fork grades one exercise after the other, and sends each result. It runs no learner's code itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait

from mechgrade.course import Exercise
from mechgrade.grading.verdicts import ExerciseResult

#: Grades one exercise; None where no check of it could be collected.
GradeOne = Callable[[Exercise], ExerciseResult | None]

#: What a fork grades by. It is inherited: checks and connections cannot be sent.
_grade_one: GradeOne | None = None


def in_order(
    exercises: Sequence[Exercise], jobs: int, in_a_fork: Callable[[], GradeOne], here: GradeOne
) -> Iterator[ExerciseResult]:
    """Grade exercises in several processes, and give the results in the exercises' order, each as soon as it can be had.

    Args:
        exercises: which.
        jobs: how many processes.
        in_a_fork: called in each process, for what grades there.
        here: grades in this process what the others could not for a fault of the machine: their worker has ended, or
            one of them has.
    """
    # Ctrl-C is for this process, and it ends the others. They inherit the mask; here the signal waits until they are there.
    others = set(multiprocessing.active_children())
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _begin, (in_a_fork,))
        futures = [pool.submit(_grade, exercise) for exercise in exercises]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with pool:
        try:
            for exercise, future in zip(exercises, futures, strict=True):
                if (entry := _result(future, exercise, here)) is not None:
                    yield entry
        except BaseException:  # Ctrl-C too: nobody waits for what they are at
            for process in set(multiprocessing.active_children()) - others:
                process.kill()
            raise


def _result(future: Future[ExerciseResult | None], exercise: Exercise, here: GradeOne) -> ExerciseResult | None:
    try:
        entry = future.result()
    except BrokenProcessPool:
        return here(exercise)
    return here(exercise) if entry is not None and entry.verdict == "infrastructure_error" else entry


# --- in a fork -----------------------------------------------------------------------------------------------------------


def _begin(in_a_fork: Callable[[], GradeOne]) -> None:
    global _grade_one
    _grade_one = in_a_fork()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the process is gone that wanted the results: by no signal of its own can it tell that it was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _grade(exercise: Exercise) -> ExerciseResult | None:
    assert _grade_one is not None
    return _grade_one(exercise)
