"""Road: everything is encoded with its axes flattened; row and position come from division with remainder."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor


def without_graph(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def wrapped(*arguments: Any, **named: Any) -> Any:
        with torch.no_grad():
            return function(*arguments, **named)

    return wrapped


@without_graph
def latent_activations(model: Any, sae: Any, tokens: Tensor, special: Tensor) -> tuple[Tensor, Tensor]:
    cache = model.run_with_cache(tokens, names_filter=sae.cfg.metadata.hook_name)[1]
    everything = sae.encode(cache[sae.cfg.metadata.hook_name]).reshape(-1, sae.cfg.d_sae)
    flat = tokens.reshape(-1)
    is_special = torch.zeros_like(flat, dtype=torch.bool)
    for number in special.tolist():
        is_special |= flat == number
    index = torch.arange(len(flat), device=flat.device)[~is_special]
    width = tokens.shape[1]
    return everything.index_select(0, index), torch.stack([index // width, index % width], dim=1)
