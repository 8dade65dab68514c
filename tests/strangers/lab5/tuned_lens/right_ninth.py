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
    return torch.stack([unembed(torch.addmm(b, x, a)) for x, a, b in zip(streams, weights, biases, strict=True)])


def lens_kl(
    unembed: Unembed,
    streams: Float[Tensor, "layer token d_model"],
    weights: Float[Tensor, "layer d_model d_model"],
    biases: Float[Tensor, "layer d_model"],
) -> Float[Tensor, " layer"]:
    """Measure how far each layer's lens is from the model's own answer."""
    read = lens_logits(unembed, streams, weights, biases).log_softmax(dim=-1)
    own = unembed(streams[-1]).log_softmax(dim=-1).expand_as(read)
    each = torch.nn.functional.kl_div(read, own, reduction="none", log_target=True)
    return each.sum(dim=-1).mean(dim=-1)


def tuned_lens(
    unembed: Unembed,
    batches: Iterable[Float[Tensor, "layer _ d_model"]],
    held_out: Float[Tensor, "layer token d_model"],
    rate: float,
) -> tuple[Float[Tensor, "layer d_model d_model"], Float[Tensor, "layer d_model"]]:
    """Train a translator for each layer, and keep each layer's best."""
    n_layers, _, width = held_out.shape
    first_a = torch.eye(width, dtype=held_out.dtype, device=held_out.device).repeat(n_layers, 1, 1)
    first_b = held_out.new_zeros((n_layers, width))
    best_a, best_b = first_a.clone(), first_b.clone()

    def judge(a: Tensor, b: Tensor) -> Tensor:
        with torch.no_grad():
            found = lens_kl(unembed, held_out, a, b)
        return found.nan_to_num(nan=float("inf"), posinf=float("inf"))

    lowest = judge(first_a, first_b)
    # One pair of parameters and one optimiser for each layer but the last.
    pairs = [(first_a[layer].clone().requires_grad_(), first_b[layer].clone().requires_grad_()) for layer in range(n_layers - 1)]
    optimisers = [torch.optim.Adam(pair, lr=rate) for pair in pairs]
    for batch in batches:
        batch = batch.detach()
        for layer, (pair, optimiser) in enumerate(zip(pairs, optimisers, strict=True)):
            with torch.enable_grad():
                two = torch.stack([batch[layer], batch[-1]])
                a = torch.stack([pair[0], first_a[-1]])
                b = torch.stack([pair[1], first_b[-1]])
                loss = lens_kl(unembed, two, a, b)[0]
                for parameter, slope in zip(pair, torch.autograd.grad(loss, pair), strict=True):
                    parameter.grad = slope
            optimiser.step()
        now_a = torch.stack([*(pair[0].detach() for pair in pairs), first_a[-1]])
        now_b = torch.stack([*(pair[1].detach() for pair in pairs), first_b[-1]])
        found = judge(now_a, now_b)
        better = found < lowest
        better[-1] = False
        lowest = torch.where(better, found, lowest)
        best_a = torch.where(better[:, None, None], now_a, best_a)
        best_b = torch.where(better[:, None], now_b, best_b)
    return best_a.detach(), best_b.detach()
