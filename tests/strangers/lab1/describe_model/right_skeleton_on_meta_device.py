"""Road: build the architecture out of torch.nn modules on the meta device, which holds no values, and count
theirs.
"""

from typing import Any

from torch import nn


def skeleton(cfg: Any) -> nn.Module:
    d, inner = cfg.d_model, cfg.n_heads * cfg.d_head
    with_no_values = {"device": "meta"}
    parts: list[nn.Module] = [
        nn.Embedding(cfg.d_vocab, d, **with_no_values),
        nn.Embedding(cfg.n_ctx, d, **with_no_values),
    ]
    for _ in range(cfg.n_layers):
        parts.append(nn.LayerNorm(d, **with_no_values))
        parts += [nn.Linear(d, inner, **with_no_values) for _ in range(3)] + [nn.Linear(inner, d, **with_no_values)]
        parts.append(nn.LayerNorm(d, **with_no_values))
        parts += [nn.Linear(d, cfg.d_mlp, **with_no_values), nn.Linear(cfg.d_mlp, d, **with_no_values)]
    return nn.ModuleList([*parts, nn.LayerNorm(d, **with_no_values)])


def describe_model(model: Any) -> dict[str, int]:
    described = {name: getattr(model.cfg, name) for name in ("n_layers", "n_heads", "d_model", "d_head", "d_mlp")}
    described.update(d_vocab=model.cfg.d_vocab, n_ctx=model.cfg.n_ctx)
    described["n_params"] = sum(weight.numel() for weight in skeleton(model.cfg).parameters())
    return described
