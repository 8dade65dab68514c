# WRONG: computes KL(q || p); promised: 'KL(p || q) of every layer', 'The order matters'
import torch


def lens_logits(unembed, streams, weights, biases):
    return unembed(streams @ weights + biases[:, None])


def lens_kl(unembed, streams, weights, biases):
    log_p = unembed(streams[-1]).log_softmax(-1)
    log_q = lens_logits(unembed, streams, weights, biases).log_softmax(-1)
    return (log_q.exp() * (log_q - log_p)).sum(-1).mean(-1)


def tuned_lens(unembed, batches, held_out, rate):
    n_layers, _, d_model = held_out.shape
    eye = torch.eye(d_model, dtype=held_out.dtype, device=held_out.device)
    A = eye.repeat(n_layers, 1, 1).requires_grad_(True)
    b = torch.zeros(n_layers, d_model, dtype=held_out.dtype, device=held_out.device, requires_grad=True)
    optimizer = torch.optim.Adam([A, b], lr=rate)
    with torch.no_grad():
        lowest = lens_kl(unembed, held_out, A, b)
        lowest[lowest.isnan()] = float("inf")
        best_A, best_b = A.detach().clone(), b.detach().clone()
    for batch in batches:
        with torch.enable_grad():
            loss = lens_kl(unembed, batch.detach(), A, b)[:-1].sum()
            A.grad, b.grad = torch.autograd.grad(loss, [A, b])
        A.grad[-1] = 0
        b.grad[-1] = 0
        optimizer.step()
        with torch.no_grad():
            kl = lens_kl(unembed, held_out, A, b)
            better = kl < lowest
            lowest = torch.where(better, kl, lowest)
            best_A[better] = A[better]
            best_b[better] = b[better]
    return best_A, best_b
