"""One nested comprehension, short cache names, and an index_copy in the hook."""

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def measure(model, tokens, clean, metric, where, place):
    name = "blocks.{}.hook_{}".format(*where)
    index = torch.tensor([place], device=clean.device)

    def hook(out, hook):
        return out.index_copy(1, index, clean.index_select(1, index))

    return metric(model.run_with_hooks(tokens, fwd_hooks=[(name, hook)], return_type="logits"))


@torch.no_grad()
def patch_component_sweep(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> dict[str, Float[Tensor, "layer pos"]]:
    return {
        part: torch.stack(
            [
                torch.stack(
                    [
                        measure(model, corrupted_tokens, clean_cache[part, layer], metric, (layer, part), place)
                        for place in range(corrupted_tokens.size(1))
                    ]
                )
                for layer in range(model.cfg.n_layers)
            ]
        )
        for part in ("attn_out", "mlp_out")
    }
