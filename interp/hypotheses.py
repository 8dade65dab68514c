"""Where heads look on prompts that somebody designed: names for the slots `{A}`, `{B}` and `{S}` of a template."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

TEMPLATE: Final = "When {A} and {B} went to the store, {S} gave a bottle to"
DEMO_NAMES: Final = ("John", "Mary", "Anna", "Tom", "Emma", "Peter", "Kate", "Paul")


def attention_to_giver(model: Any, template: str, prompts: Sequence[Sequence[str]]) -> Tensor:
    """Attention from the last token to the giver, `[prompt, layer, head]`. Each prompt is the names (A, B, S)."""
    return torch.stack([_look(model, template, *prompt) for prompt in prompts])


@torch.no_grad()
def _look(model: Any, template: str, first: str, second: str, giver: str) -> Tensor:
    text = template.format(A=first, B=second, S=giver)
    before = template.partition("{S}")[0].format(A=first, B=second).rstrip()
    # The start of a text stands in front of both, so the giver is the token behind those before it.
    place = model.to_tokens(before).shape[1]
    _, cache = model.run_with_cache(model.to_tokens(text), names_filter=lambda name: name.endswith("hook_pattern"))
    return torch.stack([cache["pattern", layer][0, :, -1, place] for layer in range(model.cfg.n_layers)])
