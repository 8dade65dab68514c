# WRONG: the K score uses QK itself, without transpose; promised: 'the late head's QK matrix, its transpose, or its OV matrix'
import torch


def composition_scores(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    early = early_W_V @ early_W_O
    qk = late_W_Q @ late_W_K.transpose(-1, -2)
    ov = late_W_V @ late_W_O

    def comp(A, B):
        product = A[:, None] @ B[None]
        return product.norm(dim=(-2, -1)) / (A.norm(dim=(-2, -1))[:, None] * B.norm(dim=(-2, -1))[None])

    return {"Q": comp(early, qk), "K": comp(early, late_W_Q @ late_W_K.mT), "V": comp(early, ov)}


def random_baseline(d_model, d_head, samples, seed):
    dice = torch.Generator().manual_seed(seed)

    def matrix():
        left, right = (torch.randn(*size, generator=dice) for size in ((d_model, d_head), (d_head, d_model)))
        return left @ right

    total = 0.0
    for _ in range(samples):
        a, b = matrix(), matrix()
        total += ((a @ b).norm() / (a.norm() * b.norm())).item()
    return total / samples
