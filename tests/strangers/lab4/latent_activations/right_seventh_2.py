# RIGHT: run_with_cache, a mask from comparisons, flat indices turned back into rows and positions
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
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=name)
        flat = sae.encode(cache[name]).flatten(0, 1)
    is_special = torch.zeros_like(tokens, dtype=torch.bool)
    for token in special.tolist():
        is_special |= tokens == token
    kept = torch.where(~is_special.flatten())[0]
    rows = torch.div(kept, tokens.shape[1], rounding_mode="floor")
    places = torch.stack([rows, kept % tokens.shape[1]], dim=1)
    return flat.index_select(0, kept.to(flat.device)), places
