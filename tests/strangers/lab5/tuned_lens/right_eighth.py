# RIGHT: correct in every promise
import torch
from torch.nn.functional import kl_div


def lens_logits(unembed, streams, weights, biases):
    return unembed(torch.baddbmm(biases[:, None], streams, weights))


def lens_kl(unembed, streams, weights, biases):
    log_p = unembed(streams[-1]).log_softmax(dim=-1)
    log_q = lens_logits(unembed, streams, weights, biases).log_softmax(dim=-1)
    return kl_div(log_q, log_p.expand_as(log_q), reduction="none", log_target=True).sum(dim=-1).mean(dim=-1)


def tuned_lens(unembed, batches, held_out, rate):
    held_out = held_out.detach()
    layers, _, width = held_out.shape
    weights = torch.eye(width, dtype=held_out.dtype, device=held_out.device).repeat(layers, 1, 1)
    biases = held_out.new_zeros(layers, width)

    def judge():
        with torch.no_grad():
            return lens_kl(unembed, held_out, weights, biases).nan_to_num(nan=torch.inf, posinf=torch.inf)

    best, lowest = [weights.clone(), biases.clone()], judge()
    optimiser = torch.optim.Adam([weights, biases], lr=rate)
    for streams in batches:
        streams = streams.detach()
        with torch.enable_grad():
            leaves = [tensor.detach().requires_grad_(True) for tensor in (weights, biases)]
            with torch.no_grad():
                log_p = unembed(streams[-1]).log_softmax(dim=-1)
            log_q = lens_logits(unembed, streams, *leaves).log_softmax(dim=-1)
            loss = kl_div(log_q, log_p.expand_as(log_q), reduction="none", log_target=True).sum(dim=-1).mean(dim=-1)
            slopes = torch.autograd.grad(loss[:-1].sum(), leaves)
        for tensor, slope in zip((weights, biases), slopes, strict=True):
            slope[-1] = 0.0  # the last layer stays at the identity: Adam does not move where the gradient is exactly 0
            tensor.grad = slope
        optimiser.step()
        now = judge()
        better = now < lowest
        lowest = torch.where(better, now, lowest)
        for kept, tensor in zip(best, (weights, biases), strict=True):
            kept[better] = tensor[better]
    return best[0], best[1]
