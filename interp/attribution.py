"""A prompt's run with everything frozen that is not linear: what attribution graphs are computed on.

Transcoders stand in for the MLPs (Dunefsky et al. 2024, https://arxiv.org/abs/2406.11944). Where the heads look and what the LayerNorms
divide by stay as they were in the run (Ameisen et al. 2025, https://transformer-circuits.pub/2025/attribution-graphs/methods.html).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .words import CAPITALS

TRANSCODERS_DIR = Path(__file__).resolve().parent.parent / "fixtures" / "transcoders" / "unsupervised"

#: A latent that is changed: its layer, its position, its number, and the factor of what it writes. 0 takes it away.
Change = tuple[int, int, int, float]


class Transcoder(NamedTuple):
    """A small dictionary that imitates an MLP.

    Attributes:
        encoder: shape `[d_model, latent]`.
        encoder_bias: shape `[latent]`.
        threshold: shape `[latent]`, not negative: a latent is active where its pre-activation is above it.
        decoder: shape `[latent, d_model]`.
        decoder_bias: shape `[d_model]`.
    """

    encoder: Tensor
    encoder_bias: Tensor
    threshold: Tensor
    decoder: Tensor
    decoder_bias: Tensor


class Layer(NamedTuple):
    """A layer whose attention and LayerNorms are frozen, so that both functions are linear, up to biases.

    Attributes:
        attend: from the stream to what the heads add to it, both `[pos, d_model]`.
        norm: from the stream behind the heads to what the MLP reads, both `[pos, d_model]`.
        transcoder: in the place of the MLP.
    """

    attend: Callable[[Tensor], Tensor]
    norm: Callable[[Tensor], Tensor]
    transcoder: Transcoder


def load_transcoders(directory: Path = TRANSCODERS_DIR) -> list[Transcoder]:
    """The shipped transcoders, one for each layer, read by sae-lens."""
    from sae_lens import SAE

    found = []
    for folder in sorted(directory.glob("mlp-*")):
        loaded: Any = SAE.load_from_disk(str(folder))
        parts = (loaded.W_enc, loaded.b_enc, loaded.threshold, loaded.W_dec, loaded.b_dec)
        found.append(Transcoder(*(part.detach() for part in parts)))
    return found


def read_hook(layer: int) -> str:
    """Where an MLP reads: the stream behind its LayerNorm, whose weights are folded into the MLP."""
    return f"blocks.{layer}.ln2.hook_normalized"


def write_hook(layer: int) -> str:
    """Where an MLP writes."""
    return f"blocks.{layer}.hook_mlp_out"


class CapitalRun:
    """What a model does after 'The capital of … is', and the same run frozen.

    Attributes:
        tokens: of the prompt, as text.
        start: the embedding, shape `[pos, d_model]`.
        layers: frozen as they were in this run.
        reads: what each MLP read; writes: what it wrote, each `[pos, d_model]`.
    """

    def __init__(self, model: Any, transcoders: Sequence[Transcoder], country: str = "France") -> None:
        self._model, self._transcoders = model, transcoders
        self._ids = model.to_tokens(f"The capital of {country} is")
        self._right = model.to_single_token(f" {CAPITALS[country]}")
        self._wrong = [model.to_single_token(f" {CAPITALS[each]}") for each in CAPITALS if each != country]
        with torch.no_grad():
            _, cache = model.run_with_cache(self._ids)
        numbers = range(model.cfg.n_layers)
        self.tokens = [str(token) for token in model.to_str_tokens(self._ids[0])]
        self.start: Tensor = cache["blocks.0.hook_resid_pre"][0].clone()
        self.layers = [_layer(model, cache, number, transcoders[number]) for number in numbers]
        self.reads: list[Tensor] = [cache[read_hook(number)][0] for number in numbers]
        self.writes: list[Tensor] = [cache[write_hook(number)][0] for number in numbers]
        self._scale = cache["ln_final.hook_scale"][0, -1]

    def difference(self, logits: Tensor) -> Tensor:
        """The logit of the right capital minus the mean logit of all others."""
        return logits[self._right] - logits[self._wrong].mean()

    def answer(self, stream: Tensor) -> Tensor:
        """The same difference from a final stream, `[pos, d_model]`, with the last LayerNorm frozen."""
        last = _centred(stream[-1], self._scale)
        return self.difference(last @ self._model.W_U + self._model.b_U)

    def name(self, node: tuple[str, int, int, int]) -> str:
        """A node of the graph in words, such as 'latent 88 of MLP 0 at France'."""
        kind, layer, position, number = node
        what = kind if kind != "latent" else f"latent {number}"
        what += f" of MLP {layer}" if layer >= 0 else ""
        return f"{what} at {self.tokens[position].strip()}" if position >= 0 else what

    def hooks(self, changes: Sequence[Change]) -> list[tuple[str, Callable[..., Tensor]]]:
        """Hooks that change what some latents write."""

        def hook_of(layer: int) -> Callable[..., Tensor]:
            def write(value: Tensor, hook: Any) -> Tensor:
                value, parts = value.clone(), self._transcoders[layer]
                for _, position, number, factor in (each for each in changes if each[0] == layer):
                    pre = self.reads[layer][position] @ parts.encoder[:, number] + parts.encoder_bias[number]
                    active = pre * (pre > parts.threshold[number])
                    value[0, position] += (factor - 1) * active * parts.decoder[number]
                return value

            return write

        return [(write_hook(layer), hook_of(layer)) for layer in sorted({each[0] for each in changes})]

    @torch.no_grad()
    def logits(self, changes: Sequence[Change] = ()) -> Tensor:
        """Logits after the prompt with some latents changed. Nothing is frozen: what comes later is computed as usual."""
        found: Tensor = self._model.run_with_hooks(self._ids, fwd_hooks=self.hooks(changes))
        return found[0, -1]

    @torch.no_grad()
    def attention(self, layer: int, changes: Sequence[Change] = ()) -> Tensor:
        """Where the heads of a layer look from the last position, `[head, pos]`, with some latents changed."""
        seen: list[Tensor] = []

        def look(value: Tensor, hook: Any) -> None:
            seen.append(value[0, :, -1])

        hooks = [*self.hooks(changes), (f"blocks.{layer}.attn.hook_pattern", look)]
        self._model.run_with_hooks(self._ids, fwd_hooks=hooks)
        return seen[0]


def random_latents(nodes: Sequence[tuple[str, int, int, int]], count: int, seed: int) -> list[int]:
    """The numbers of some latents of a graph, drawn at random."""
    latents = [number for number, node in enumerate(nodes) if node[0] == "latent"]
    order = torch.randperm(len(latents), generator=torch.Generator().manual_seed(seed))
    return [latents[place] for place in order[:count].tolist()]


def _centred(x: Tensor, scale: Tensor) -> Tensor:
    """A LayerNorm that divides by what it divided by in the run."""
    return (x - x.mean(-1, keepdim=True)) / scale


def _layer(model: Any, cache: Any, number: int, transcoder: Transcoder) -> Layer:
    name = f"blocks.{number}"
    pattern = cache[f"{name}.attn.hook_pattern"][0]
    before, behind = (cache[f"{name}.{norm}.hook_scale"][0] for norm in ("ln1", "ln2"))
    # Taken out once: a model makes these tables anew at each call.
    values, value_bias = model.W_V[number], model.b_V[number][:, None]
    output, output_bias = model.W_O[number], model.b_O[number]

    def attend(stream: Tensor) -> Tensor:
        mixed = pattern @ (_centred(stream, before) @ values + value_bias)  # [head, pos, d_head]
        written: Tensor = (mixed @ output).sum(0) + output_bias
        return written

    return Layer(attend, lambda stream: _centred(stream, behind), transcoder)
