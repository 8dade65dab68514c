"""Random directions, other ones for each seed."""
# expect: wrong
# exercise: train_sae
# levels: full

import torch


def training_tokens(activations, mask):
    return activations[mask], 1


def unscale(sae, scale):
    return dict(sae)


def tied(rows, mean, d_sae):
    rows = torch.nn.functional.normalize(rows[:d_sae].to(mean), dim=1)
    return {"W_enc": rows.T.clone(), "b_enc": mean.new_zeros(d_sae), "W_dec": rows.clone(), "b_dec": mean}


def train_sae(activations, mask, d_sae, k, steps, seed):
    x = activations[mask]
    rows = torch.randn(d_sae, x.shape[1], generator=torch.Generator().manual_seed(seed))
    return tied(rows, x.mean(dim=0), d_sae)
