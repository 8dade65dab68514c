# WRONG: goes through the cache and takes what fits, so the order is the cache's; promised: 'in the order in which they are added', the cache may hold them 'in any order'
import re

import torch


def decompose_residual(cache, layer):
    pattern = re.compile(r"blocks\.(\d+)\.hook_(attn|mlp)_out$")
    n_layers = 1 + max((int(m[1]) for m in map(pattern.match, cache.keys()) if m), default=-1)
    if layer < 0 or layer > n_layers:
        raise ValueError("no such layer")
    labels, parts = ["embed", "pos_embed"], [cache["hook_embed"], cache["hook_pos_embed"]]
    for name, value in cache.items():
        match = pattern.match(name)
        if match and int(match[1]) < layer:
            labels.append(f"L{match[1]} {match[2]}")
            parts.append(value)
    return labels, torch.stack(parts)
