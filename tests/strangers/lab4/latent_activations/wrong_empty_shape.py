# WRONG: where all tokens are special an early return gives tensors of the shapes [0] and [0] instead of [0, d_sae] and [0, 2]; promised: 'Where all tokens are special, both are empty: `[0, d_sae]` and `[0, 2]`.'
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
    if not keep.any():
        return torch.empty(0), torch.empty(0, dtype=torch.long)
    places = keep.nonzero()
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        latents = sae.encode(cache[name])
    latents = latents[places[:, 0], places[:, 1]]
    return latents, places
