# WRONG: draws the two matrices of the baseline as [d_model, d_model] normal entries; promised: 'each the product of a [d_model, d_head] and a [d_head, d_model] matrix'
import torch


def composition_scores(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    early = early_W_V @ early_W_O
    qk = late_W_Q @ late_W_K.transpose(-1, -2)
    ov = late_W_V @ late_W_O

    def comp(A, B):
        product = A[:, None] @ B[None]
        return product.norm(dim=(-2, -1)) / (A.norm(dim=(-2, -1))[:, None] * B.norm(dim=(-2, -1))[None])

    return {"Q": comp(early, qk), "K": comp(early, qk.transpose(-1, -2)), "V": comp(early, ov)}


def random_baseline(d_model, d_head, samples, seed):
    generator = torch.Generator().manual_seed(seed)
    scores = []
    for _ in range(samples):
        a = torch.randn(d_model, d_model, generator=generator)
        b = torch.randn(d_model, d_model, generator=generator)
        scores.append((a @ b).norm() / (a.norm() * b.norm()))
    return torch.stack(scores).mean().item()
