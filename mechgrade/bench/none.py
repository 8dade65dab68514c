"""The bench of a course without a model: NumPy arrays that are the same on every machine, and nothing to load."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mechgrade.bench.files import data
from mechgrade.protocol.job import BenchSpec


class NumpyBench:
    """Seeded inputs. Each is drawn from a generator of its own, so the order of calls changes nothing."""

    device = "cpu"

    def __init__(self, spec: BenchSpec) -> None:
        self.spec = spec

    def normal(self, *shape: int, seed: int) -> NDArray[np.float64]:
        """Standard normal numbers of the given shape."""
        return np.random.default_rng(seed).standard_normal(shape)

    def uniform(self, *shape: int, seed: int) -> NDArray[np.float64]:
        """Numbers uniform in [0, 1) of the given shape."""
        return np.random.default_rng(seed).random(shape)

    def integers(self, low: int, high: int, shape: Sequence[int], seed: int) -> NDArray[np.int64]:
        """Integers in [low, high) of the given shape."""
        return np.random.default_rng(seed).integers(low, high, tuple(shape))

    def data(self, name: str) -> Path:
        """The path of one of the course's data files; see :func:`mechgrade.bench.files.data`."""
        return data(name)

    # --- see mechgrade.bench.provider.Bench --------------------------------------------------------------------------

    def load(self) -> None:
        """There is nothing to load."""

    def warm_up(self) -> None:
        """Draw once: the first use of NumPy's generators imports a part of it."""
        self.normal(1, seed=0)

    def move(self, device: str) -> None:
        """NumPy has one place."""

    def is_dirty(self) -> bool:
        """Every input is made afresh."""
        return False


class Plain:
    """The provider ``none``. It needs NumPy alone. An instructor's own provider may inherit what it does not change."""

    backends: Sequence[str] = ()
    noise: Sequence[dict[str, Any]] = ()
    packages: Sequence[str] = ("numpy",)
    devices = False
    doctor = ""
    needs: Collection[str] = ()

    def lacks(self, spec: BenchSpec, needs: Mapping[str, Any]) -> Mapping[str, str]:
        """Nothing can be asked of a model that is not there."""
        return {}

    def labels(self, model: str, text: str) -> Mapping[str, Sequence[str]]:
        """There is no model."""
        return {}

    def prepare(self) -> None:
        """The worker's environment sets all that NumPy needs."""

    def make(self, spec: BenchSpec) -> Any:
        """A bench of seeded arrays."""
        return NumpyBench(spec)
