"""The bench: one model on one device, and inputs that are the same on every machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechgrade.bench.model import ModelError, load_model, load_sae, quiet_libraries
from mechgrade.course import find_course, load_course
from mechgrade.course.profiles import bench_spec
from mechgrade.protocol.job import BenchSpec


class Bench:
    """The model and the inputs that a scenario asks for.

    Every random input is drawn on the CPU in float64 from its own seeded generator, then moved: the same on any device, in
    any order of calls. What is handed out is a copy, so nothing that a learner does to one input reaches the next.

    Attributes:
        spec: what it was made from.
        device: the device of the model and of all inputs.
        dtype: the type of the model's parameters and of all real inputs.
    """

    def __init__(self, spec: BenchSpec) -> None:
        self.spec = spec
        self.device = torch.device(spec.device)
        self.dtype: torch.dtype = getattr(torch, spec.dtype)
        self._cache: dict[Any, Any] = {}

    @cached_property
    def model(self) -> Any:
        """The model: a ``TransformerBridge`` in compatibility mode or a ``HookedTransformer``, without gradients."""
        spec = self.spec
        return load_model(spec.name, local=spec.local, backend=spec.backend, device=spec.device, dtype=self.dtype)

    @cached_property
    def sae(self) -> Any:
        """The model's sparse autoencoder, a ``sae_lens.SAE`` in eval mode without gradients.

        Raises:
            ModelError: the lab is not marked ``sae: true`` in course.yaml, or the profile has none, or it is corrupt.
        """
        if self.spec.sae is None:
            raise ModelError("no SAE here: mark the lab `sae: true` in course.yaml, and give the model's profile one")
        return load_sae(self.spec.sae, device=self.spec.device, dtype=self.spec.dtype)

    # --- what the model is -------------------------------------------------------------------------------------------

    @property
    def n_layers(self) -> int:
        """Number of layers."""
        return int(self.model.cfg.n_layers)

    @property
    def n_heads(self) -> int:
        """Number of attention heads in a layer."""
        return int(self.model.cfg.n_heads)

    @property
    def d_model(self) -> int:
        """Width of the residual stream."""
        return int(self.model.cfg.d_model)

    @property
    def d_head(self) -> int:
        """Width of a head."""
        return int(self.model.cfg.d_head)

    @property
    def d_vocab(self) -> int:
        """Number of tokens in the vocabulary."""
        return int(self.model.cfg.d_vocab)

    @property
    def n_ctx(self) -> int:
        """Longest input, in tokens."""
        return int(self.model.cfg.n_ctx)

    @property
    def bos(self) -> int:
        """The id of the token that opens every input."""
        return int(self.model.tokenizer.bos_token_id)

    # --- seeded inputs -----------------------------------------------------------------------------------------------

    def _draw(self, make: Callable[[torch.Generator], Tensor], seed: int, dtype: torch.dtype) -> Tensor:
        # The interpreter's default generator stays as it is: a learner's own seeding is the learner's own.
        return make(torch.Generator().manual_seed(seed)).to(device=self.device, dtype=dtype)

    def normal(self, *shape: int, seed: int) -> Float[Tensor, ...]:
        """Standard normal numbers of the given shape."""
        return self._draw(lambda g: torch.randn(shape, generator=g, dtype=torch.float64), seed, self.dtype)

    def uniform(self, *shape: int, seed: int) -> Float[Tensor, ...]:
        """Numbers uniform in [0, 1) of the given shape."""
        return self._draw(lambda g: torch.rand(shape, generator=g, dtype=torch.float64), seed, self.dtype)

    def integers(self, low: int, high: int, shape: Sequence[int], seed: int) -> Int[Tensor, ...]:
        """Integers in [low, high) of the given shape, as int64."""
        return self._draw(lambda g: torch.randint(low, high, tuple(shape), generator=g), seed, torch.int64)

    def pattern(self, *shape: int, seed: int) -> Float[Tensor, "... query key"]:
        """A random causal attention pattern: every row sums to one, nothing above the diagonal.

        Args:
            shape: ``..., query, key``; the two last are equal.
            seed: of the scores, which are normal with standard deviation 2.
        """
        scores = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 2
        future = torch.ones(shape[-2:], dtype=torch.bool).triu(1)
        return scores.masked_fill(future, -torch.inf).softmax(-1).to(device=self.device, dtype=self.dtype)

    def repeated_tokens(self, batch: int, half: int, seed: int) -> Int[Tensor, "batch pos"]:
        """BOS, ``half`` random tokens, the same ``half`` tokens again; pos = 1 + 2 * half.

        Raises:
            ModelError: longer than the model's context.
        """
        if 1 + 2 * half > self.n_ctx:
            raise ModelError(f"2 * {half} + 1 tokens do not fit into this model's context of {self.n_ctx}")
        first = self.integers(0, self.d_vocab, (batch, half), seed)
        # BOS inside the sequence would be a second start: replace it by its neighbour.
        first = torch.where(first == self.bos, (first + 1) % self.d_vocab, first)
        start = torch.full((batch, 1), self.bos, device=self.device)
        return torch.cat([start, first, first], dim=1)

    def tokens(self, texts: str | Sequence[str]) -> Int[Tensor, "batch pos"]:
        """The tokens of one or more texts, BOS first; texts of unequal length are padded on the right."""
        tokens: Tensor = self.model.to_tokens(list(texts) if not isinstance(texts, str) else texts)
        return tokens.to(self.device)

    # --- runs of the model -------------------------------------------------------------------------------------------

    def run(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_vocab"]:
        """The model's logits."""
        return self._once(("run", self._key(tokens)), lambda: self._forward(tokens))  # type: ignore[no-any-return]  # a copy of what the lambda made

    def cache(self, tokens: Int[Tensor, "batch pos"], names: Sequence[str]) -> dict[str, Tensor]:
        """The named activations of a run.

        Args:
            tokens: the input.
            names: full hook names, such as ``blocks.0.attn.hook_pattern``.

        Raises:
            ModelError: a name at which nothing was cached.
        """
        found = self._once(("cache", self._key(tokens), tuple(names)), lambda: self._cached(tokens, list(names)))
        assert isinstance(found, dict)
        return found

    def patterns(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "layer batch head query key"]:
        """The attention patterns of all layers, stacked."""
        names = [f"blocks.{layer}.attn.hook_pattern" for layer in range(self.n_layers)]
        cache = self.cache(tokens, names)
        return torch.stack([cache[name] for name in names])

    def _forward(self, tokens: Tensor) -> Tensor:
        with torch.no_grad():
            logits: Tensor = self.model(tokens)
            return logits

    def _cached(self, tokens: Tensor, names: list[str]) -> dict[str, Tensor]:
        with torch.no_grad():
            _, cache = self.model.run_with_cache(tokens, names_filter=names)
        missing = [name for name in names if name not in cache]
        if missing:
            raise ModelError(f"nothing was cached at {', '.join(missing)}: no such hook, or its flag is off")
        return {name: cache[name] for name in names}

    @staticmethod
    def _key(tokens: Tensor) -> tuple[Any, ...]:
        return (tuple(tokens.shape), tokens.cpu().numpy().tobytes())

    def _once(self, key: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """Compute once, hand out copies."""
        if key not in self._cache:
            self._cache[key] = make()
        value = self._cache[key]
        if isinstance(value, dict):
            return {name: tensor.clone() for name, tensor in value.items()}
        assert isinstance(value, Tensor)
        return value.clone()

    # --- keeping it clean --------------------------------------------------------------------------------------------

    def open_hooks(self) -> list[str]:
        """The hook points at which a hook is still attached."""
        return [name for name, point in self._points if point.fwd_hooks or point.bwd_hooks]

    @cached_property
    def _points(self) -> list[tuple[str, Any]]:
        # A bridge makes this table anew at each call, which takes longer than looking through it.
        return list(self.model.hook_dict.items())

    def is_dirty(self) -> bool:
        """Whether the last run left the model or the autoencoder dirty: a hook still attached, a weight written to or replaced."""
        if "model" not in self.__dict__:
            return False
        for part in ("model", "sae"):
            if part in self.__dict__ and part not in self._weights:
                self._weights[part] = _weights_of(self.__dict__[part])
        return bool(self.open_hooks()) or any(
            owner.get(name) is not weight or weight._version != version
            for weights in self._weights.values()
            for owner, name, weight, version in weights
        )

    @cached_property
    def _weights(self) -> dict[str, list[Weight]]:
        # As they were at first sight. Walking the modules anew would take a third of a millisecond after each run.
        return {}


#: A weight: the table that it stands in, its name there, itself, and how often it had been written to.
Weight = tuple[dict[str, Any], str, torch.nn.Parameter, int]


def _weights_of(module: torch.nn.Module) -> list[Weight]:
    return [
        (part._parameters, name, weight, weight._version)
        for part in module.modules()
        for name, weight in part._parameters.items()
        if weight is not None
    ]


def open_bench(model: str | None = None, backend: str | None = None, device: str | None = None) -> Bench:
    """The bench of the course around the current directory, for a learner's own experiments.

    Args:
        model: a profile of course.yaml; by default the environment's ``MODEL``, or else the course's default.
        backend: ``bridge`` or ``hooked``; by default the environment's ``BACKEND``, or else ``bridge``.
        device: a torch device; by default the environment's ``DEVICE``, or else the CPU.
    """
    quiet_libraries()
    environment = os.environ.get
    return Bench(
        bench_spec(
            load_course(find_course(Path.cwd())),
            model or environment("MODEL"),
            backend or environment("BACKEND") or "bridge",
            device or environment("DEVICE") or "cpu",
        )
    )
