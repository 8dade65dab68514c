# WRONG: end-of-text tokens at the end are taken for padding, and the answer is read before them; promised: 'every token belongs to its prompt, an end-of-text at the end too.'
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def logit_lens(
    model: Any, tokens: Int[Tensor, "batch pos"], targets: Int[Tensor, " batch"]
) -> Float[Tensor, "layer batch"]:
    """The probability of the target after every layer."""
    n_layers, batch = model.cfg.n_layers, tokens.shape[0]
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(n_layers)]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=names)
        text = (tokens != model.tokenizer.eos_token_id).long()
        end = (text * torch.arange(tokens.shape[1], device=tokens.device)).argmax(dim=1)
        streams = torch.cat([cache[name][torch.arange(batch), end] for name in names])  # [layer * batch, d_model]
        logits = model.unembed(model.ln_final(streams[:, None]))[:, 0]
        log_probabilities = logits.log_softmax(dim=-1).reshape(n_layers, batch, -1)
    index = targets.to(log_probabilities.device).expand(n_layers, batch)[..., None]
    return log_probabilities.gather(-1, index)[..., 0].exp()
