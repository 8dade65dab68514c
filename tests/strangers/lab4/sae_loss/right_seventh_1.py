# RIGHT: sums and means along named axes
import torch
from jaxtyping import Float
from torch import Tensor


def sae_loss(
    x: Float[Tensor, "batch d_in"],
    reconstruction: Float[Tensor, "batch d_in"],
    latents: Float[Tensor, "batch d_sae"],
    W_dec: Float[Tensor, "d_sae d_in"],
    l1_coefficient: float,
) -> dict[str, Float[Tensor, ""]]:
    """Compute the training loss of a sparse autoencoder and its two terms.

    Source: https://transformer-circuits.pub/2024/april-update/index.html

    Args:
        x: activations, shape `[batch, d_in]`.
        reconstruction: what the SAE makes of them, shape `[batch, d_in]`.
        latents: shape `[batch, d_sae]`, none negative.
        W_dec: the decoder's directions, one row for each latent, shape `[d_sae, d_in]`.
        l1_coefficient: the weight of the sparsity term in the loss.

    Returns:
        Three tensors without axes: `"reconstruction"`, the mean over the batch of the squared distances; `"sparsity"`, the
        mean over the batch of the sums of latents times the lengths of their directions, not yet weighted; and `"loss"`,
        the first plus `l1_coefficient` times the second.

    """
    distance = (x - reconstruction).pow(2).sum(dim=-1).mean()
    sparsity = (latents * W_dec.norm(dim=-1)).sum(dim=-1).mean()
    return {"reconstruction": distance, "sparsity": sparsity, "loss": distance + l1_coefficient * sparsity}
