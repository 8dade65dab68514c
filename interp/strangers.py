"""Prompts whose answer depends on whether the giver was named before, and what a model makes of them.

"Mary and John went to the store. John gave a bottle to" goes on with Mary. With Bob as the giver nobody of the two is
ruled out, and the text goes on with "them". Only the giver's name differs, so a head that carries the difference knows
that the name came before; a rule that goes by the place of the giver alone cannot tell the two apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .circuits import answer_ids, padded_ids
from .prompts import IOIPrompt, ioi_prompts
from .words import NAMES

THEM = " them"


def stranger_prompts(count: int, seed: int) -> list[tuple[IOIPrompt, str]]:
    """Held-out pairs as the card asks them, each with its twin in which a third person gives."""
    rng = np.random.default_rng(seed)
    pairs = []
    for prompt in ioi_prompts(count, seed, held_out="pair"):
        others = [name for name in NAMES if name not in (prompt.io, prompt.subject)]
        before, _, after = prompt.clean.rpartition(prompt.subject)
        pairs.append((prompt, before + others[int(rng.integers(len(others)))] + after))
    return pairs


@dataclass(frozen=True)
class StrangerReport:
    """What the answer does, and [layer, head] maps of what carries the difference.

    `named`, `unnamed`: logit of "them" minus logit of the receiver, for a giver who was named and for a stranger.
    `duplicate`: attention from the giver who was named to the first mention; `elsewhere`: from the stranger to that place.
    `carried`: the share of the difference that comes back when the head's output of the named giver's run is put into the
    stranger's run. `without`: the difference that is left when the head's output is its mean over both.
    """

    receiver: float
    them: float
    named: float
    unnamed: float
    duplicate: Tensor
    elsewhere: Tensor
    carried: Tensor
    without: Tensor


@torch.no_grad()
def measure(model: Any, count: int = 64, seed: int = 11) -> StrangerReport:
    """Ask the model both kinds of prompts, and move each head's output from one kind to the other."""
    pairs = stranger_prompts(count, seed)
    prompts = [prompt for prompt, _ in pairs]
    named, ends = padded_ids(model, [prompt.clean for prompt in prompts])
    unnamed, _ = padded_ids(model, [text for _, text in pairs])
    right, _ = answer_ids(model, prompts)
    them = model.to_single_token(THEM)
    rows = torch.arange(count)
    # One more than the prompt's own positions: the text end stands in front.
    first, second = (torch.tensor([getattr(p, name) + 1 for p in prompts]) for name in ("s1_position", "s2_position"))

    def gap(logits: Tensor) -> float:
        return float((logits[rows, ends, them] - logits[rows, ends, right]).mean())

    def run(ids: Tensor, hook_name: str, head: int, value: Tensor) -> float:
        def replace(z: Tensor, hook: Any) -> Tensor:
            z = z.clone()
            z[:, :, head] = value
            return z

        return gap(model.run_with_hooks(ids, fwd_hooks=[(hook_name, replace)]))

    logits, cache = model.run_with_cache(named)
    other_logits, other_cache = model.run_with_cache(unnamed)
    low, high = gap(logits), gap(other_logits)
    shape = model.cfg.n_layers, model.cfg.n_heads
    duplicate, elsewhere, carried, without = (torch.zeros(shape) for _ in range(4))
    for layer in range(shape[0]):
        pattern = f"blocks.{layer}.attn.hook_pattern"
        duplicate[layer] = cache[pattern][rows, :, second, first].mean(0)
        elsewhere[layer] = other_cache[pattern][rows, :, second, first].mean(0)
        hook = f"blocks.{layer}.attn.hook_z"
        for head in range(shape[1]):
            z, other = cache[hook][:, :, head], other_cache[hook][:, :, head]
            carried[layer, head] = (high - run(unnamed, hook, head, z)) / (high - low)
            mean = (z + other) / 2
            without[layer, head] = run(unnamed, hook, head, mean) - run(named, hook, head, mean)
    return StrangerReport(
        receiver=_share(logits, rows, ends, right),
        them=_share(other_logits, rows, ends, torch.full_like(right, them)),
        named=low,
        unnamed=high,
        duplicate=duplicate,
        elsewhere=elsewhere,
        carried=carried,
        without=without,
    )


def _share(logits: Tensor, rows: Tensor, ends: Tensor, wanted: Tensor) -> float:
    return float((logits[rows, ends].argmax(-1) == wanted).float().mean())
