"""Matches all layers with a filter on the hook's name, and asks a set which heads to drop."""

from functools import partial

import torch


def drop(z, hook, group):
    layer = int(hook.name.split(".")[1])
    lost = torch.tensor([(layer, head) in group for head in range(z.shape[2])], device=z.device)
    return torch.where(lost[:, None], torch.zeros_like(z), z)


def is_z(name):
    return name.endswith("attn.hook_z")


@torch.no_grad()
def ablate_induction(model, tokens, heads, controls):
    pos = tokens.shape[1]
    if pos not in range(3, pos + 1, 2):
        raise ValueError("an odd number of positions is needed, three at least")
    if len(controls) < 1:
        raise ValueError("at least one control set is needed")
    groups = [set(), set(heads)] + [set(control) for control in controls]
    for layer, head in set().union(*groups):
        if min(layer, head) < 0 or layer >= model.cfg.n_layers or head >= model.cfg.n_heads:
            raise ValueError(f"L{layer}H{head} does not exist")
    means = []
    for group in groups:
        loss = model.run_with_hooks(
            tokens, return_type="loss", loss_per_token=True, fwd_hooks=[(is_z, partial(drop, group=group))]
        )
        means.append(loss[:, (pos - 1) // 2 :].mean())
    means = torch.stack(means)
    result = dict(zip(("clean", "ablated"), means[:2].tolist(), strict=True))
    return result | {"controls": means[2:], "effect": (means[1] - means[2:].mean()).item()}
