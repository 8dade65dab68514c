"""Streams for lenses: what leaves each layer on course text, and at the end of questions for capitals.

Texts can leave countries out. A lens that is trained on them has then never met these countries or their capitals.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .latents import token_rows
from .words import CAPITALS

#: every third country: those that a lens is asked for
ASKED = tuple(CAPITALS)[::3]


@dataclass(frozen=True)
class LensTexts:
    """What a lens is trained on, and what chooses among its steps.

    Attributes:
        unembed: the model's last step, from a stream to logits.
        batches: streams `[layer, token, d_model]`, one batch for each step.
        held_out: streams of sentences that no batch has.
    """

    unembed: Callable[[Tensor], Tensor]
    batches: list[Tensor]
    held_out: Tensor


def lens_texts(model: Any, *, without: Collection[str] = (), steps: int = 200, size: int = 256) -> LensTexts:
    """Batches of course text, without some countries and their capitals."""
    train = _streams(model, text_rows(96, 1, without, held_out=False))
    chosen = torch.Generator().manual_seed(0)
    batches = [train[:, torch.randint(train.shape[1], (size,), generator=chosen)] for _ in range(steps)]
    return LensTexts(
        lambda x: model.unembed(model.ln_final(x)), batches, _streams(model, text_rows(8, 2, without, held_out=True))
    )


def capital_streams(model: Any, countries: Collection[str] = ASKED) -> tuple[Tensor, Tensor]:
    """The last position's streams after "The capital of … is", `[layer, country, d_model]`, and the answers' token ids."""
    ids = model.to_tokens([f"The capital of {country} is" for country in countries])
    answers = [model.to_single_token(" " + CAPITALS[country]) for country in countries]
    return _layers(model, ids)[:, :, -1], torch.tensor(answers)


def text_rows(count: int, seed: int, without: Collection[str], *, held_out: bool) -> Tensor:
    """Rows of course text as token ids, without some countries and their capitals."""
    words = [word for country in without for word in (country, CAPITALS[country])]
    return token_rows(np.random.default_rng(seed), count, held_out=held_out, without=words)


def _streams(model: Any, ids: Tensor) -> Tensor:
    """The streams `[layer, token, d_model]` at all tokens but the text ends."""
    return _layers(model, ids)[:, ids != model.tokenizer.eos_token_id]


@torch.no_grad()
def _layers(model: Any, ids: Tensor) -> Tensor:
    """What enters the first layer and leaves each, `[layer, batch, pos, d_model]`."""
    names = ["blocks.0.hook_resid_pre", *(f"blocks.{layer}.hook_resid_post" for layer in range(model.cfg.n_layers))]
    _, cache = model.run_with_cache(ids, names_filter=names)
    return torch.stack([cache[name] for name in names]).detach().clone()
