# WRONG: returns the sparsity term already multiplied by the coefficient; promised: `sparsity` is 'not yet weighted'
import torch


def sae_loss(x, reconstruction, latents, W_dec, l1_coefficient):
    error = torch.einsum("bi,bi->b", x - reconstruction, x - reconstruction).mean()
    cost = torch.mv(latents, torch.linalg.vector_norm(W_dec, dim=1)).mean()
    return {"reconstruction": error, "sparsity": l1_coefficient * cost, "loss": error + l1_coefficient * cost}
