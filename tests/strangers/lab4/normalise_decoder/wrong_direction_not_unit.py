# WRONG: projects on the direction as it is, which is right for length 1 only; promised: `W_dec` has 'the directions, of any length'
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
    along = (gradient * W_dec).sum(dim=1, keepdim=True)
    return gradient - along * W_dec
