"""Broken: "random_baseline(d_model: int, d_head: int, samples: int, seed: int) -> float" The baseline is a tensor
without axes.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def composition_scores(
    early_W_V: Float[Tensor, "early d_model d_head"],
    early_W_O: Float[Tensor, "early d_head d_model"],
    late_W_Q: Float[Tensor, "late d_model d_head"],
    late_W_K: Float[Tensor, "late d_model d_head"],
    late_W_V: Float[Tensor, "late d_model d_head"],
    late_W_O: Float[Tensor, "late d_head d_model"],
) -> dict[str, Float[Tensor, "early late"]]:
    early = early_W_V @ early_W_O
    qk = late_W_Q @ late_W_K.transpose(1, 2)
    ov = late_W_V @ late_W_O

    def score(late: Tensor) -> Tensor:
        products = early[:, None] @ late[None]
        return products.norm(dim=(-2, -1)) / (early.norm(dim=(-2, -1))[:, None] * late.norm(dim=(-2, -1)))

    return {"Q": score(qk), "K": score(qk.transpose(1, 2)), "V": score(ov)}


def random_baseline(d_model: int, d_head: int, samples: int, seed: int) -> float:
    generator = torch.Generator().manual_seed(seed)
    total = 0.0
    for _ in range(samples):
        w1 = torch.randn(d_model, d_head, generator=generator)
        w2 = torch.randn(d_head, d_model, generator=generator)
        w3 = torch.randn(d_model, d_head, generator=generator)
        w4 = torch.randn(d_head, d_model, generator=generator)
        a, b = w1 @ w2, w3 @ w4
        total += torch.linalg.norm(a @ b) / (torch.linalg.norm(a) * torch.linalg.norm(b))
    return total / samples
