# WRONG: one cosine of all activations in one long vector ("the mean cosine of the angle between x_n and its reconstruction")
import torch
from jaxtyping import Float
from torch import Tensor


def sae_metrics(
    x: Float[Tensor, "token d_in"],
    reconstruction: Float[Tensor, "token d_in"],
    latents: Float[Tensor, "token d_sae"],
) -> dict[str, float]:
    """Measure how well and how sparsely an autoencoder describes activations.

    Args:
        x: activations, not all the same, shape `[token, d_in]`.
        reconstruction: what the SAE makes of them, shape `[token, d_in]`. No row of `x` or `reconstruction` is all zeros.
        latents: shape `[token, d_sae]`, none negative.

    Returns:
        `"l0"`, a mean count; `"explained_variance"`, at most 1; `"dead"`, a share of the latents; `"cosine"`.

    """
    x, reconstruction = x.double(), reconstruction.double()
    active = latents > 0
    error = (x - reconstruction).pow(2).sum()
    variance = (x - x.mean(dim=0)).pow(2).sum()
    return {
        "l0": active.double().sum(dim=-1).mean().item(),
        "explained_variance": (1 - error / variance).item(),
        "dead": (~active.any(dim=0)).double().mean().item(),
        "cosine": torch.cosine_similarity(x.flatten(), reconstruction.flatten(), dim=-1, eps=1e-100).mean().item(),
    }


def loss_recovered(clean: float, spliced: float, ablated: float) -> float:
    """Compute which share of the loss that ablating costs is saved by splicing in the reconstruction.

    Args:
        clean: the model's loss, in nats per token.
        spliced: its loss with the reconstruction in the activation's place.
        ablated: its loss with zeros in the activation's place.

    Returns:
        1 when splicing costs nothing, 0 when it costs as much as ablating; it may lie outside.

    Raises:
        ValueError: `ablated` equals `clean` exactly.

    """
    if ablated == clean:
        raise ValueError("ablating does no harm")
    return (ablated - spliced) / (ablated - clean)
