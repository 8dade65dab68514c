"""A prompt's run with everything frozen that is not linear: what attribution graphs are computed on.

Transcoders stand in for the MLPs (Dunefsky et al. 2024, https://arxiv.org/abs/2406.11944). Where the heads look and what the LayerNorms divide by stay
as they were in the run (Ameisen et al. 2025, https://transformer-circuits.pub/2025/attribution-graphs/methods.html).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .words import CAPITALS

ROOT = Path(__file__).resolve().parent.parent
TRANSCODERS_DIR = ROOT / "fixtures" / "transcoders" / "unsupervised"


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


@dataclass(frozen=True)
class CapitalRun:
    """What the model did on one prompt, and the same run frozen.

    Attributes:
        tokens: of the prompt, as text.
        start: the embedding, shape `[pos, d_model]`.
        layers: frozen as they were in this run.
        reads: what each MLP read; writes: what it wrote, each `[pos, d_model]`.
        answer: from the final stream to the logit of the right capital minus the mean logit of all others.
    """

    tokens: list[str]
    start: Tensor
    layers: list[Layer]
    reads: list[Tensor]
    writes: list[Tensor]
    answer: Callable[[Tensor], Tensor]


def load_transcoders(directory: Path = TRANSCODERS_DIR) -> list[Transcoder]:
    """The shipped transcoders, one for each layer, read by sae-lens."""
    from sae_lens import SAE

    found = []
    for folder in sorted(directory.glob("mlp-*")):
        loaded: Any = SAE.load_from_disk(str(folder))
        parts = (loaded.W_enc, loaded.b_enc, loaded.threshold, loaded.W_dec, loaded.b_dec)
        found.append(Transcoder(*(part.detach() for part in parts)))
    return found


def _centred(x: Tensor, scale: Tensor) -> Tensor:
    """A LayerNorm that divides by what it divided by in the run."""
    return (x - x.mean(-1, keepdim=True)) / scale


def _layer(model: Any, cache: Any, number: int, transcoder: Transcoder) -> Layer:
    name = f"blocks.{number}"
    pattern = cache[f"{name}.attn.hook_pattern"][0]
    before, behind = (cache[f"{name}.{norm}.hook_scale"][0] for norm in ("ln1", "ln2"))
    values, value_bias = model.W_V[number], model.b_V[number][:, None]
    output, output_bias = model.W_O[number], model.b_O[number]

    def attend(stream: Tensor) -> Tensor:
        mixed = pattern @ (_centred(stream, before) @ values + value_bias)  # [head, pos, d_head]
        return (mixed @ output).sum(0) + output_bias

    return Layer(attend, lambda stream: _centred(stream, behind), transcoder)


def _answer(model: Any, cache: Any, country: str) -> Callable[[Tensor], Tensor]:
    right = model.to_single_token(" " + CAPITALS[country])
    wrong = [model.to_single_token(" " + capital) for name, capital in CAPITALS.items() if name != country]
    scale = cache["ln_final.hook_scale"][0, -1]
    direction = model.W_U[:, right] - model.W_U[:, wrong].mean(1)
    shift = model.b_U[right] - model.b_U[wrong].mean()
    return lambda stream: _centred(stream[-1], scale) @ direction + shift


def capital_prompt(model: Any, country: str) -> Tensor:
    """The ids of 'The capital of … is', [1, pos]."""
    ids: Tensor = model.to_tokens(f"The capital of {country} is")
    return ids


def capital_run(model: Any, transcoders: Sequence[Transcoder], country: str = "France") -> CapitalRun:
    """Run the model on 'The capital of … is', and freeze the run."""
    ids = capital_prompt(model, country)
    with torch.no_grad():
        _, cache = model.run_with_cache(ids)
    numbers = range(model.cfg.n_layers)
    return CapitalRun(
        tokens=[str(token) for token in model.to_str_tokens(ids[0])],
        start=cache["blocks.0.hook_resid_pre"][0].clone(),
        layers=[_layer(model, cache, number, transcoders[number]) for number in numbers],
        reads=[cache[f"blocks.{number}.ln2.hook_normalized"][0] for number in numbers],
        writes=[cache[f"blocks.{number}.hook_mlp_out"][0] for number in numbers],
        answer=_answer(model, cache, country),
    )


@torch.no_grad()
def logits_with(
    model: Any,
    transcoders: Sequence[Transcoder],
    country: str,
    changes: Sequence[tuple[int, int, int, float]],
) -> Tensor:
    """Logits after 'The capital of … is', with some latents multiplied. Nothing is frozen: what comes later is computed as usual.

    Args:
        model: the whole model, not the frozen one.
        transcoders: one for each MLP.
        country: in the prompt.
        changes: layer, position, number and factor of each latent that is changed. 0 takes it away.
    """
    ids = capital_prompt(model, country)
    reads = [f"blocks.{number}.ln2.hook_normalized" for number in range(model.cfg.n_layers)]
    _, cache = model.run_with_cache(ids, names_filter=reads)

    def change(layer: int) -> Callable[..., Tensor]:
        def write(value: Tensor, hook: Any) -> Tensor:
            value = value.clone()
            for at, position, number, factor in changes:
                if at == layer:
                    parts = transcoders[layer]
                    active = cache[reads[layer]][0, position] @ parts.encoder[:, number] + parts.encoder_bias[number]
                    value[0, position] += (
                        (factor - 1) * active * (active > parts.threshold[number]) * parts.decoder[number]
                    )
            return value

        return write

    hooks = [(f"blocks.{layer}.hook_mlp_out", change(layer)) for layer in {each[0] for each in changes}]
    logits: Tensor = model.run_with_hooks(ids, fwd_hooks=hooks)
    return logits[0, -1]
