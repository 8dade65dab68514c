# WRONG: takes the latent on the second axis, which is right for [token, d_sae] only; promised: 'shape [..., d_sae]', any number of leading axes
import torch


def sae_decode(latents, W_dec, b_dec):
    return torch.nn.functional.linear(latents, W_dec.T, b_dec)


def contribution(latents, W_dec, latent):
    strength = latents.select(1, latent)
    return strength[..., None] * W_dec[latent]
