# RIGHT: never forms d_model x d_model: norms from small Gram matrices, in float64; baseline from a NumPy generator of its own
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor


def _composition(tall, wide, late_tall, late_wide):
    """Scores of tall @ wide with late_tall @ late_wide, for all heads of both layers."""
    left = tall.mT @ tall  # [early, h, h]
    right = late_wide @ late_wide.mT  # [late, h, h]
    middle = torch.einsum("ehd,ldk->elhk", wide, late_tall)
    product = torch.einsum("elhk,ehg,elgm,lkm->el", middle, left, middle, right)
    early_size = (left * (wide @ wide.mT)).sum(dim=(-2, -1))
    late_size = ((late_tall.mT @ late_tall) * right).sum(dim=(-2, -1))
    return (product / (early_size[:, None] * late_size[None, :])).clamp(0, 1).sqrt()


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

    e_V, e_O, l_Q, l_K, l_V, l_O = (
        W.double() for W in (early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O)
    )
    pairs = {"Q": (l_Q, l_K.mT), "K": (l_K, l_Q.mT), "V": (l_V, l_O)}
    return {kind: _composition(e_V, e_O, *pair).to(early_W_V.dtype) for kind, pair in pairs.items()}


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
    rng = np.random.default_rng(seed % 2**63)
    scores = np.empty(samples)
    for sample in range(samples):
        W1, W3 = rng.standard_normal((2, d_model, d_head))
        W2, W4 = rng.standard_normal((2, d_head, d_model))
        A, B = W1 @ W2, W3 @ W4
        scores[sample] = np.linalg.norm(A @ B) / np.linalg.norm(A) / np.linalg.norm(B)
    return float(scores.mean())
