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
    """Compute the training loss of a sparse autoencoder and its two terms."""
    batch = len(x)
    error = (x - reconstruction).flatten()
    squared = torch.dot(error, error) / batch
    # The mean over the batch first: the lengths do not depend on the sample.
    penalty = torch.dot(latents.sum(dim=0), torch.linalg.vector_norm(W_dec, dim=1)) / batch
    return {"reconstruction": squared, "sparsity": penalty, "loss": torch.add(squared, penalty, alpha=l1_coefficient)}
