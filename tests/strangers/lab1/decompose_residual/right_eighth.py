# RIGHT: correct in every promise
from itertools import count, takewhile

import torch


def decompose_residual(cache, layer):
    present = set(cache.keys())
    depth = len(list(takewhile(lambda n: f"blocks.{n}.hook_attn_out" in present, count())))
    if not 0 <= layer <= depth:
        raise ValueError(f"layer must be from 0 to {depth}, not {layer}")
    names = {"embed": "hook_embed", "pos_embed": "hook_pos_embed"}
    for n in range(layer):
        names |= {f"L{n} {part}": f"blocks.{n}.hook_{part}_out" for part in ("attn", "mlp")}
    return list(names), torch.stack([cache[name] for name in names.values()])
