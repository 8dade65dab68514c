# WRONG: adds a hook and never removes it ("it is left without hooks")
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def latent_activations(
    model: Any, sae: Any, tokens: Int[Tensor, "batch pos"], special: Int[Tensor, " special"]
) -> tuple[Float[Tensor, "token d_sae"], Int[Tensor, "token 2"]]:
    """Encode what a model computes on some texts, leaving out special positions.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`; it is left without hooks.
        sae: a `sae_lens.SAE`; the name of its hook point is `sae.cfg.metadata.hook_name`.
        tokens: the input of the model, shape `[batch, pos]`, special tokens included.
        special: the ids of the special tokens (BOS, padding), wherever they stand.

    Returns:
        The latents of all positions that do not hold a special token, shape `[token, d_sae]`, row after row and from
        left to right; and where they come from, shape `[token, 2]`: row and position in `tokens`. Where all tokens are
        special, both are empty: `[0, d_sae]` and `[0, 2]`.

    """
    name = sae.cfg.metadata.hook_name
    seen = []

    def keep(value, hook):
        seen.append(value.detach())

    with torch.no_grad():
        model.add_hook(name, keep)
        model(tokens)
        latents = sae.encode(seen[0])
    real = ~torch.isin(tokens, special.to(tokens))
    return latents[real.to(latents.device)], real.nonzero()
