"""Breaks "ValueError: a name that the model does not have": it is a KeyError."""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=list(names))
    return {name: (cache[name] if position is None else cache[name][:, position]).cpu().clone() for name in names}
