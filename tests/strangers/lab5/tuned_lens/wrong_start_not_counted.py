# WRONG: the identity does not count among the candidates, so a layer that only got worse keeps a worse translator; promised: 'among the identity and those after each step'
from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float
from torch import Tensor

Unembed = Callable[[Tensor], Tensor]  # from streams [..., d_model] to logits [..., d_vocab], any axes in front


def lens_logits(
    unembed: Unembed,
    streams: Float[Tensor, "layer token d_model"],
    weights: Float[Tensor, "layer d_model d_model"],
    biases: Float[Tensor, "layer d_model"],
) -> Float[Tensor, "layer token d_vocab"]:
    """Read the stream of every layer through its own translator."""
    return unembed(streams @ weights + biases[:, None])


def lens_kl(
    unembed: Unembed,
    streams: Float[Tensor, "layer token d_model"],
    weights: Float[Tensor, "layer d_model d_model"],
    biases: Float[Tensor, "layer d_model"],
) -> Float[Tensor, " layer"]:
    """Measure how far each layer's lens is from the model's own answer."""
    log_q = lens_logits(unembed, streams, weights, biases).log_softmax(dim=-1)
    log_p = unembed(streams[-1]).log_softmax(dim=-1)
    kl = (log_p.exp() * (log_p - log_q)).sum(dim=-1)
    return kl.mean(dim=-1)


def tuned_lens(
    unembed: Unembed,
    batches: Iterable[Float[Tensor, "layer _ d_model"]],
    held_out: Float[Tensor, "layer token d_model"],
    rate: float,
) -> tuple[Float[Tensor, "layer d_model d_model"], Float[Tensor, "layer d_model"]]:
    """Train a translator for each layer, and keep each layer's best."""
    n_layers, _, d_model = held_out.shape
    weights = torch.eye(d_model, dtype=held_out.dtype).repeat(n_layers, 1, 1)
    biases = torch.zeros(n_layers, d_model, dtype=held_out.dtype)
    with torch.no_grad():
        best = lens_kl(unembed, held_out, weights, biases)
    best = torch.full_like(best, float("inf"))
    best_weights, best_biases = weights.clone(), biases.clone()
    weights.requires_grad_(True)
    biases.requires_grad_(True)
    optimizer = torch.optim.Adam([weights, biases], lr=rate)
    for batch in batches:
        with torch.enable_grad():
            loss = lens_kl(unembed, batch, weights, biases)[:-1].sum()
            weights.grad, biases.grad = torch.autograd.grad(loss, [weights, biases])
        optimizer.step()
        with torch.no_grad():
            found = lens_kl(unembed, held_out, weights, biases)
        for layer in range(n_layers - 1):
            if found[layer] < best[layer]:
                best[layer] = found[layer]
                best_weights[layer] = weights[layer].detach()
                best_biases[layer] = biases[layer].detach()
    return best_weights, best_biases
