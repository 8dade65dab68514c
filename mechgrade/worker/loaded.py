"""Torch in the worker, where something has imported it: the bench, the grader's file or the learner's. The worker itself never does."""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np


def torch() -> Any:
    """The module torch where it is loaded, else None."""
    return sys.modules.get("torch")


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor of torch."""
    loaded = torch()
    return loaded is not None and isinstance(value, loaded.Tensor)


def is_module(value: Any) -> bool:
    """Whether a value is a module of torch, such as a model."""
    loaded = torch()
    return loaded is not None and isinstance(value, loaded.nn.Module)


def start(threads: int, device: str) -> None:
    """Give a new learner's process its threads, and the seeds that all have."""
    if torch() is not None:
        torch().set_num_threads(threads)
    seed(device)


def seed(device: str) -> None:
    """What is drawn without a seed of its own begins anew, as in each new process."""
    random.seed(0)
    np.random.seed(0)  # learners may use the old interface
    loaded = torch()
    if loaded is None:
        return
    # Not torch.manual_seed: that prepares for a GPU, with a stack trace for later, and touches more memory than all else here.
    loaded.default_generator.manual_seed(0)
    if device != "cpu":
        loaded.manual_seed(0)
