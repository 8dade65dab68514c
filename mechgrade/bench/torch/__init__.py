"""The provider ``torch``: seeded tensors, and modules of the course's own. It imports torch when it makes a bench."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mechgrade.bench.none import Plain
from mechgrade.protocol.job import BenchSpec


class Torch(Plain):
    """Makes benches of tensors."""

    noise: Sequence[dict[str, Any]] = ({"threads": 2}, {"dtype": "float64"})
    packages: Sequence[str] = ("torch", "numpy")
    devices = True

    def prepare(self) -> None:
        """One thread before any operation: a pool of threads does not survive a fork. Each child chooses its own number."""
        import torch

        torch.set_num_threads(1)

    def make(self, spec: BenchSpec) -> Any:
        """A bench of tensors."""
        from mechgrade.bench.torch.bench import TorchBench

        return TorchBench(spec)
