"""Multiplies z by a mask of ones and zeros inside the hooks context, and takes the loss from the logits."""

import torch
from torch.nn.functional import cross_entropy


def keep_mask(model, group):
    keep = torch.ones(model.cfg.n_layers, model.cfg.n_heads)
    for layer, head in group:
        if layer not in range(model.cfg.n_layers) or head not in range(model.cfg.n_heads):
            raise ValueError(f"the model has no head {head} in a layer {layer}")
        keep[layer, head] = 0
    return keep


def ablate_induction(model, tokens, heads, controls):
    half, rest = divmod(tokens.shape[-1] - 1, 2)
    if rest or half < 1:
        raise ValueError("the tokens are not BOS and two equal halves")
    if not controls:
        raise ValueError("nothing to compare with")
    masks = [keep_mask(model, group) for group in ([], heads, *controls)]
    losses = []
    for keep in masks:

        def scale(z, hook, keep=keep):
            return z * keep[hook.layer()].to(z)[:, None]

        points = [(f"blocks.{layer}.attn.hook_z", scale) for layer in range(model.cfg.n_layers)]
        with torch.no_grad(), model.hooks(fwd_hooks=points):
            logits = model(tokens)[:, half:-1]
        losses.append(cross_entropy(logits.flatten(0, 1), tokens[:, half + 1 :].flatten()))
    clean, ablated, *others = losses
    others = torch.stack(others)
    return {
        "clean": float(clean),
        "ablated": float(ablated),
        "controls": others,
        "effect": float(ablated - others.mean()),
    }
