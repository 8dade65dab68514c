# WRONG: takes the mean squared error over all entries; promised: 'the sum over the entries of one activation', the mean only over the batch
import torch
import torch.nn.functional as F


def sae_loss(x, reconstruction, latents, W_dec, l1_coefficient):
    mse = F.mse_loss(reconstruction, x)
    sparsity = (latents * W_dec.norm(dim=-1)).sum(-1).mean()
    return {"reconstruction": mse, "sparsity": sparsity, "loss": mse + l1_coefficient * sparsity}
