"""Broken: "It has no hooks before the call, and none after it." The hooks are taken off before each run, and those
of the last control set stay.
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
    if not everyone.issuperset([*heads, *(pair for group in controls for pair in group)]):
        raise ValueError("some head is not in the model")

    def loss_without(group: Heads) -> Tensor:
        model.reset_hooks()
        for layer, head in group:

            def silence(z, hook, head=head):
                z[:, :, head, :] = 0.0
                return z

            model.add_hook(f"blocks.{layer}.attn.hook_z", silence)
        with torch.no_grad():
            log_probs = model(tokens).log_softmax(dim=-1)
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
