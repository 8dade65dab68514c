"""Right and wrong ways to compute attention."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def raw_scores(q, k):
    """Unscaled scores: [batch, head, query, key]."""
    return torch.einsum("bqhd,bkhd->bhqk", q, k)


def future(scores):
    """True where the key comes after the query."""
    return torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)


def causal_softmax(scores):
    """Mask, then softmax over the keys."""
    return scores.masked_fill(future(scores), -torch.inf).softmax(-1)


@accepted
def by_loop(q, k):
    """Each query in turn, with the keys that it may see."""
    batch, pos, heads, width = q.shape
    pattern = q.new_zeros(batch, heads, pos, pos)
    for query in range(pos):
        scores = (q[:, query, :, None] * k[:, : query + 1].transpose(1, 2)).sum(-1) / width**0.5
        pattern[:, :, query, : query + 1] = scores.softmax(-1)
    return pattern


@accepted
def by_matmul(q, k):
    """Heads to the front and a matrix product, in float64; a large negative number for the mask."""
    scores = q.double().transpose(1, 2) @ k.double().permute(0, 2, 3, 1) * q.shape[-1] ** -0.5
    pos = scores.shape[-1]
    where = torch.arange(pos, device=q.device)
    scores = torch.where(where[:, None] >= where[None, :], scores, torch.finfo(torch.float64).min)
    return torch.softmax(scores, dim=3).to(q.dtype)


@accepted
def by_library(q, k):
    """Fused attention of torch applied to the identity in place of the values gives the pattern."""
    batch, pos, heads, _ = q.shape
    values = torch.eye(pos, dtype=q.dtype, device=q.device).expand(batch, heads, pos, pos)
    return torch.nn.functional.scaled_dot_product_attention(
        q.transpose(1, 2), k.transpose(1, 2), values, is_causal=True
    )


@misconception(
    "The scale is missing: you take the softmax of the plain products. Divide the scores by the square root of the "
    "head's width, or wide heads become far too sure of themselves."
)
def not_scaled(q, k):
    return causal_softmax(raw_scores(q, k))


@misconception(
    "You divide the scores by the head's width itself. The formula has its square root: your patterns are too flat."
)
def scaled_by_width(q, k):
    return causal_softmax(raw_scores(q, k) / q.shape[-1])


@misconception(
    "You divide by the square root of the whole model's width, all heads together. Each head's product sums over the "
    "head's own width: that is what the scale should hold against."
)
def scaled_by_model_width(q, k):
    return causal_softmax(raw_scores(q, k) / (q.shape[-1] * q.shape[-2]) ** 0.5)


@misconception(
    "Your softmax runs over the queries: the columns sum to 1. Each *query* has one unit of attention to give away "
    "over the keys, so it is the rows that should sum to 1."
)
def softmax_over_queries(q, k):
    scores = raw_scores(q, k) / q.shape[-1] ** 0.5
    return scores.masked_fill(future(scores), -torch.inf).softmax(-2)


@misconception(
    "You mask *after* the softmax. The attention that the future positions had received is then simply lost, and your "
    "rows sum to less than 1. Take the future out of the competition before the softmax."
)
def mask_after_softmax(q, k):
    scores = raw_scores(q, k) / q.shape[-1] ** 0.5
    return scores.softmax(-1).masked_fill(future(scores), 0)


@misconception(
    "Your mask is turned over: each position looks at itself and at what comes *after* it. Rows are queries, columns "
    "are keys; the forbidden half is where the key's position is greater."
)
def mask_transposed(q, k):
    scores = raw_scores(q, k) / q.shape[-1] ** 0.5
    return scores.masked_fill(future(scores).T, -torch.inf).softmax(-1)


@misconception(
    "There is no causal mask: every position also looks at what comes after it. A language model must not see the "
    "token that it is to predict."
)
def no_mask(q, k):
    return (raw_scores(q, k) / q.shape[-1] ** 0.5).softmax(-1)


@misconception(
    "Your mask forbids the diagonal too. A position may look at itself; and the first position has nothing else to "
    "look at, so its row has no valid entry, and the softmax gives NaN."
)
def diagonal_masked(q, k):
    scores = raw_scores(q, k) / q.shape[-1] ** 0.5
    return scores.masked_fill(future(scores) | torch.eye(scores.shape[-1], dtype=torch.bool), -torch.inf).softmax(-1)


@misconception(
    "You set forbidden scores to 0. A score of 0 is an ordinary score, and e⁰ = 1 still gets its share. What score has "
    "an exponential of exactly 0?"
)
def masked_with_zero(q, k):
    scores = raw_scores(q, k) / q.shape[-1] ** 0.5
    return scores.masked_fill(future(scores), 0).softmax(-1)


@misconception(
    "Queries and keys are swapped: row i of your scores has the *key* of position i against everybody's queries. The "
    "row is the position that looks, and it looks with its query."
)
def queries_and_keys_swapped(q, k):
    return causal_softmax(raw_scores(k, q) / q.shape[-1] ** 0.5)


@misconception(
    "Your numbers are right, but the axes are in another order: you return `[batch, query, head, key]`. "
    "TransformerLens keeps patterns as `[batch, head, query, key]`."
)
def axes_as_given(q, k):
    return causal_softmax(raw_scores(q, k) / q.shape[-1] ** 0.5).transpose(1, 2)
