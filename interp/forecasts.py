"""What there is to predict about the heads of a model: what one may look at before, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .circuits import names

#: A head matters if patching it brings back this share of the logit difference, or taking it away loses it.
MATTERS = 0.1


@dataclass(frozen=True)
class Maps:
    """Maps [layer, head] for prompts with two names."""

    attention: Tensor  # the share of attention that goes from the last word to the three names
    patched: Tensor  # whether the head's clean output brings back a tenth of the logit difference
    ablated: Tensor  # whether a tenth of it is lost when the head's output is its mean


def name_maps(model: Any) -> Maps:
    """The maps of a model, on the held-out prompts of its card."""
    found = names(model)
    attention = (found.to_io + found.to_s1 + found.to_s2).clamp(max=1)
    return Maps(attention, found.recovery >= MATTERS, found.ablated <= (1 - MATTERS) * found.clean)
