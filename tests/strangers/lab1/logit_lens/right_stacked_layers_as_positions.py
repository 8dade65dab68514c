"""Road: layers are stacked where positions would be, and one call of ln_final and unembed reads them all."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


@torch.no_grad()
def logit_lens(
    model: Any, tokens: Int[Tensor, "batch pos"], targets: Int[Tensor, " batch"]
) -> Float[Tensor, "layer batch"]:
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(model.cfg.n_layers)]
    _, cache = model.run_with_cache(tokens, names_filter=names)
    streams = torch.stack([cache[name][:, -1] for name in names], dim=1)
    probabilities = model.unembed(model.ln_final(streams)).softmax(dim=-1)
    index = targets.to(probabilities.device)[:, None, None].expand(-1, len(names), 1)
    return torch.gather(probabilities, 2, index).squeeze(2).T
