"""Contexts of a latent, and descriptions of it that a computer can apply: sets of words."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from .latents import token_rows
from .tokenizer import token_ids
from .words import NAMES

Description = Callable[[Tensor], Tensor]

#: the latent whose strongest examples are all " handed", and the one whose strongest examples are all " Emma"
GIVING: Final = 91
NAME: Final = 86
VERBS_OF_GIVING: Final = (" handed", " gave", " sent", " showed", " offered", " brought")
ALL_NAMES: Final = tuple(form for name in NAMES for form in (name, " " + name))


@dataclass(frozen=True)
class Contexts:
    """Short pieces of held-out text, and what a latent does there.

    Attributes:
        tokens: shape `[context, pos]`.
        activations: of the latent, shape `[context, pos]`; 0 at text ends.
        decoys: for each context as many other tokens as are active, or all others if these are fewer.
    """

    tokens: Tensor
    activations: Tensor
    decoys: Tensor


def words(chosen: Collection[str]) -> Description:
    """The description "one of these words"."""
    known = token_ids()
    ids = torch.tensor([known[word] for word in chosen if word in known])
    return lambda tokens: torch.isin(tokens, ids)


@torch.no_grad()
def contexts(model: Any, sae: Any, latents: Collection[int], rows: int = 160, width: int = 16) -> dict[int, Contexts]:
    """What some latents do in pieces of `width` tokens."""
    hook_name = sae.cfg.metadata.hook_name
    ids = token_rows(np.random.default_rng(5), rows, held_out=True)
    _, cache = model.run_with_cache(ids, names_filter=hook_name, stop_at_layer=int(hook_name.split(".")[1]) + 1)
    activations = sae.encode(cache[hook_name])
    activations[ids == model.tokenizer.eos_token_id] = 0
    tokens = ids.reshape(-1, width)
    found = {latent: activations[..., latent].reshape(-1, width).clone() for latent in latents}
    return {latent: Contexts(tokens, each, _decoys(each)) for latent, each in found.items()}


def _decoys(activations: Tensor) -> Tensor:
    """As many tokens as are active, drawn from those that are not."""
    active = activations > 0
    order = torch.rand(active.shape, generator=torch.Generator().manual_seed(0)).masked_fill(active, 2)
    return (order.argsort(dim=1).argsort(dim=1) < active.sum(dim=1, keepdim=True)) & ~active
