"""Right and wrong ways to score induction."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(pattern, half):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if tuple(pattern.shape[-2:]) != (1 + 2 * half, 1 + 2 * half):
        raise ValueError("the pattern does not have 1 + 2 * half positions")


def attention_at(pattern, queries, offset):
    """Attention of each query to the key `offset` before it: [layer, batch, head, query]."""
    queries = torch.as_tensor(queries, device=pattern.device)
    return pattern[..., queries, queries - offset]


@accepted
def by_loop(pattern, half):
    """Every layer, head, sequence and query in turn."""
    refuse_misfits(pattern, half)
    layers, batch, heads = pattern.shape[:3]
    scores = torch.zeros(layers, heads, dtype=pattern.dtype, device=pattern.device)
    for layer in range(layers):
        for head in range(heads):
            hits = [
                pattern[layer, row, head, query, query - half + 1]
                for row in range(batch)
                for query in range(half + 1, 2 * half + 1)
            ]
            scores[layer, head] = torch.stack(hits).mean()
    return scores


@accepted
def by_mask_einsum(pattern, half):
    """A mask over the square of queries and keys, contracted in float64."""
    refuse_misfits(pattern, half)
    pos = pattern.shape[-1]
    query, key = torch.meshgrid(torch.arange(pos), torch.arange(pos), indexing="ij")
    mask = ((query > half) & (key == query - half + 1)).to(pattern.device, torch.float64)
    total = torch.einsum("lbhqk,qk->lh", pattern.double(), mask)
    return (total / (half * pattern.shape[1])).to(pattern.dtype)


@accepted
def by_diagonal(pattern, half):
    """The whole diagonal, less the two entries that belong to the first half."""
    refuse_misfits(pattern, half)
    stripe = pattern.diagonal(offset=1 - half, dim1=-2, dim2=-1)
    return stripe[..., 2:].mean(dim=-1).mean(dim=1)


@accepted
def by_block(pattern, half):
    """The square block of second-half queries and their target keys has the wanted entries on its own diagonal."""
    refuse_misfits(pattern, half)
    block = pattern[..., half + 1 :, 2 : half + 2]
    return torch.einsum("lbhii->lh", block) / (half * pattern.shape[1])


@misconception(
    "The diagonal is one place off: you measure the attention to the earlier copy of the *current* token, `half` "
    "back. That is what a duplicate-token head does. An induction head looks at the token that came after that copy."
)
def offset_half(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern, range(half + 1, 2 * half + 1), half).mean(dim=(1, 3))


@misconception(
    "The diagonal is off in the wrong direction: you measure the attention to the token *before* the earlier copy. "
    "The token to predict stands after it, so the distance from query to key is smaller than `half`, not larger."
)
def offset_too_far(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern, range(half + 1, 2 * half + 1), half + 1).mean(dim=(1, 3))


@misconception(
    "You average over the whole diagonal, and it begins too early: its first two entries belong to queries of the "
    "first half, where nothing has been repeated yet (one of them even looks at BOS). Count the entries of your "
    "diagonal: there should be `half` of them."
)
def whole_diagonal(pattern, half):
    refuse_misfits(pattern, half)
    return pattern.diagonal(offset=1 - half, dim1=-2, dim2=-1).mean(dim=(1, 3))


@misconception(
    "Your distance is right, but your queries start one position early, as if the second half began at position "
    "`half`. BOS shifts everything by one: position `half` still holds the last token of the first half."
)
def bos_not_counted(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern, range(half, 2 * half), half - 1).mean(dim=(1, 3))


@misconception(
    "Your scores are all zero because queries and keys are swapped: you read how much the *earlier* position attends "
    "to the later one, and a causal pattern never looks ahead. In `pattern` the query (from) comes before the key "
    "(to)."
)
def transposed(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern.transpose(-1, -2), range(half + 1, 2 * half + 1), half - 1).mean(dim=(1, 3))


@misconception(
    "You sum over the query positions where the definition takes the mean. A score should stay between 0 and 1 "
    "whatever the length; yours grows with `half`."
)
def summed_positions(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern, range(half + 1, 2 * half + 1), half - 1).mean(1).sum(-1)


@misconception(
    "You score only the first sequence of the batch. Look at the index that stands on the batch axis: the score is a "
    "mean over all sequences."
)
def first_sequence_only(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern, range(half + 1, 2 * half + 1), half - 1)[:, 0].mean(-1)


@misconception(
    "You keep the largest attention over the positions, so that one lucky position makes an induction head. The "
    "definition takes the mean over all positions of the second half."
)
def best_position(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern, range(half + 1, 2 * half + 1), half - 1).mean(1).amax(-1)


@misconception(
    "You count how often the target gets the *most* attention, which gives a hit rate. The score is the attention "
    "itself: a head that puts 0.3 on the target should get 0.3, whether or not another position gets more."
)
def hit_rate(pattern, half):
    refuse_misfits(pattern, half)
    queries = torch.arange(half + 1, 2 * half + 1, device=pattern.device)
    hits = pattern[..., queries, :].argmax(-1) == queries - half + 1
    return hits.to(pattern.dtype).mean(dim=(1, 3))


@misconception(
    "The batch is still there: your result has a score for every sequence, `[layer, batch, head]`. The score of a "
    "head is the mean over the sequences."
)
def batch_kept(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern, range(half + 1, 2 * half + 1), half - 1).mean(-1)


@misconception(
    "Your numbers are right, but rows and columns are swapped: the result should be `[layer, head]`, and yours is "
    "`[head, layer]`. With as many layers as heads nobody would notice, and you would ablate the wrong head."
)
def head_before_layer(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern, range(half + 1, 2 * half + 1), half - 1).mean(dim=(1, 3)).T


def on_the_stripe(pattern, half):
    return attention_at(pattern, range(half + 1, 2 * half + 1), half - 1)


@misconception(
    "Your scores are right, but no `half` gives a `ValueError`: one that does not fit the pattern gives plausible "
    "numbers from the wrong places."
)
def nothing_refused(pattern, half):
    queries = torch.arange(half + 1, 2 * half + 1, device=pattern.device) % pattern.shape[-2]
    return pattern[..., queries, (queries - half + 1) % pattern.shape[-1]].mean(dim=(1, 3))


@misconception(
    "You look at the number of queries only: a pattern with another number of keys gives no `ValueError`. Check both "
    "axes."
)
def keys_not_checked(pattern, half):
    if pattern.shape[-2] != 1 + 2 * half:
        raise ValueError("the pattern does not have 1 + 2 * half queries")
    queries = torch.arange(half + 1, 2 * half + 1, device=pattern.device)
    return pattern[..., queries, (queries - half + 1).clamp(max=pattern.shape[-1] - 1)].mean(dim=(1, 3))


@misconception(
    "You look at the number of keys only: a pattern with another number of queries gives no `ValueError`. Check both "
    "axes."
)
def queries_not_checked(pattern, half):
    if pattern.shape[-1] != 1 + 2 * half:
        raise ValueError("the pattern does not have 1 + 2 * half keys")
    queries = torch.arange(half + 1, 2 * half + 1, device=pattern.device)
    return pattern[..., queries.clamp(max=pattern.shape[-2] - 1), queries - half + 1].mean(dim=(1, 3))


@misconception(
    "Patterns that are too small give a `ValueError` in yours, and those that are too large do not. The numbers of "
    "queries and keys are exactly `1 + 2 * half`."
)
def larger_patterns(pattern, half):
    if min(pattern.shape[-2:]) < 1 + 2 * half:
        raise ValueError("the pattern is too small")
    return on_the_stripe(pattern, half).mean(dim=(1, 3))


@misconception(
    "A `half` that does not fit gives an `AssertionError` in yours. The docstring asks for a `ValueError`: use `raise`."
)
def assertion_error(pattern, half):
    assert tuple(pattern.shape[-2:]) == (1 + 2 * half, 1 + 2 * half)
    return on_the_stripe(pattern, half).mean(dim=(1, 3))


@misconception(
    "You take the attention to BOS out and scale the rest up. The score is the attention as it is: a head at rest on "
    "BOS should have a low score."
)
def without_bos(pattern, half):
    refuse_misfits(pattern, half)
    others = pattern[..., 1:] / pattern[..., 1:].sum(-1, keepdim=True).clamp(min=1e-12)
    queries = torch.arange(half + 1, 2 * half + 1, device=pattern.device)
    return others[..., queries, queries - half].mean(dim=(1, 3))


@misconception("You keep the highest score of the batch. The score of a head is the mean over the sequences.")
def highest_of_the_batch(pattern, half):
    refuse_misfits(pattern, half)
    return on_the_stripe(pattern, half).mean(-1).amax(1)


@misconception(
    "Your score leaves out the last query, at position `2 * half`. It has an earlier copy as the others do: it counts."
)
def last_query_missing(pattern, half):
    refuse_misfits(pattern, half)
    return on_the_stripe(pattern, half)[..., : max(half - 1, 1)].mean(dim=(1, 3))


@misconception(
    "Your mean has one query too many: it begins with the last token of the first half. The first query of the second "
    "half is at position `half + 1`."
)
def one_query_too_many(pattern, half):
    refuse_misfits(pattern, half)
    return attention_at(pattern, range(half, 2 * half + 1), half - 1).mean(dim=(1, 3))


@misconception(
    "You average over the heads, and keep a score for each sequence: `[layer, batch]`. Average over the batch, and "
    "keep the heads."
)
def mean_over_heads(pattern, half):
    refuse_misfits(pattern, half)
    return on_the_stripe(pattern, half).mean(dim=(2, 3))


@misconception(
    "You divide by the number of positions, `1 + 2 * half`. The mean is over the queries of the second half: there "
    "are `half` of them."
)
def divided_by_all_positions(pattern, half):
    refuse_misfits(pattern, half)
    return on_the_stripe(pattern, half).sum(-1).mean(1) / pattern.shape[-1]


@misconception(
    "You add up the scores of the sequences. Take the mean over the batch: the score of a head should not grow with "
    "the batch."
)
def summed_over_the_batch(pattern, half):
    refuse_misfits(pattern, half)
    return on_the_stripe(pattern, half).mean(-1).sum(1)


@misconception(
    "You look at the number of keys only: a pattern with other queries gives no `ValueError`, or an `IndexError` where it "
    "has too few. Check both axes."
)
def queries_indexed(pattern, half):
    if pattern.shape[-1] != 1 + 2 * half:
        raise ValueError("the pattern does not have 1 + 2 * half keys")
    return on_the_stripe(pattern, half).mean(dim=(1, 3))


@misconception(
    "A `half` that is not that of the pattern gives no `ValueError` in yours, as long as queries and keys are equally many "
    "and odd. There are exactly `1 + 2 * half` of them: compare with `half`."
)
def half_not_compared(pattern, half):
    queries, keys = pattern.shape[-2:]
    if queries != keys or queries % 2 == 0:
        raise ValueError("the pattern is no square, or its size is even")
    return pattern.diagonal(1 - half, -2, -1)[..., 2 : half + 2].mean(dim=(1, 3))


@misconception(
    "You measure the attention two tokens after the earlier copy, at key `i - half + 2`. The token directly after the copy "
    "is at `i - half + 1`."
)
def one_key_too_late(pattern, half):
    refuse_misfits(pattern, half)
    queries = torch.arange(half + 1, 2 * half + 1, device=pattern.device)
    return pattern[..., queries, queries - half + (2 if half > 1 else 1)].mean(dim=(1, 3))


@misconception(
    "Your score leaves out the first query of the second half, at position `half + 1`. Its token has been there before: it "
    "counts."
)
def first_query_missing(pattern, half):
    refuse_misfits(pattern, half)
    return on_the_stripe(pattern, half)[..., min(1, half - 1) :].mean(dim=(1, 3))


@misconception(
    "Your scores are half as large as they should be: you divide by the queries of both halves. The mean is over those of "
    "the second half."
)
def divided_by_both_halves(pattern, half):
    refuse_misfits(pattern, half)
    return on_the_stripe(pattern, half).mean(dim=(1, 3)) / 2


@misconception("You take the median over the sequences of the batch. The score is the mean.")
def median_of_the_batch(pattern, half):
    refuse_misfits(pattern, half)
    return on_the_stripe(pattern, half).mean(-1).median(dim=1).values


@misconception(
    "You average the attention on all earlier positions up to the token after the copy. The score looks at a single key "
    "for each query, `i - half + 1`."
)
def all_keys_up_to_it(pattern, half):
    refuse_misfits(pattern, half)
    return torch.stack([pattern[..., i, : i - half + 2].mean(-1) for i in range(half + 1, 2 * half + 1)]).mean((0, 2))


@misconception(
    "A pattern with too few keys gives a `ValueError` in yours, and one with too many keys does not. There are exactly as many keys as "
    "queries."
)
def more_keys_allowed(pattern, half):
    queries, keys = pattern.shape[-2:]
    if queries != 1 + 2 * half or keys < queries:
        raise ValueError("the pattern does not fit the half")
    return on_the_stripe(pattern, half).mean(dim=(1, 3))
