"""Exercises, of one submission or of many programs, graded by several processes at once.

The processes are forks of this one, made when the checks are collected: nothing is imported or collected twice, and each has the same
worker at hand. A fork grades one after the other, and sends each result. It runs no learner's code itself.
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
from typing import Any, TypeVar

Item = TypeVar("Item")
Entry = TypeVar("Entry")

#: What a fork grades by. It is inherited: checks and connections cannot be sent.
_grade_one: Callable[[Any], Any] | None = None


def in_order(
    items: Sequence[Item],
    jobs: int,
    in_a_fork: Callable[[], Callable[[Item], Entry]],
    here: Callable[[Item], Entry],
    at_fault: Callable[[Entry], bool],
) -> Iterator[Entry]:
    """Grade in several processes, and give the results in the items' order, each as soon as it can be had.

    Args:
        items: what to grade; they and the results are sent between processes.
        jobs: how many processes.
        in_a_fork: called in each process, for what grades there.
        here: grades in this process what the others could not for a fault of the machine: one of them has ended, or
            its result says so.
        at_fault: whether a result says that the machine failed: the worker has ended, say.
    """
    # Ctrl-C is for this process, and it ends the others. They inherit the mask; here the signal waits until they are there.
    others = set(multiprocessing.active_children())
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        pool = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), _begin, (in_a_fork,))
        futures = [pool.submit(_grade, item) for item in items]
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    with pool:
        try:
            for item, future in zip(items, futures, strict=True):
                yield _result(future, item, here, at_fault)
        except BaseException:  # Ctrl-C too: nobody waits for what they are at
            for process in set(multiprocessing.active_children()) - others:
                process.kill()
            raise


def _result(
    future: Future[Entry], item: Item, here: Callable[[Item], Entry], at_fault: Callable[[Entry], bool]
) -> Entry:
    try:
        entry = future.result()
    except BrokenProcessPool:
        return here(item)
    return here(item) if at_fault(entry) else entry


# --- in a fork -----------------------------------------------------------------------------------------------------------


def _begin(in_a_fork: Callable[[], Callable[[Any], Any]]) -> None:
    global _grade_one
    _grade_one = in_a_fork()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """End when the process is gone that wanted the results: by no signal of its own can it tell that it was killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os._exit(1)


def _grade(item: Any) -> Any:
    assert _grade_one is not None
    return _grade_one(item)
