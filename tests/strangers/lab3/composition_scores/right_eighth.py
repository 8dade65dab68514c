# RIGHT: correct in every promise
import torch


def composition_scores(early_W_V, early_W_O, late_W_Q, late_W_K, late_W_V, late_W_O):
    # A Frobenius norm does not change under orthogonal matrices: keep the small triangular parts of the outer factors.
    write_in = torch.linalg.qr(early_W_V).R
    norm = torch.linalg.matrix_norm

    def score(left, right):
        """left @ right are the matrices that read, [late, d_model, d_model]."""
        right = torch.linalg.qr(right.mT).R.mT
        middle = torch.einsum("eim,lmj->elij", early_W_O, left)
        product = norm(write_in[:, None] @ middle @ right[None])
        return product / (norm(write_in @ early_W_O)[:, None] * norm(left @ right)[None])

    return {
        "Q": score(late_W_Q, late_W_K.mT),
        "K": score(late_W_K, late_W_Q.mT),
        "V": score(late_W_V, late_W_O),
    }


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
