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


def scaled(q, k):
    """The scaled scores, not masked."""
    return raw_scores(q, k) / q.shape[-1] ** 0.5


@misconception(
    "For large scores your result is not finite: the exponential overflows. `softmax` subtracts the largest score of "
    "each row first; use it, or do the same."
)
def exponentials_overflow(q, k):
    weights = scaled(q, k).exp().tril()
    return weights / weights.sum(-1, keepdim=True)


@misconception(
    "Your forbidden score is a finite number, and there are scores below it: then the future gets the attention. Use "
    "`-torch.inf`."
)
def finite_mask(q, k):
    scores = scaled(q, k)
    return scores.masked_fill(future(scores), -1e4).softmax(-1)


@misconception(
    "Your forbidden score is a finite number. It is far below 0, but scores can be lower still, and then the future gets the attention. "
    "Use `-torch.inf`."
)
def low_finite_mask(q, k):
    scores = scaled(q, k)
    return scores.masked_fill(future(scores), -1e9).softmax(-1)


@misconception(
    "You mask after the softmax and divide by what is left. When a forbidden score is far above the others, nothing is "
    "left, and 0 / 0 is NaN. Take the future out *before* the softmax."
)
def renormalised_after_the_mask(q, k):
    pattern = scaled(q, k).softmax(-1).tril()
    return pattern / pattern.sum(-1, keepdim=True)


@misconception(
    "You cut large scores off, so all keys beyond the limit get the same share. `softmax` is exact for scores of any "
    "size."
)
def scores_clamped(q, k):
    return causal_softmax(scaled(q, k).clamp(-30, 30))


@misconception(
    "You divide by 8, the root of the width 64 that GPT-2's heads have. Take the width from the input: `q.shape[-1]`."
)
def scale_of_gpt2(q, k):
    return causal_softmax(raw_scores(q, k) / 8)


@misconception(
    "You exchange head and position with a reshape. That cuts the numbers in another way and mixes heads with "
    "positions: use `transpose(1, 2)`."
)
def reshaped_for_transposed(q, k):
    shape = (q.shape[0], q.shape[2], q.shape[1], q.shape[3])
    return causal_softmax(q.reshape(shape) @ k.reshape(shape).mT / q.shape[-1] ** 0.5)


@misconception(
    "Your queries mix heads with positions, as a reshape from `[batch, pos, head, d_head]` to `[batch, head, pos, d_head]` does. A "
    "reshape exchanges no axes: use `transpose(1, 2)`."
)
def queries_reshaped(q, k):
    heads_first = q.flatten(1).unflatten(1, (q.shape[2], q.shape[1], q.shape[3])).transpose(1, 2)
    return causal_softmax(scaled(heads_first, k))


@misconception(
    "Your keys mix heads with positions, as a reshape from `[batch, pos, head, d_head]` to `[batch, head, pos, d_head]` does. A reshape "
    "exchanges no axes: use `transpose(1, 2)`."
)
def keys_reshaped(q, k):
    heads_first = k.flatten(1).unflatten(1, (k.shape[2], k.shape[1], k.shape[3])).transpose(1, 2)
    return causal_softmax(scaled(q, heads_first))


@misconception("Axes of length one are missing in your result. It has four axes for every input: call no `squeeze`.")
def squeezed(q, k):
    return causal_softmax(scaled(q, k)).squeeze()


@misconception(
    "A position does not look at itself in yours, except the first one. The diagonal belongs to what a query may see."
)
def own_position_masked(q, k):
    scores = scaled(q, k)
    hidden = future(scores) | torch.eye(scores.shape[-1], dtype=torch.bool, device=q.device)
    hidden[0, 0] = False
    return scores.masked_fill(hidden, -torch.inf).softmax(-1)


@misconception(
    "You take every score that is exactly 0 for a forbidden one. A score of 0 is an ordinary score: mask by position, "
    "not by value."
)
def zero_scores_masked(q, k):
    scores = scaled(q, k).tril()
    return scores.masked_fill(scores == 0, -torch.inf).softmax(-1)


@misconception(
    "Your `view` fails on queries that are themselves a view, with their axes in another order in memory. Use `reshape` "
    "or `transpose`."
)
def view_needs_contiguous(q, k):
    batch, pos, heads, width = q.shape
    q, k = (each.view(batch, pos, heads * width).view(batch, pos, heads, width) for each in (q, k))
    return causal_softmax(scaled(q, k))


@misconception(
    "Your forbidden entries are small, but not 0. Set their scores to `-torch.inf`: its exponential is exactly 0."
)
def nearly_masked(q, k):
    scores = scaled(q, k)
    return (scores - 8 * future(scores)).softmax(-1)


@misconception("All heads have the pattern of the first one in your result. Each head has queries and keys of its own.")
def one_pattern_for_all_heads(q, k):
    return causal_softmax(scaled(q, k))[:, :1].expand(-1, q.shape[2], -1, -1)


@misconception("All texts have the pattern of the first one in your result. Each text of the batch has its own.")
def one_pattern_for_all_texts(q, k):
    return causal_softmax(scaled(q, k))[:1].expand(len(q), -1, -1, -1)


@misconception(
    "Your rows sum to less than 1: the softmax has one share more than there are keys, as if a score of 0 stood beside "
    "them. The sum runs over the keys alone."
)
def one_share_for_nothing(q, k):
    scores = scaled(q, k)
    with_nothing = torch.cat(
        [scores.masked_fill(future(scores), -torch.inf), torch.zeros_like(scores[..., :1])], dim=-1
    )
    return with_nothing.softmax(-1)[..., :-1]


@misconception(
    "For large scores your result is NaN: the exponential overflows, and infinity times the mask's 0 is NaN. `softmax` "
    "subtracts the largest score of each row first; use it, or do the same."
)
def exponentials_overflow_before_the_mask(q, k):
    scores = scaled(q, k)
    weights = scores.exp() * (~future(scores)).to(scores.dtype)
    return weights / weights.sum(-1, keepdim=True)


@misconception(
    "You divide by the root of the number of *positions*. The scale is the root of the head's width, `d_head`."
)
def scaled_by_positions(q, k):
    return causal_softmax(raw_scores(q, k) / q.shape[1] ** 0.5)


@misconception("You divide by the root of the number of *heads*. The scale is the root of the head's width, `d_head`.")
def scaled_by_heads(q, k):
    return causal_softmax(raw_scores(q, k) / q.shape[2] ** 0.5)


@misconception("You multiply the scores by the root of the head's width. The formula divides by it.")
def multiplied_by_the_scale(q, k):
    return causal_softmax(raw_scores(q, k) * q.shape[-1] ** 0.5)


@misconception("Your softmax runs over the heads. Each query has one unit of attention to give away over the *keys*.")
def softmax_over_heads(q, k):
    scores = scaled(q, k)
    return scores.masked_fill(future(scores), -torch.inf).softmax(1).nan_to_num()


@misconception(
    "Each position also looks at the one right after it: your mask begins one place too late. Only the diagonal and what "
    "is below it is allowed."
)
def next_position_allowed(q, k):
    scores = scaled(q, k)
    return scores.masked_fill(torch.ones_like(scores).triu(2).bool(), -torch.inf).softmax(-1)


@misconception(
    "Your first row has no attention at all: the diagonal is masked, and the NaN that the softmax gives there is set to 0. "
    "A position may look at itself, and every row sums to 1."
)
def first_row_empty(q, k):
    scores = scaled(q, k)
    return scores.masked_fill(torch.ones_like(scores).triu().bool(), -torch.inf).softmax(-1).nan_to_num()


@misconception("You return logarithms of the attention: your softmax is `log_softmax`. The pattern holds the shares.")
def logarithms(q, k):
    scores = scaled(q, k)
    return scores.masked_fill(future(scores), -torch.inf).log_softmax(-1)


@misconception("You return the masked scores. The pattern is their softmax over the keys.")
def scores_for_pattern(q, k):
    scores = scaled(q, k)
    return scores.masked_fill(future(scores), -torch.inf)


@misconception(
    "You divide by the sum of the scores, without the exponential. The softmax takes the exponential of each score first."
)
def divided_by_the_sum(q, k):
    scores = scaled(q, k).tril()
    return scores / scores.sum(-1, keepdim=True)
