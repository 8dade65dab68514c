"""Road: whole streams through the last step, then a contraction with the targets as one-hot vectors."""

from functools import reduce
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


def logit_lens(
    model: Any, tokens: Int[Tensor, "batch pos"], targets: Int[Tensor, " batch"]
) -> Float[Tensor, "layer batch"]:
    with torch.inference_mode():
        _, cache = model.run_with_cache(tokens, names_filter=lambda name: name.endswith("hook_resid_post"))
        steps = (model.ln_final, model.unembed, lambda logits: logits[:, -1].log_softmax(-1).exp())
        layers = [
            reduce(lambda value, step: step(value), steps, cache[f"blocks.{number}.hook_resid_post"])
            for number in range(model.cfg.n_layers)
        ]
        answers = torch.stack(layers)
        one_hot = torch.nn.functional.one_hot(targets.to(answers.device), answers.shape[-1]).to(answers.dtype)
        found = torch.einsum("lbv,bv->lb", answers, one_hot)
    return found.clone()
