"""Breaks "Only these points may be hooked during the run": the points of the wanted kinds are hooked in every
layer.
"""

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def selective_cache(
    model: Any, tokens: Int[Tensor, "batch pos"], names: Sequence[str], position: int | None = None
) -> dict[str, Float[Tensor, "batch ..."]]:
    for name in names:
        if name not in model.hook_dict:
            raise ValueError(f"the model has no {name}")
    kinds = {name.split(".")[-1] for name in names}
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=lambda other: other.split(".")[-1] in kinds)
    return {name: (cache[name] if position is None else cache[name][:, position]).cpu().clone() for name in names}
