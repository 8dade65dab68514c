"""Road: hooks keep the streams, and the probability is exp of minus the cross entropy with the target."""

from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional


def logit_lens(
    model: Any, tokens: Int[Tensor, "batch pos"], targets: Int[Tensor, " batch"]
) -> Float[Tensor, "layer batch"]:
    streams: dict[int, Tensor] = {}

    def keeper(layer: int):
        def keep(stream, hook):
            streams[layer] = stream[:, -1:, :].detach()

        return keep

    n_layers = model.cfg.n_layers
    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=[(f"blocks.{i}.hook_resid_post", keeper(i)) for i in range(n_layers)])
        rows = []
        for _, stream in sorted(streams.items()):
            logits = model.unembed(model.ln_final(stream))[:, 0]
            rows.append(torch.exp(-functional.cross_entropy(logits, targets.to(logits.device), reduction="none")))
    return torch.stack(rows)
