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


def patch_residual_sweep(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer pos"]:
    batch, length = corrupted_tokens.shape
    copies = corrupted_tokens.repeat(length, 1)
    result = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.hook_resid_pre"
        clean = model.run_with_cache(clean_tokens, names_filter=[name])[1][name]

        def patch(resid, hook, clean=clean):
            apart = resid.reshape(length, batch, length, -1).clone()
            for position in range(length):
                apart[position, :, position] = clean[:, position]
            return apart.reshape(resid.shape)

        logits = model.run_with_hooks(copies, fwd_hooks=[(name, patch)])
        result.append(torch.stack([metric(part) for part in logits.split(batch)]))
    return torch.stack(result)
