# RIGHT: loops in float64; the direction is centred instead of the components (the same), and the rest is what is left of the logit difference
# %%
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


# %%
def direct_logit_attribution(
    model: Any, tokens: Int[Tensor, "batch pos"], correct: Int[Tensor, " batch"], wrong: Int[Tensor, " batch"]
) -> dict[str, Float[Tensor, "batch ..."]]:
    """Divide the logit difference of two answers among heads, MLPs and the rest.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html.

    Args:
        model: a `TransformerBridge` (in compatibility mode) or a `HookedTransformer`, with its LayerNorms folded. It has
            no hooks afterwards. What its layers write need not be centred: subtract each component's mean over its
            entries.
        tokens: prompts of equal length, shape `[batch, pos]`.
        correct: the token id of the right answer to each prompt, shape `[batch]`.
        wrong: the token id of a wrong one, shape `[batch]`.

    Returns:
        `heads` `[batch, layer, head]`, `mlps` `[batch, layer]` and `rest` `[batch]` (embeddings, `b_O` of all layers,
        and `b_U`), in logits: what each contributes to the logit of `correct` minus that of `wrong` at the last
        position, at the scale that the final LayerNorm had in this run. They sum to the logit difference.

    """
    with torch.no_grad():
        logits, cache = model.run_with_cache(tokens)
    n_layers, n_heads = model.W_O.shape[0], model.W_O.shape[1]
    result = {
        "heads": torch.zeros(len(tokens), n_layers, n_heads, dtype=torch.float64),
        "mlps": torch.zeros(len(tokens), n_layers, dtype=torch.float64),
        "rest": torch.zeros(len(tokens), dtype=torch.float64),
    }
    for row in range(len(tokens)):
        good, bad = int(correct[row]), int(wrong[row])
        u = (model.W_U[:, good].double() - model.W_U[:, bad].double()).detach()
        u = u - u.mean()  # (x - mean(x)) . u  ==  x . (u - mean(u))
        u = u / cache["ln_final.hook_scale"][row, -1].double()
        for layer in range(n_layers):
            z = cache[f"blocks.{layer}.attn.hook_z"][row, -1].double()
            for head in range(n_heads):
                written = z[head] @ model.W_O[layer, head].detach().double()
                result["heads"][row, layer, head] = float(written @ u)
            result["mlps"][row, layer] = float(cache[f"blocks.{layer}.hook_mlp_out"][row, -1].double() @ u)
        difference = float(logits[row, -1, good].double() - logits[row, -1, bad].double())
        result["rest"][row] = difference - result["heads"][row].sum() - result["mlps"][row].sum()
    return {name: values.to(device=logits.device, dtype=logits.dtype) for name, values in result.items()}


