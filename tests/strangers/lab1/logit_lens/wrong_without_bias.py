# WRONG: multiplies with W_U and forgets b_U; the text: "$\mathrm{LN}_{\mathrm{final}}(x_l)\, W_U + b_U$" and "The last row is the model's own probability"
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
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens)
        streams = torch.stack([cache["resid_post", layer][:, -1] for layer in range(model.cfg.n_layers)])
        probabilities = (model.ln_final(streams) @ model.W_U).softmax(dim=-1)  # [layer, batch, d_vocab]
    rows = torch.arange(len(targets), device=probabilities.device)
    return probabilities[:, rows, targets.to(probabilities.device)]


