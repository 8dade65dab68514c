"""Weights in bfloat16: half the bytes, and the same eight bits of exponent."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def store_in_half(path: Path) -> None:
    """Rewrite a model's weights, or its directory's, in bfloat16. Its config goes on saying float32: that is how they are used."""
    path = path / "model.safetensors" if path.is_dir() else path
    weights = {name: tensor.to(torch.bfloat16) for name, tensor in load_file(path).items()}
    save_file(weights, str(path), metadata={"format": "pt"})
