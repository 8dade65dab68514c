# WRONG: multiplies late with early ("in the convention of TransformerLens: vectors are rows, and matrices act from the right": the product is A B)
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
    """Compute the Q-, K- and V-composition score of every early head with every late head.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html

    Args:
        early_W_V: value matrices of the heads of the earlier layer, `[early, d_model, d_head]`.
        early_W_O: their output matrices, `[early, d_head, d_model]`.
        late_W_Q: query matrices of the heads of the later layer, `[late, d_model, d_head]`.
        late_W_K: their key matrices, of the same shape.
        late_W_V: their value matrices, of the same shape.
        late_W_O: their output matrices, `[late, d_head, d_model]`.

    Returns:
        `"Q"`, `"K"` and `"V"`, each of shape `[early, late]`, between 0 and 1: the Frobenius norm of the product of the
        early head's OV matrix with the late head's QK matrix, its transpose, or its OV matrix, divided by the norms of
        the two.

    """

    OV = early_W_V @ early_W_O
    QK = late_W_Q @ late_W_K.transpose(-2, -1)
    later = {"Q": QK, "K": QK.transpose(-2, -1), "V": late_W_V @ late_W_O}
    scores = {}
    for kind, B in later.items():
        product = B[None, :] @ OV[:, None]
        sizes = OV.norm(dim=(-2, -1))[:, None] * B.norm(dim=(-2, -1))[None, :]
        scores[kind] = product.norm(dim=(-2, -1)) / sizes
    return scores


def random_baseline(d_model: int, d_head: int, samples: int, seed: int) -> float:
    """Compute the mean composition score of random pairs of heads.

    The same seed gives the same number, whatever was drawn before the call; and the global random states (PyTorch's,
    NumPy's, Python's) are the same after the call as before it.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html

    Args:
        d_model: width of the residual stream.
        d_head: width of a head.
        samples: number of pairs.
        seed: seed of the random draw.

    Returns:
        The mean over `samples` pairs of the score of two independent matrices, each the product of a `[d_model,
        d_head]` and a `[d_head, d_model]` matrix of independent standard normal entries. A Python float.

    """
    generator = torch.Generator().manual_seed(seed)
    total = 0.0
    for _ in range(samples):
        A = torch.randn(d_model, d_head, generator=generator) @ torch.randn(d_head, d_model, generator=generator)
        B = torch.randn(d_model, d_head, generator=generator) @ torch.randn(d_head, d_model, generator=generator)
        total += ((A @ B).norm() / (A.norm() * B.norm())).item()
    return total / samples
