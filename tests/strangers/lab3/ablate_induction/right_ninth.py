import torch
from jaxtyping import Float, Int
from torch import Tensor

Heads = list[tuple[int, int]]


def ablate_induction(
    model, tokens: Int[Tensor, "batch pos"], heads: Heads, controls: list[Heads]
) -> dict[str, float | Float[Tensor, " control"]]:
    """The loss on the second half without some heads, and without control heads."""
    pos = tokens.shape[1]
    half = pos // 2
    if pos < 3 or pos != 2 * half + 1:
        raise ValueError(f"{pos} positions are not 1 + 2 * half")
    if len(controls) == 0:
        raise ValueError("there is no control set")
    for layer, head in [pair for group in (heads, *controls) for pair in group]:
        if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
            raise ValueError(f"the model has no head {(layer, head)}")

    def mean_loss(removed):
        hooks = []
        for layer in {layer for layer, _ in removed}:
            gone = [head for place, head in removed if place == layer]

            def silence(z, hook, gone=gone):
                keep = torch.ones(z.shape[2], dtype=torch.bool, device=z.device)
                keep[gone] = False
                return z.masked_fill(~keep[:, None], 0.0)

            hooks.append((f"blocks.{layer}.attn.hook_z", silence))
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=hooks)
        predictions = logits[:, half : 2 * half].flatten(0, 1)
        wanted = tokens[:, half + 1 :].flatten().to(logits.device)
        return torch.nn.functional.cross_entropy(predictions, wanted)

    clean, ablated = mean_loss([]).item(), mean_loss(heads).item()
    compared = torch.stack([mean_loss(group) for group in controls])
    return {"clean": clean, "ablated": ablated, "controls": compared, "effect": ablated - compared.mean().item()}
