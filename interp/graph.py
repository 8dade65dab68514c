"""A model as a graph: heads and MLPs as functions that read the stream and add to it, and the answer as one that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from .circuits import answer_ids, padded_ids
from .prompts import ioi_prompts

Block = Callable[[Tensor], Tensor]

_START = "blocks.0.hook_resid_pre"


@dataclass(frozen=True)
class NameGraph:
    """A GPT-2 on prompts with two names, as functions of its residual stream.

    Attributes:
        groups: the blocks in their order; those of one group read the same stream.
        names: of all blocks, such as L0H0 and MLP 0.
        metric: from the final stream to the mean logit difference at the last position.
        clean: what the embedding gives for the clean prompts; corrupted: for the corrupted ones.
    """

    groups: list[list[Block]]
    names: list[str]
    metric: Callable[[Tensor], Tensor]
    clean: Tensor
    corrupted: Tensor


def _normed(x: Tensor, epsilon: float) -> Tensor:
    """The final step of a LayerNorm whose weights were folded into what reads it."""
    return functional.layer_norm(x, x.shape[-1:], eps=epsilon)


def _head(model: Any, layer: int, head: int) -> Block:
    """One attention head; the bias behind the heads belongs to none, and changes no difference between runs."""
    q, k, v = (
        (getattr(model, f"W_{part}")[layer, head], getattr(model, f"b_{part}")[layer, head]) for part in ("Q", "K", "V")
    )
    # Taken out once: a model makes these tables anew at each call.
    output, bias = model.W_O[layer, head], model.b_O[layer] / model.cfg.n_heads

    def block(x: Tensor) -> Tensor:
        normed = _normed(x, model.cfg.eps)
        queries, keys, values = (normed @ weight + shift for weight, shift in (q, k, v))
        mixed = functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        written: Tensor = mixed @ output + bias
        return written

    return block


def _mlp(model: Any, layer: int) -> Block:
    up, down = (model.W_in[layer], model.b_in[layer]), (model.W_out[layer], model.b_out[layer])

    def block(x: Tensor) -> Tensor:
        inner = _normed(x, model.cfg.eps) @ up[0] + up[1]
        written: Tensor = functional.gelu(inner, approximate="tanh") @ down[0] + down[1]
        return written

    return block


def name_graph(model: Any, count: int = 8, seed: int = 11) -> NameGraph:
    """The graph of a model on held-out prompts."""
    prompts = ioi_prompts(count, seed, held_out="pair")
    clean, ends = padded_ids(model, [p.clean for p in prompts])
    corrupted, _ = padded_ids(model, [p.corrupted for p in prompts])
    right, wrong = answer_ids(model, prompts)
    direction = (model.W_U[:, right] - model.W_U[:, wrong]).T
    shift = (model.b_U[right] - model.b_U[wrong]).mean()

    def metric(x: Tensor) -> Tensor:
        last = _normed(x, model.cfg.eps)[torch.arange(count), ends]
        difference: Tensor = (last * direction).sum(-1).mean() + shift
        return difference

    def start(ids: Tensor) -> Tensor:
        _, cache = model.run_with_cache(ids, names_filter=_START)
        stream: Tensor = cache[_START].detach().clone()
        return stream

    groups, names = [], []
    for layer in range(model.cfg.n_layers):
        groups += [[_head(model, layer, head) for head in range(model.cfg.n_heads)], [_mlp(model, layer)]]
        names += [f"L{layer}H{head}" for head in range(model.cfg.n_heads)] + [f"MLP {layer}"]
    return NameGraph(groups, names, metric, start(clean), start(corrupted))
