# WRONG: the first position is always left out, also where no special token stands there; promised: 'The latents of all positions that do not hold a special token'
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
    keep[:, 0] = False
    places = keep.nonzero()
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        latents = sae.encode(cache[name])
    latents = latents[places[:, 0], places[:, 1]]
    return latents, places
