# RIGHT: own hooks keep the last position, all layers go through the last step as one big batch, log-softmax in float64
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
    kept = {}

    def keeper(layer):
        def keep(stream, hook):
            kept[layer] = stream[:, -1].detach().clone()
            return stream

        return keep

    layers = range(model.cfg.n_layers)
    hooks = [(f"blocks.{layer}.hook_resid_post", keeper(layer)) for layer in layers]
    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=hooks)
        streams = torch.cat([kept[layer] for layer in layers])[:, None]  # [layer * batch, 1, d_model]
        logits = model.unembed(model.ln_final(streams)).squeeze(1)
    logs = logits.double().log_softmax(dim=-1).reshape(len(layers), len(tokens), -1)
    picked = [logs[:, place, int(target)] for place, target in enumerate(targets)]
    return torch.stack(picked, dim=-1).exp().to(logits.dtype)


