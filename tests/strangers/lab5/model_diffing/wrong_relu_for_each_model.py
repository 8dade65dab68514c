# WRONG: applies the ReLU to each model's part before it adds them; promised: f = ReLU(sum over models + b)
import torch


def crosscoder_encode(x, W_enc, b_enc):
    # one long activation of all models side by side
    return torch.relu(torch.einsum("smd,mdl->sml", x, W_enc) + b_enc).sum(dim=1)


def crosscoder_decode(latents, W_dec, b_dec):
    return torch.tensordot(latents, W_dec, dims=1) + b_dec


def crosscoder_loss(x, latents, W_dec, b_dec, sparsity):
    missed = (x - crosscoder_decode(latents, W_dec, b_dec)).flatten(1).square().sum(dim=1)
    price = torch.linalg.vector_norm(W_dec, dim=2).sum(dim=1)  # its gradient at a row of zeros is 0
    return (missed + sparsity * (latents @ price)).mean()


def model_diffing(latents, W_dec):
    if W_dec.shape[1] != 2:
        raise ValueError("exactly two models can be compared")
    rows = W_dec.double()
    lengths = torch.linalg.vector_norm(rows, dim=2)
    both, product = lengths.sum(dim=1), lengths.prod(dim=1)
    unit = rows / torch.where(lengths > 0, lengths, torch.ones_like(lengths))[..., None]
    result = {
        "relative_norm": torch.where(both > 0, lengths[:, 1] / both, torch.full_like(both, 0.5)),
        "cosine": unit.prod(dim=1).sum(dim=1),
        "change": latents.amax(dim=0).double() * torch.linalg.vector_norm(rows[:, 1] - rows[:, 0], dim=1),
    }
    return {name: values.to(W_dec.dtype) for name, values in result.items()}


def steer_by_difference(x, W_dec, latent, strength):
    return torch.add(x, W_dec[latent, 1] - W_dec[latent, 0], alpha=strength)
