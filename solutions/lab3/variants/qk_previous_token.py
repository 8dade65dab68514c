"""Right and wrong ways to compute the positional QK circuit."""

import torch
from transformer_lens import FactoredMatrix

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(W_pos, scale):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if W_pos.shape[0] < 2 or scale <= 0:
        raise ValueError("fewer than two positions, or no positive scale")


def queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """Both as [head, pos, d_head]."""
    return W_pos / scale @ W_Q + b_Q[:, None], W_pos / scale @ W_K + b_K[:, None]


def causal(scores):
    """The softmax over the keys that are not in the future."""
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1)


def with_score(pattern):
    return pattern, pattern.diagonal(-1, -2, -1).mean(-1)


@accepted
def by_loop(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """One head and one query at a time, over the keys that it may see."""
    refuse_misfits(W_pos, scale)
    heads, _, d_head = W_Q.shape
    pos = W_pos.shape[0]
    pattern = torch.zeros(heads, pos, pos, dtype=W_pos.dtype, device=W_pos.device)
    for head in range(heads):
        keys = W_pos / scale @ W_K[head] + b_K[head]
        for i in range(pos):
            query = W_pos[i] / scale @ W_Q[head] + b_Q[head]
            pattern[head, i, : i + 1] = (keys[: i + 1] @ query / d_head**0.5).softmax(0)
    previous = torch.stack([pattern[:, i, i - 1] for i in range(1, pos)]).mean(0)
    return pattern, previous


@accepted
def by_extra_coordinate(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """Biases as the weights of a coordinate that is always 1, in float64; the QK circuit as one bilinear form."""
    refuse_misfits(W_pos, scale)
    seen = torch.cat([W_pos / scale, torch.ones_like(W_pos[:, :1])], 1).double()
    left = torch.cat([W_Q, b_Q[:, None]], 1).double()
    right = torch.cat([W_K, b_K[:, None]], 1).double()
    forms = torch.einsum("hmd,hnd->hmn", left, right) / W_Q.shape[-1] ** 0.5
    scores = torch.einsum("im,hmn,jn->hij", seen, forms, seen)
    pattern, previous = with_score(causal(scores))
    return pattern.to(W_pos.dtype), previous.to(W_pos.dtype)


@accepted
def by_factored_matrix(W_pos, W_Q, W_K, b_Q, b_K, scale):
    """The library's factored product; the key bias is left out, since the softmax does not notice it."""
    refuse_misfits(W_pos, scale)
    seen = W_pos / scale
    circuit = FactoredMatrix(W_Q, W_K.transpose(-1, -2))
    scores = seen @ circuit.AB @ seen.T + (seen @ W_K @ b_Q[:, :, None]).transpose(-1, -2)
    future = torch.arange(len(seen)) > torch.arange(len(seen))[:, None]
    weights = (scores / W_Q.shape[-1] ** 0.5).where(~future.to(scores.device), -torch.inf)
    weights = (weights - weights.amax(-1, keepdim=True)).exp()
    return with_score(weights / weights.sum(-1, keepdim=True))


@misconception(
    "Your scores are not divided by the square root of `d_head`, so that your patterns are too sharp. A softmax is "
    "sensitive to the size of its input."
)
def no_root(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return with_score(causal(query @ key.transpose(-1, -2)))


@misconception(
    "You divide by the square root of `d_model`. Queries and keys have `d_head` entries, and it is the number of "
    "entries in *their* product that the division makes up for."
)
def root_of_d_model(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return with_score(causal(query @ key.transpose(-1, -2) / W_pos.shape[1] ** 0.5))


@misconception(
    "Nothing keeps your queries from looking ahead: the entries above the diagonal are not zero, and they take "
    "attention away from the rest. A key later than the query gets none."
)
def no_mask(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return with_score((query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5).softmax(-1))


@misconception(
    "You remove the future after the softmax. Then the attention that it had taken is lost, and your rows sum to less "
    "than 1. Mask the scores, and take the softmax over what is left."
)
def mask_after_softmax(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return with_score((query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5).softmax(-1).tril())


@misconception(
    "You mask with a score of 0 in place of minus infinity. Zero is a score like any other, and future keys still get "
    "attention. (`triu` or `tril` on the scores does just this.)"
)
def mask_with_zero(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return with_score((query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5).tril().softmax(-1))


@misconception(
    "The roles are exchanged: you ask with the keys and answer with the queries. The position that looks uses `W_Q` "
    "and `b_Q`, the one that is looked at `W_K` and `b_K`."
)
def roles_exchanged(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return with_score(causal(key @ query.transpose(-1, -2) / W_Q.shape[-1] ** 0.5))


@misconception(
    "You leave `scale` out: the head would see the position embeddings as they are stored. It sees them after "
    "LayerNorm, divided by the size of the stream, and both queries and keys change with it."
)
def no_layernorm(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, 1.0)
    return with_score(causal(query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5))


@misconception(
    "You divide by `scale` once. What the head sees is divided, and from this it makes its queries *and* its keys, so "
    "the division enters both."
)
def scaled_once(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, _ = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    _, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, 1.0)
    return with_score(causal(query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5))


@misconception(
    "You divide the queries and keys by `scale` after adding the biases. LayerNorm divides what goes *into* the head; "
    "the biases come later, and at full size."
)
def biases_scaled_too(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, 1.0)
    return with_score(causal(query @ key.transpose(-1, -2) / scale**2 / W_Q.shape[-1] ** 0.5))


@misconception(
    "You leave the biases out. The key bias makes no difference, but the query bias does: it prefers some keys, "
    "whatever the query."
)
def no_biases(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, 0 * b_Q, 0 * b_K, scale)
    return with_score(causal(query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5))


@misconception(
    "You take the softmax over the queries, so that your columns sum to 1. Each *query* has one unit of attention to "
    "give: the softmax runs over the keys."
)
def softmax_over_queries(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    scores = query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return with_score(scores.masked_fill(future, -torch.inf).softmax(-2))


@misconception(
    "Your pattern is right, but your score divides by the number of positions. Position 0 has nothing before it: there "
    "is one diagonal entry less than there are positions."
)
def divided_by_all(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    pattern = causal(query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5)
    return pattern, pattern.diagonal(-1, -2, -1).sum(-1) / len(W_pos)


@misconception(
    "Your pattern is right, but your score reads its main diagonal: that is how much each position looks at itself. "
    "The position before the query is one to the left."
)
def main_diagonal(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    pattern = causal(query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5)
    return pattern, pattern.diagonal(0, -2, -1).mean(-1)


@misconception(
    "Your results are right, but nothing gives a `ValueError`: neither fewer than two positions nor a scale that is "
    "not above 0. See the docstring's section *Raises*."
)
def nothing_refused(W_pos, W_Q, W_K, b_Q, b_K, scale):
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale or 1.0)
    return with_score(causal(query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5))


def right(W_pos, W_Q, W_K, b_Q, b_K, scale):
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return with_score(causal(query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5))


@misconception(
    "You divide each position embedding by its own size, and not by `scale`. The size of the stream depends on the "
    "token as well: take the number that is given."
)
def own_size(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    return right(W_pos / W_pos.pow(2).mean(-1, keepdim=True).sqrt(), W_Q, W_K, b_Q, b_K, 1.0)


@misconception(
    "You take the mean of each position embedding away. The weights are centred already, as the course loads its "
    "models: divide by `scale`, and do no more."
)
def centred(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    return right(W_pos - W_pos.mean(-1, keepdim=True), W_Q, W_K, b_Q, b_K, scale)


@misconception(
    "You subtract a number from the scores of the future that large scores outweigh. Set them to minus infinity: "
    "`masked_fill`."
)
def mask_added(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    scores = query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5
    return with_score((scores - 1e3 * torch.ones_like(scores).triu(1)).softmax(-1))


@misconception(
    "You give the future a low score that is still a number. Where all other scores of a query are lower, the query attends to "
    "the future. Only minus infinity is lower than every score."
)
def finite_mask(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    scores = query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5
    future = torch.ones_like(scores, dtype=torch.bool).triu(1)
    return with_score(scores.masked_fill(future, -1e3).softmax(-1))


@misconception(
    "You remove the future after the softmax, and divide by what is left. Where the future had all the attention, nothing is "
    "left, and 0 divided by 0 is no number. Mask the scores, and take the softmax over what is left."
)
def divided_by_what_is_left(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    pattern = (query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5).softmax(-1).tril()
    return with_score(pattern / pattern.sum(-1, keepdim=True))


@misconception(
    "Your softmax takes exponentials of large scores, which are too large for a float. `torch.softmax` subtracts the "
    "highest score first, which changes nothing else."
)
def exp_overflows(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    scores = query @ key.transpose(-1, -2) / W_Q.shape[-1] ** 0.5
    weights = scores.exp().masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(1), 0)
    return with_score(weights / weights.sum(-1, keepdim=True))


@misconception("Your scores are the same for all heads, the mean over them. Each head has a score of its own.")
def mean_over_heads(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    pattern, previous = right(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return pattern, previous.mean().expand(len(previous))


@misconception(
    "Your pattern is right, but your score leaves out the query at position 1. It counts: the position before it is 0."
)
def without_query_one(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    pattern, previous = right(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return pattern, pattern.diagonal(-1, -2, -1)[:, 1:].mean(-1) if len(W_pos) > 2 else previous


@misconception("A negative `scale` gives no `ValueError` in yours. A size is above 0: ask for `scale > 0`.")
def negative_scale(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, abs(scale))
    return right(W_pos, W_Q, W_K, b_Q, b_K, scale)


@misconception("A small `scale` gives a `ValueError` in yours, although it is above 0. Compare with 0 itself.")
def small_scale_refused(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale - 1e-2)
    return right(W_pos, W_Q, W_K, b_Q, b_K, scale)


@misconception(
    "You add a small number to the scale that you divide by. Where the stream is small, everything then looks smaller than it is. The "
    "scale is above 0: divide by the scale alone."
)
def something_added_to_scale(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    return right(W_pos, W_Q, W_K, b_Q, b_K, scale + 1e-5)


@misconception(
    "A `scale` of 0 gives no `ValueError` in yours, and division by 0 gives no numbers. Ask for `scale > 0`."
)
def scale_zero(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale or 1.0)
    return right(W_pos, W_Q, W_K, b_Q, b_K, scale)


@misconception("A single position gives no `ValueError` in yours. It has nothing before it: ask for at least two.")
def one_position(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(torch.zeros(2 * len(W_pos)), scale)
    return right(W_pos, W_Q, W_K, b_Q, b_K, scale)


@misconception(
    "Your pattern is transposed: its columns are the queries. A row belongs to the position that looks, `[head, "
    "query, key]`."
)
def key_before_query(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    pattern, previous = right(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return pattern.mT, previous


@misconception("Your tuple begins with the scores. The pattern comes first: `(pattern, previous)`.")
def scores_before_pattern(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    return right(W_pos, W_Q, W_K, b_Q, b_K, scale)[::-1]


@misconception(
    "All your heads ask with the query bias of the first head. Each head has a bias of its own: give `[head, d_head]`"
    " an axis for the positions."
)
def first_bias_for_all(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    return right(W_pos, W_Q, W_K, b_Q[:1].expand_as(b_Q), b_K, scale)


@misconception(
    "Your pattern is right, but your score looks two positions back, on the diagonal after the one that is asked for."
)
def two_back(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    pattern, _ = right(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return pattern, pattern.diagonal(-2, -2, -1).sum(-1) / (len(W_pos) - 1)


@misconception(
    "Your pattern is right, but your score is the highest attention to the position before. Take the mean over the "
    "queries."
)
def highest_over_the_queries(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    pattern, _ = right(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return pattern, pattern.diagonal(-1, -2, -1).amax(-1)


@misconception(
    "A `scale` that is not above 0 gives no `ValueError` in yours, whether it is 0 or negative. Ask for `scale > 0`."
)
def scale_not_checked(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, 1.0)
    return right(W_pos, W_Q, W_K, b_Q, b_K, scale)


@misconception(
    "Fewer than two positions give no `ValueError` in yours, neither one nor none. There is nothing before the only "
    "position: ask for at least two."
)
def positions_not_checked(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(torch.zeros(2), scale)
    return right(W_pos, W_Q, W_K, b_Q, b_K, scale)


@misconception("You multiply the position embeddings by `scale`. LayerNorm *divides* the stream by its size.")
def multiplied_by_scale(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    return right(W_pos, W_Q, W_K, b_Q, b_K, 1 / scale)


@misconception("Your scores are divided by `d_head`. Divide by its square root.")
def divided_by_d_head(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return with_score(causal(query @ key.mT / W_Q.shape[-1]))


@misconception(
    "Your queries cannot see their own position: the mask takes the diagonal away, too. Only keys *after* the query are "
    "out of sight."
)
def own_position_masked(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    scores = query @ key.mT / W_Q.shape[-1] ** 0.5
    return with_score(scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).triu(), -torch.inf).softmax(-1))


@misconception(
    "Your mask runs the other way: each query sees itself and what comes *after* it. A causal pattern is zero above the "
    "diagonal."
)
def past_masked(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    query, key = queries_and_keys(W_pos, W_Q, W_K, b_Q, b_K, scale)
    scores = query @ key.mT / W_Q.shape[-1] ** 0.5
    return with_score(scores.masked_fill(torch.ones_like(scores, dtype=torch.bool).tril(-1), -torch.inf).softmax(-1))


@misconception("Your pattern is right, but your score adds up over the queries. Take the mean.")
def summed_over_the_queries(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    pattern, _ = right(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return pattern, pattern.diagonal(-1, -2, -1).sum(-1)


@misconception(
    "Your pattern is right, but your score has no average over the queries: its shape is `[head, query]`. Give one number "
    "for each head."
)
def score_of_each_query(W_pos, W_Q, W_K, b_Q, b_K, scale):
    refuse_misfits(W_pos, scale)
    pattern, _ = right(W_pos, W_Q, W_K, b_Q, b_K, scale)
    return pattern, pattern.diagonal(-1, -2, -1)
