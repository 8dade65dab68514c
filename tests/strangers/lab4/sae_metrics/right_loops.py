"""Road: a loop over the activations with running sums, as one would do for data that come in pieces."""

import torch.nn.functional as F
from torch import Tensor


def sae_metrics(x: Tensor, reconstruction: Tensor, latents: Tensor) -> dict[str, float]:
    centre = x.mean(dim=0)
    error = spread = cosines = 0.0
    count, ever = 0, set()
    for before, after, code in zip(x, reconstruction, latents, strict=True):
        error += (before - after).square().sum().item()
        spread += (before - centre).square().sum().item()
        cosines += F.cosine_similarity(before, after, dim=0).item()
        on = code.gt(0).nonzero().flatten().tolist()
        count += len(on)
        ever.update(on)
    tokens, d_sae = latents.shape
    return {
        "l0": count / tokens,
        "explained_variance": 1 - error / spread,
        "dead": (d_sae - len(ever)) / d_sae,
        "cosine": cosines / tokens,
    }


def loss_recovered(clean: float, spliced: float, ablated: float) -> float:
    try:
        return (spliced - ablated) / (clean - ablated)
    except ZeroDivisionError:
        raise ValueError("ablated equals clean: no share can be given") from None
