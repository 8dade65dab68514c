"""What calls do to the global random states of PyTorch, NumPy and Python: for scenarios of functions that must leave them alone."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

KEPT, SET, MOVED = "kept", "set anew, whatever it was before", "moved on from where it was"


def states() -> dict[str, Any]:
    """The three states, to be compared."""
    return {
        "torch": torch.random.get_rng_state().tolist(),
        "numpy": str(np.random.get_state()),
        "python": random.getstate(),
    }


def random_states_after(call: Callable[[], Any]) -> dict[str, str]:
    """What a call does to each state, in words.

    It is made twice, after unequal draws: a state that is the same afterwards both times was set by the call, and does not depend on
    what was drawn before.
    """
    found = []
    for draws in (7, 8):
        torch.rand(draws), np.random.rand(draws), [random.random() for _ in range(draws)]
        before = states()
        call()
        found.append((before, states()))
    (_, first), (_, second) = found
    return {
        name: KEPT
        if all(before[name] == after[name] for before, after in found)
        else SET
        if first[name] == second[name]
        else MOVED
        for name in first
    }
