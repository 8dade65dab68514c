# WRONG: the entries go position by position through all texts, not text by text; promised: 'row after row and from left to right'
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def latent_activations(
    model: Any, sae: Any, tokens: Int[Tensor, "batch pos"], special: Int[Tensor, " special"]
) -> tuple[Float[Tensor, "token d_sae"], Int[Tensor, "token 2"]]:
    """Encode what a model computes on some texts, leaving out special positions."""
    name = sae.cfg.metadata.hook_name
    keep = ~torch.isin(tokens, special)
    places = keep.T.nonzero().flip(1)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        latents = sae.encode(cache[name])
    latents = latents[places[:, 0], places[:, 1]]
    return latents, places
