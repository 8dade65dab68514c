"""The bench of TransformerLens: one model on one device, its autoencoder, and inputs that fit the model."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from mechgrade.bench.provider import BenchError
from mechgrade.bench.torch.bench import TorchBench
from mechgrade.bench.transformer_lens.facts import lacks
from mechgrade.bench.transformer_lens.model import fits_model, load_model, load_sae
from mechgrade.protocol.job import HUB, BenchSpec


class Bench(TorchBench):
    """The model and the inputs that a scenario asks for. What it computes itself it computes once, and hands out copies."""

    def __init__(self, spec: BenchSpec) -> None:
        super().__init__(spec)
        self._cache: dict[Any, Any] = {}

    @cached_property
    def model(self) -> Any:
        """The model: a ``TransformerBridge`` in compatibility mode or a ``HookedTransformer``, without gradients."""
        spec = self.spec
        local = not spec.model.startswith(HUB)
        name = spec.model.removeprefix(HUB)
        return load_model(name, local=local, backend=spec.backend, device=spec.device, dtype=self.dtype)

    @cached_property
    def sae(self) -> Any:
        """The model's sparse autoencoder, a ``sae_lens.SAE`` in eval mode without gradients.

        Its ``cfg.metadata.hook_name`` is the name that both back ends have for the hook point, also where the SAE has the bridge's own.

        Raises:
            BenchError: the lab does not use one by course.yaml, or the profile has none, or it is corrupt or none of this model's.
        """
        place = self.spec.part("sae")
        if place is None:
            raise BenchError(
                "no SAE here: give the lab `uses: [sae]` in course.yaml, and the model's profile a part `sae`"
            )
        sae = load_sae(place.removeprefix(HUB), device=self.spec.device, dtype=self.spec.dtype)
        fits_model(sae, self.model, place)
        return sae

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
    def n_kv_heads(self) -> int:
        """Number of key and value heads in a layer: fewer than heads where these are grouped."""
        return int(getattr(self.model.cfg, "n_key_value_heads", None) or self.n_heads)

    @property
    def has_learned_positions(self) -> bool:
        """Whether an embedding of each position is added to the token's, at ``hook_pos_embed``."""
        return str(self.model.cfg.positional_embedding_type) == "standard"

    @property
    def is_parallel(self) -> bool:
        """Whether attention and MLP of a layer read the same input: then nothing lies between them."""
        return bool(getattr(self.model.cfg, "parallel_attn_mlp", False))

    def names(self, parts: Sequence[str]) -> list[str]:
        """The full names of activations in all layers, such as ``hook_mlp_out``; without those that parallel blocks lack."""
        there = [part for part in parts if part != "hook_resid_mid" or not self.is_parallel]
        return [f"blocks.{layer}.{part}" for layer in range(self.n_layers) for part in there]

    def for_each_head(self, weights: Tensor) -> Tensor:
        """Weights ``[layer, head, ...]`` of keys or values, with those of a group repeated for each of its heads."""
        return weights.repeat_interleave(self.n_heads // weights.shape[1], dim=1)

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
        tokenizer = self.model.tokenizer
        return int(tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id)

    # --- seeded inputs -----------------------------------------------------------------------------------------------

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
            BenchError: longer than the model's context.
        """
        if 1 + 2 * half > self.n_ctx:
            raise BenchError(f"2 * {half} + 1 tokens do not fit into this model's context of {self.n_ctx}")
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
            BenchError: a name at which nothing was cached.
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
            raise BenchError(f"nothing was cached at {', '.join(missing)}: no such hook, or its flag is off")
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

    # --- see mechgrade.bench.provider.Bench --------------------------------------------------------------------------

    def load(self) -> None:
        """Load the model, and the autoencoder where the lab uses one."""
        for part in ("model", "sae") if self._has_sae else ("model",):
            getattr(self, part)

    @property
    def _has_sae(self) -> bool:
        """Whether there is an autoencoder for this model: without one that fits, scenarios that need it are left out."""
        return bool(self.spec.part("sae")) and not lacks(self.spec, {"sae": None})

    def warm_up(self) -> None:
        """Run with a cache and with a hook (TransformerLens then resolves its hooks' aliases), the tokenizer, the autoencoder."""
        with torch.no_grad():
            tokens = self.tokens("a b")
            _, cache = self.model.run_with_cache(tokens)
            self.model.run_with_hooks(tokens, fwd_hooks=[(next(iter(cache)), lambda activation, hook: None)])
            if self._has_sae:
                self.sae(torch.zeros(1, self.sae.cfg.d_in, device=self.device, dtype=self.dtype))
                # SAELens's table of published autoencoders: it takes a second to read, and is kept.
                from sae_lens.loading.pretrained_saes_directory import get_pretrained_saes_directory

                get_pretrained_saes_directory()

    def move(self, device: str) -> None:
        """See :meth:`TorchBench.move`."""
        # The library says on the terminal that it moves the model: a learner would take this for the output of their own code.
        with contextlib.redirect_stdout(io.StringIO()):
            super().move(device)
        self._cache.clear()

    def has_hooks_left(self) -> bool:
        """Whether a hook is still attached at a hook point. The library attaches others of its own."""
        # A model that nobody has asked for yet is not loaded to look at it.
        return "model" in self.__dict__ and bool(self.open_hooks())
