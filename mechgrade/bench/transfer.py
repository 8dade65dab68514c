"""Carry a loaded bench to another device: CUDA does not survive a fork, so the worker loads on the processor and each fork moves its own."""

from __future__ import annotations

import torch

from mechgrade.bench import determinism
from mechgrade.bench.core import Bench
from mechgrade.bench.model import ModelError


def move_to_device(bench: Bench, device: str) -> None:
    """Move a bench, with its model and autoencoder where they are loaded.

    Raises:
        ModelError: the device is not there, or is full.
    """
    determinism.settle(device)
    try:
        for part in ("model", "sae"):
            if part in bench.__dict__:
                bench.__dict__[part] = bench.__dict__[part].to(device)
    except (RuntimeError, AssertionError) as error:  # torch raises both where a device is missing
        if isinstance(error, torch.OutOfMemoryError):
            raise ModelError(
                f"{device} has no room for the model: end what else runs there, or take a smaller model"
            ) from error
        line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(
            f"the device {device} cannot be used here ({line}): take --device cpu, or `make setup TORCH=auto`"
        ) from error
    bench.spec = bench.spec.on(device=device)
    bench.device = torch.device(device)
    bench._cache.clear()
    bench._weights.clear()  # counted on the tensors that were left behind
    bench.is_dirty()  # counted anew, before a learner's code can write to one
