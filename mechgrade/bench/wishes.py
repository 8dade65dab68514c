"""Inputs that a scenario takes from the model itself: what it asks the bench for before it calls the learner's code.

They are the same for every learner, so many gradings need them once. A survey runs a scenario as far as the learner's first function,
without a learner; what it asked for are its wishes, as plain data; and a bench that grants them holds the runs of the model ready.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
import torch

from mechgrade.bench.core import Bench
from mechgrade.wire import Array, Tree

#: How much a bench holds ready at the most, in bytes. Each fork has it, and pays for its page tables.
MAX_BYTES = 256 * 2**20


class _Reached(BaseException):
    """The scenario has come to the learner's code. No ``Exception``: a scenario that catches what learners raise must not catch it."""


class _Nobody:
    """In the place of the learner's module. What is called in it ends the scenario, after its arguments were made."""

    def __getattr__(self, name: str) -> Any:
        return self if name == "unguarded" else _reached


def _reached(*_arguments: Any, **_named: Any) -> NoReturn:
    raise _Reached


def survey(scenario: Callable[..., Any], bench: Bench, inputs: dict[str, Any]) -> list[Tree]:
    """What a scenario asks the bench for before it needs a learner, and the bench does not hold yet.

    Returns:
        wishes, as data for the wire: ``[kind, tokens, names]``.
    """
    held = set(bench._cache)
    with contextlib.suppress(_Reached, Exception):  # how far it came is all that counts: it is graded elsewhere
        scenario(_Nobody(), bench, **inputs)
    return [_wish(key) for key in bench._cache if key not in held]


def _wish(key: tuple[Any, ...]) -> Tree:
    kind, (shape, tokens), *names = key
    return [kind, Array(np.frombuffer(tokens, np.int64).reshape(shape), "int64"), list(*names)]


def grant(bench: Bench, wishes: list[Any]) -> None:
    """Run the model for wishes, and hold what comes out; no more than ``MAX_BYTES`` in all."""
    for kind, tokens, names in wishes:
        if _size(bench) > MAX_BYTES:
            return
        on = torch.from_numpy(np.array(tokens.values))
        if kind == "run":
            bench.run(on)
        else:
            bench.cache(on, names)


def _size(bench: Bench) -> int:
    tensors = [
        tensor for held in bench._cache.values() for tensor in (held.values() if isinstance(held, dict) else [held])
    ]
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)
