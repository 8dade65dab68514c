# WRONG: a layer that is too high ends in a KeyError of the cache; promised: ValueError when layer is 'more than the number of layers in the cache'
import torch


def decompose_residual(cache, layer):
    if layer < 0:
        raise ValueError("layer is negative")
    labels = ["embed", "pos_embed"]
    parts = [cache["hook_embed"], cache["hook_pos_embed"]]
    for l in range(layer):
        labels += [f"L{l} attn", f"L{l} mlp"]
        parts += [cache[f"blocks.{l}.hook_attn_out"], cache[f"blocks.{l}.hook_mlp_out"]]
    return labels, torch.stack(parts, dim=0)
