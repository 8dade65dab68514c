"""Weights in bfloat16: half the bytes, and the same eight bits of exponent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor


def save_in_half(weights: Mapping[str, Tensor], path: Path) -> None:
    """Write weights in bfloat16. A config beside them goes on saying float32: that is how they are used."""
    save_file({name: tensor.to(torch.bfloat16) for name, tensor in weights.items()}, path, metadata={"format": "pt"})


def store_in_half(path: Path) -> None:
    """Rewrite a file of weights in bfloat16."""
    save_in_half(load_file(path), path)
