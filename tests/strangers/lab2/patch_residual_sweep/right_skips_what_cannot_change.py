"""Where all tokens up to a position are equal in both prompts, the two streams are too: no run needed."""

from collections.abc import Callable
from typing import Any
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens import ActivationCache


def patch_residual_sweep(
    model: Any,
    clean_tokens: Int[Tensor, "batch pos"],
    corrupted_tokens: Int[Tensor, "batch pos"],
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> Float[Tensor, "layer pos"]:
    with torch.no_grad():
        same = (clean_tokens == corrupted_tokens).all(dim=0).long().cumprod(dim=0).bool().tolist()
        wanted = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)]
        _, clean = model.run_with_cache(clean_tokens, names_filter=lambda name: name in wanted)
        untouched = metric(model(corrupted_tokens))
        result = untouched.new_empty(len(wanted), len(same))
        for layer, name in enumerate(wanted):
            for position, unchanged in enumerate(same):
                if unchanged:
                    result[layer, position] = untouched
                    continue
                mask = torch.arange(len(same), device=corrupted_tokens.device) == position

                def hook(resid, hook, mask=mask, name=name):
                    return torch.where(mask[None, :, None], clean[name], resid)

                result[layer, position] = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook)]))
    return result


def patch_component_sweep(
    model: Any,
    corrupted_tokens: Int[Tensor, "batch pos"],
    clean_cache: ActivationCache,
    metric: Callable[[Float[Tensor, "batch pos d_vocab"]], Float[Tensor, ""]],
) -> dict[str, Float[Tensor, "layer pos"]]:
    def names(part):
        return [f"blocks.{layer}.hook_{part}" for layer in range(model.cfg.n_layers)]

    _, own = model.run_with_cache(corrupted_tokens, names_filter=names("attn_out") + names("mlp_out"))
    maps = {part: [] for part in ("attn_out", "mlp_out")}
    for part, found in maps.items():
        for name in names(part):
            difference = clean_cache[name] - own[name]
            for place in range(corrupted_tokens.shape[1]):
                change = torch.zeros_like(difference)
                change[:, place] = difference[:, place]
                with model.hooks(fwd_hooks=[(name, lambda out, hook, change=change: out + change)]):
                    logits = model(corrupted_tokens)
                found.append(metric(logits))
    return {part: torch.stack(found).reshape(model.cfg.n_layers, -1) for part, found in maps.items()}
