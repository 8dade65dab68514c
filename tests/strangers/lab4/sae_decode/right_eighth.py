# RIGHT: correct in every promise
import torch


def sae_decode(latents, W_dec, b_dec):
    return torch.nn.functional.linear(latents, W_dec.T, b_dec)


def contribution(latents, W_dec, latent):
    strength = latents.select(-1, latent)
    return strength[..., None] * W_dec[latent]
