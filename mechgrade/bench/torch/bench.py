"""The bench of tensors: inputs that are the same on every machine and device, and what a model on it has to be watched for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from torch import Tensor
from torch.nn import Module

from mechgrade.bench.files import data
from mechgrade.bench.provider import BenchError
from mechgrade.bench.torch import determinism
from mechgrade.protocol.job import BenchSpec

if TYPE_CHECKING:
    from mechgrade.bench.torch.placement import Placement

M = TypeVar("M", bound=Module)

#: A weight: the table that it stands in, its name there, itself, and how often it had been written to.
Weight = tuple[dict[str, Any], str, torch.nn.Parameter, int]


class TorchBench:
    """The inputs that a scenario asks for.

    Every random input is drawn on the CPU in float64 from its own seeded generator, then moved: the same on any device, in
    any order of calls. What is handed out is a copy, so nothing that a learner does to one input reaches the next.

    A bench with models inherits from this one and keeps each model in an attribute (``cached_property`` will do): modules in
    attributes are moved to the device, and watched for weights that a run left changed and for hooks that it left attached.

    Attributes:
        spec: what it was made from.
        device: the device of all inputs.
        dtype: the type of all real inputs.
    """

    def __init__(self, spec: BenchSpec) -> None:
        determinism.settle(spec.device)
        self.spec = spec
        self.device = torch.device(spec.device)
        self.dtype: torch.dtype = getattr(torch, spec.dtype)
        self._weights: dict[str, list[Weight]] = {}
        #: of each module in an attribute, its tables of hooks and how many stood in each at first sight
        self._hooks: dict[str, list[tuple[dict[int, Any], int]]] = {}

    # --- seeded inputs -----------------------------------------------------------------------------------------------

    def _draw(self, make: Callable[[torch.Generator], Tensor], seed: int, dtype: torch.dtype) -> Tensor:
        # The interpreter's default generator stays as it is: a learner's own seeding is the learner's own.
        return make(torch.Generator().manual_seed(seed)).to(device=self.device, dtype=dtype)

    def normal(self, *shape: int, seed: int) -> Tensor:
        """Standard normal numbers of the given shape."""
        return self._draw(lambda g: torch.randn(shape, generator=g, dtype=torch.float64), seed, self.dtype)

    def uniform(self, *shape: int, seed: int) -> Tensor:
        """Numbers uniform in [0, 1) of the given shape."""
        return self._draw(lambda g: torch.rand(shape, generator=g, dtype=torch.float64), seed, self.dtype)

    def integers(self, low: int, high: int, shape: Sequence[int], seed: int) -> Tensor:
        """Integers in [low, high) of the given shape, as int64."""
        return self._draw(lambda g: torch.randint(low, high, tuple(shape), generator=g), seed, torch.int64)

    def module(self, make: Callable[[], M], *, seed: int) -> M:
        """A module of the course's own, with the weights that its constructor draws from a seed.

        Args:
            make: the class, or a function that makes one: ``lambda: torch.nn.Linear(3, 2)``.
            seed: of the weights. The global random state stays as it was.
        """
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            return make().to(device=self.device, dtype=self.dtype)

    def data(self, name: str) -> Path:
        """The path of one of the course's data files; see :func:`mechgrade.bench.files.data`."""
        return data(name)

    # --- see mechgrade.bench.provider.Bench --------------------------------------------------------------------------

    def load(self) -> None:
        """Nothing but torch itself is needed."""

    def warm_up(self) -> None:
        """Draw once."""
        self.normal(1, seed=0)

    def move(self, device: str) -> None:
        """Carry all to another device: CUDA does not survive a fork, so each fork moves its own.

        Raises:
            BenchError: the device is not there, or is full.
        """
        determinism.settle(device)
        try:
            for name in self._modules():
                self.__dict__[name] = self.__dict__[name].to(device)
        except (RuntimeError, AssertionError) as error:  # torch raises both where a device is missing
            if isinstance(error, torch.OutOfMemoryError):
                raise BenchError(
                    f"{device} has no room for the model: end what else runs there, or take a smaller model"
                ) from error
            line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise BenchError(
                f"the device {device} cannot be used here ({line}): take --device cpu, or `make setup TORCH=auto`"
            ) from error
        self.spec = self.spec.on(device=device)
        self.device = torch.device(device)
        self._weights.clear()  # counted on the tensors that were left behind
        self.is_dirty()  # counted anew, before a learner's code can write to one

    def as_if_elsewhere(self, filename: str, source: str) -> Placement:
        """From now on, watch where tensors would be on a GPU, for a program's file. Afterwards the bench is of no other use."""
        from mechgrade.bench.torch.placement import NAME, Placement  # of no use to a grading

        placement = Placement(filename, source)
        self.move(NAME)
        return placement

    def is_dirty(self) -> bool:
        """Whether the last run left a weight of a model written to or replaced, or a hook attached to it."""
        for name in self._modules():
            if name not in self._weights:
                # As they were at first sight. Walking the modules anew would take a third of a millisecond after each run.
                self._weights[name] = _weights_of(self.__dict__[name])
                self._hooks[name] = _hooks_of(self.__dict__[name])
        changed = any(
            owner.get(name) is not weight or weight._version != version
            for weights in self._weights.values()
            for owner, name, weight, version in weights
        )
        return changed or self.has_hooks_left()

    def has_hooks_left(self) -> bool:
        """Whether more hooks are attached than at first sight, or fewer."""
        return any(len(table) != count for tables in self._hooks.values() for table, count in tables)

    def _modules(self) -> list[str]:
        return [name for name, value in self.__dict__.items() if isinstance(value, Module)]


def _hooks_of(module: Module) -> list[tuple[dict[int, Any], int]]:
    names = ("_forward_pre_hooks", "_forward_hooks", "_backward_pre_hooks", "_backward_hooks")
    tables = [getattr(part, name) for part in module.modules() for name in names]
    return [(table, len(table)) for table in tables]


def _weights_of(module: Module) -> list[Weight]:
    return [
        (part._parameters, name, weight, weight._version)
        for part in module.modules()
        for name, weight in part._parameters.items()
        if weight is not None
    ]
