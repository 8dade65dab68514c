# WRONG: checks only the upper bounds, so (-1, -1) counts as a head; promised: 'Negative numbers are not in the model' (ValueError)
import torch
from torch.nn.functional import cross_entropy


def ablate_induction(model, tokens, heads, controls):
    half, odd = divmod(tokens.shape[1] - 1, 2)
    if half < 1 or odd:
        raise ValueError("pos must be 1 + 2 * half")
    if len(controls) == 0:
        raise ValueError("no control set")
    sizes = model.cfg.n_layers, model.cfg.n_heads
    if any(n >= size for heads_of_run in (heads, *controls) for head in heads_of_run for n, size in zip(head, sizes)):
        raise ValueError("a head is not in the model")

    def silence(numbers):
        def hook_fn(z, hook):
            off = torch.zeros(z.shape[2], 1, dtype=torch.bool, device=z.device)
            off[numbers] = True
            return z.masked_fill(off, 0.0)

        return hook_fn

    def loss_without(removed):
        by_layer = {}
        for layer, head in removed:
            by_layer.setdefault(layer, []).append(head)
        hooks = [(f"blocks.{layer}.attn.hook_z", silence(numbers)) for layer, numbers in by_layer.items()]
        with torch.no_grad():
            logits = model.run_with_hooks(tokens, fwd_hooks=hooks)
        return cross_entropy(logits[:, half:-1].flatten(0, 1), tokens[:, half + 1 :].flatten()).item()

    clean, ablated, *others = map(loss_without, ([], heads, *controls))
    others = torch.tensor(others)
    return {"clean": clean, "ablated": ablated, "controls": others, "effect": ablated - others.mean().item()}
