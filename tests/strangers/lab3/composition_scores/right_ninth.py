import torch
from jaxtyping import Float
from torch import Tensor


def _scores(first: Tensor, second: Tensor) -> Tensor:
    """Composition of matrices [early, d, d] with matrices [late, d, d]."""
    product = first[:, None] @ second[None]
    size = lambda matrix: torch.linalg.matrix_norm(matrix, ord="fro")  # noqa: E731
    return (size(product) / (size(first)[:, None] * size(second)[None])).clamp(max=1.0)


def composition_scores(
    early_W_V: Float[Tensor, "early d_model d_head"],
    early_W_O: Float[Tensor, "early d_head d_model"],
    late_W_Q: Float[Tensor, "late d_model d_head"],
    late_W_K: Float[Tensor, "late d_model d_head"],
    late_W_V: Float[Tensor, "late d_model d_head"],
    late_W_O: Float[Tensor, "late d_head d_model"],
) -> dict[str, Float[Tensor, "early late"]]:
    """Q-, K- and V-composition of every early head with every late head."""
    # With W_V = Q R and Q's columns orthonormal, Q changes no norm: R W_O stands for W_V W_O.
    early = torch.linalg.qr(early_W_V, mode="r").R @ early_W_O
    late_QK = late_W_Q @ late_W_K.mT
    return {
        "Q": _scores(early, late_QK),
        "K": _scores(early, late_QK.mT),
        "V": _scores(early, late_W_V @ late_W_O),
    }


def random_baseline(d_model: int, d_head: int, samples: int, seed: int) -> float:
    """The mean score of random pairs."""
    source = torch.Generator().manual_seed(seed)

    def draw(rows, columns):
        return torch.randn(1, rows, columns, generator=source, dtype=torch.float64)

    total = 0.0
    for _ in range(samples):
        first = draw(d_model, d_head) @ draw(d_head, d_model)
        second = draw(d_model, d_head) @ draw(d_head, d_model)
        total += _scores(first, second).item()
    return total / samples
