"""Weights in bfloat16: half the bytes, and the same eight bits of exponent."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def store_in_half(directory: Path) -> None:
    """Rewrite a model directory's weights in bfloat16. Its config goes on saying float32: that is how they are used."""
    path = directory / "model.safetensors"
    weights = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(path).items()}
    save_file(weights, str(path), metadata={"format": "pt"})
