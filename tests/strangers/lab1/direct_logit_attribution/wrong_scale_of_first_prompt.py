# WRONG: the first prompt's scale for the whole batch (right for a batch of one); the text: "at the scale that the final LayerNorm had in this run. They sum to the logit difference" for each prompt
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
        _, cache = model.run_with_cache(tokens)
        layers = range(model.cfg.n_layers)
        scale = cache["ln_final.hook_scale"][0, -1].item()
        direction = (model.W_U[:, correct] - model.W_U[:, wrong]).T / scale  # [batch, d_model]

        def contribution(parts):  # [batch, ..., d_model]
            centred = parts - parts.mean(dim=-1, keepdim=True)
            return torch.einsum("b...d,bd->b...", centred, direction)

        z = torch.stack([cache[f"blocks.{layer}.attn.hook_z"][:, -1] for layer in layers], dim=1)
        heads = contribution(torch.einsum("blnh,lnhd->blnd", z, model.W_O))
        mlps = contribution(torch.stack([cache[f"blocks.{layer}.hook_mlp_out"][:, -1] for layer in layers], dim=1))
        start = cache["hook_embed"][:, -1] + cache["hook_pos_embed"][:, -1] + model.b_O.sum(dim=0)
        rest = contribution(start) + model.b_U[correct] - model.b_U[wrong]
    return {"heads": heads, "mlps": mlps, "rest": rest}


