# RIGHT: cache of the streams, layer by layer through ln_final and unembed
# %%
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def logit_lens(
    model: Any, tokens: Int[Tensor, "batch pos"], targets: Int[Tensor, " batch"]
) -> Float[Tensor, "layer batch"]:
    """Give the probability of a target token as each layer would answer it.

    Source: nostalgebraist 2020, https://www.lesswrong.com/posts/AcKRB8wDpdaN6v6ru/interpreting-gpt-the-logit-lens.

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`. It has no hooks afterwards.
        tokens: prompts of equal length, shape `[batch, pos]`. Nothing is padding: every token belongs to its prompt, an
            end-of-text at the end too.
        targets: one token id for each prompt, shape `[batch]`.

    Returns:
        Shape `[layer, batch]`: the probability of the target as the next token after the last position, read from the
        stream that leaves each layer (`hook_resid_post`) through the final LayerNorm and the unembedding. The last row
        is the model's own probability.

    """
    n_layers = model.cfg.n_layers
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens)
        rows = []
        for layer in range(n_layers):
            last = cache["resid_post", layer][:, -1:]  # [batch, 1, d_model]
            probabilities = model.unembed(model.ln_final(last))[:, 0].softmax(dim=-1)
            index = targets.to(probabilities.device)[:, None]
            rows.append(probabilities.gather(1, index)[:, 0])
    return torch.stack(rows)


