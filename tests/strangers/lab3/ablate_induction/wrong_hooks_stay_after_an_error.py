"""Broken: "It has no hooks before the call, and none after it." A head that is not in the model is found out while
hooks are added, and those added before it stay.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor

Heads = list[tuple[int, int]]


def ablate_induction(
    model, tokens: Int[Tensor, "batch pos"], heads: Heads, controls: list[Heads]
) -> dict[str, float | Float[Tensor, " control"]]:
    half = (tokens.shape[1] - 1) // 2
    if half < 1 or tokens.shape[1] != 1 + 2 * half:
        raise ValueError("pos is not 1 + 2 * half")
    if not controls:
        raise ValueError("no control set")
    everyone = {(layer, head) for layer in range(model.cfg.n_layers) for head in range(model.cfg.n_heads)}

    def loss_without(group: Heads) -> Tensor:
        for layer, head in group:
            if (layer, head) not in everyone:
                raise ValueError("some head is not in the model")

            def silence(z, hook, head=head):
                z[:, :, head, :] = 0.0
                return z

            model.add_hook(f"blocks.{layer}.attn.hook_z", silence)
        with torch.no_grad():
            log_probs = model(tokens).log_softmax(dim=-1)
        model.reset_hooks()
        chosen = log_probs[:, :-1].gather(2, tokens[:, 1:, None])
        return -chosen[:, half:].mean()

    clean, ablated = loss_without([]), loss_without(heads)
    others = torch.stack([loss_without(group) for group in controls])
    return {
        "clean": clean.item(),
        "ablated": ablated.item(),
        "controls": others,
        "effect": (ablated - others.mean()).item(),
    }
