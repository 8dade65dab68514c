"""Road: hooks from functools.partial; the model's own context manager keeps the hook in place during all steps."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor


def _add(value: Tensor, hook: Any, addition: Tensor) -> Tensor:
    return value + addition


def _remove(value: Tensor, hook: Any, sae: Any, latent: int) -> Tensor:
    strengths = sae.encode(value).select(-1, latent)
    return value - torch.einsum("bp,d->bpd", strengths, sae.W_dec[latent])


def steering_hook(sae: Any, latent: int, coefficient: float) -> Callable[..., Tensor]:
    return partial(_add, addition=sae.W_dec[latent] * coefficient)


def ablation_hook(sae: Any, latent: int) -> Callable[..., Tensor]:
    return partial(_remove, sae=sae, latent=latent)


def steer(model: Any, tokens: Tensor, hook_name: str, hook: Callable[..., Tensor], steps: int) -> Tensor:
    pieces = [tokens]
    with torch.no_grad(), model.hooks(fwd_hooks=[(hook_name, hook)]):
        while len(pieces) <= steps:
            last = model(torch.cat(pieces, dim=1))[:, -1, :]
            pieces.append(last.topk(1, dim=-1).indices)
    return torch.cat(pieces, dim=1)
