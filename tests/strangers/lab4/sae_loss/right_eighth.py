# RIGHT: correct in every promise
import torch


def sae_loss(x, reconstruction, latents, W_dec, l1_coefficient):
    error = torch.einsum("bi,bi->b", x - reconstruction, x - reconstruction).mean()
    cost = torch.mv(latents, torch.linalg.vector_norm(W_dec, dim=1)).mean()
    return {"reconstruction": error, "sparsity": cost, "loss": error + l1_coefficient * cost}
