# RIGHT: correct in every promise
import torch


def _length(W_dec):
    """The length of each row [d_sae, 1], without underflow of the squares."""
    largest = W_dec.abs().amax(dim=1, keepdim=True)
    unit = W_dec / torch.where(largest > 0, largest, torch.ones_like(largest))
    return largest * torch.linalg.vector_norm(unit, dim=1, keepdim=True)


def normalise_decoder(W_enc, b_enc, W_dec):
    length = _length(W_dec)
    factor = torch.where(length > 0, length, torch.ones_like(length))
    return W_enc * factor.T, b_enc * factor.squeeze(1), W_dec / factor


def remove_parallel(gradient, W_dec):
    length = _length(W_dec)
    unit = W_dec / torch.where(length > 0, length, torch.ones_like(length))  # a row of zeros stays zeros
    return gradient - torch.einsum("ji,ji->j", gradient, unit).unsqueeze(1) * unit
