from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def latent_activations(
    model: Any, sae: Any, tokens: Int[Tensor, "batch pos"], special: Int[Tensor, " special"]
) -> tuple[Float[Tensor, "token d_sae"], Int[Tensor, "token 2"]]:
    """Encode what a model computes on some texts, leaving out special positions."""
    caught: dict[str, Tensor] = {}

    def catch(value: Tensor, hook: Any) -> None:
        caught["x"] = value.detach()

    ids = set(special.tolist())
    pairs = [
        (row, position)
        for row, text in enumerate(tokens.tolist())
        for position, token in enumerate(text)
        if token not in ids
    ]
    places = torch.tensor(pairs, dtype=torch.long, device=tokens.device).reshape(-1, 2)
    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, catch)])
        latents = sae.encode(caught["x"])
    return latents[places[:, 0], places[:, 1]], places
