"""Right and wrong ways to measure simple attention habits."""

import torch
from transformer_lens.head_detector import get_duplicate_token_head_detection_pattern

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(pattern, tokens):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    batch, pos = tokens.shape
    if pattern.ndim != 5 or pattern.shape[1] != batch or tuple(pattern.shape[-2:]) != (pos, pos) or pos < 2:
        raise ValueError("pattern and tokens do not fit together")


def earlier_copies(tokens):
    """True where the key holds the query's token and comes before it: [batch, query, key]."""
    return (tokens[:, :, None] == tokens[:, None, :]).tril(-1)


def duplicate_score(pattern, copies):
    """Attention under a mask, averaged over the queries that have any copy."""
    total = torch.einsum("lbhqk,bqk->lh", pattern, copies.to(pattern.dtype))
    return total / copies.any(-1).sum().clamp(min=1)


def four_scores(pattern, tokens, **replaced):
    """The four right scores, with some of them replaced by wrong ones."""
    right = {
        "previous": pattern.diagonal(-1, -2, -1).mean((1, 3)),
        "current": pattern.diagonal(0, -2, -1)[..., 1:].mean((1, 3)),
        "first": pattern[..., 1:, 0].mean((1, 3)),
        "duplicate": duplicate_score(pattern, earlier_copies(tokens)),
    }
    return {name: replaced.get(name, score) for name, score in right.items()}


@accepted
def by_loop(pattern, tokens):
    """One query at a time, in plain Python."""
    refuse_misfits(pattern, tokens)
    batch, pos = tokens.shape
    names = ("previous", "current", "first", "duplicate")
    total = {name: pattern.new_zeros(pattern.shape[0], pattern.shape[2]) for name in names}
    with_copy = 0
    for row in range(batch):
        ids = tokens[row].tolist()
        for query in range(1, pos):
            attention = pattern[:, row, :, query]
            total["previous"] += attention[..., query - 1]
            total["current"] += attention[..., query]
            total["first"] += attention[..., 0]
            keys = [key for key in range(query) if ids[key] == ids[query]]
            if keys:
                with_copy += 1
                total["duplicate"] += attention[..., keys].sum(-1)
    count = {name: batch * (pos - 1) for name in names} | {"duplicate": max(with_copy, 1)}
    return {name: total[name] / count[name] for name in names}


@accepted
def by_masks(pattern, tokens):
    """All four motifs as masks over query and key, contracted in one einsum, in float64."""
    refuse_misfits(pattern, tokens)
    batch, pos = tokens.shape
    query = torch.arange(pos, device=tokens.device)[:, None]
    key = torch.arange(pos, device=tokens.device)[None, :]
    copies = (tokens.unsqueeze(2) == tokens.unsqueeze(1)) & (key < query)
    masks = torch.stack([(m & (query > 0)).expand(batch, pos, pos) for m in (key == query - 1, key == query, key == 0)])
    masks = torch.cat([masks, copies[None]]).double()
    queries = masks.amax(-1).sum((1, 2)).clamp(min=1)
    scores = torch.einsum("lbhqk,mbqk->mlh", pattern.double(), masks) / queries[:, None, None]
    return dict(zip(("previous", "current", "first", "duplicate"), scores.to(pattern.dtype), strict=True))


@accepted
def by_library_mask(pattern, tokens):
    """TransformerLens's own mask of duplicate tokens, one sequence at a time; the rest by index."""
    refuse_misfits(pattern, tokens)
    rows = torch.arange(1, tokens.shape[1], device=pattern.device)
    copies = torch.stack([get_duplicate_token_head_detection_pattern(row[None].cpu()) for row in tokens]) > 0
    return {
        "duplicate": duplicate_score(pattern, copies.to(pattern.device)),
        "first": pattern[..., rows, 0].mean((1, 3)),
        "current": pattern[..., rows, rows].mean((1, 3)),
        "previous": pattern[..., rows, rows - 1].mean((1, 3)),
    }


@misconception(
    "You include the row of BOS. At position 0 there is nothing else to look at, so that row is the same for every "
    "head, and lifts every head's `current` and `first` score. Average over the queries from position 1 on."
)
def bos_row_included(pattern, tokens):
    refuse_misfits(pattern, tokens)
    current = pattern.diagonal(0, -2, -1).mean((1, 3))
    return four_scores(pattern, tokens, current=current, first=pattern[..., 0].mean((1, 3)))


@misconception(
    "Your `previous` score reads the diagonal above the main one, where the key comes *after* the query. A causal "
    "pattern is zero there. The previous position is on the other side: check the sign of the offset, or which of the "
    "two indices is the query."
)
def diagonal_above(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens, previous=pattern.diagonal(1, -2, -1).mean((1, 3)))


@misconception(
    "Your `first` score averages the *row* of BOS, which is how BOS attends to the others. Wanted is the attention "
    "that the other positions pay to BOS: the query is the first of the last two axes, the key the second."
)
def row_for_column(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens, first=pattern[..., 0, 1:].mean((1, 3)))


@misconception(
    "Your `duplicate` score counts the current position as a copy of itself, so every query has a duplicate and a "
    "head that looks only at itself scores 1. Count earlier positions only."
)
def copy_of_itself(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = (tokens[:, :, None] == tokens[:, None, :]).tril()
    copies[:, 0] = False
    return four_scores(pattern, tokens, duplicate=duplicate_score(pattern, copies))


@misconception(
    "Your `duplicate` score divides by all queries, also by those whose token has not occurred before. They have "
    "nothing to find, so they should not count against the head. Average over the queries that have an earlier copy."
)
def all_queries_counted(pattern, tokens):
    refuse_misfits(pattern, tokens)
    total = torch.einsum("lbhqk,bqk->lh", pattern, earlier_copies(tokens).to(pattern.dtype))
    return four_scores(pattern, tokens, duplicate=total / (tokens.shape[0] * (tokens.shape[1] - 1)))


@misconception(
    "Your `duplicate` score divides by the number of *pairs* of copies. A token that has occurred three times before "
    "makes three pairs but one query, and its attention on all three should add up. Divide by the number of queries "
    "that have at least one copy."
)
def pairs_counted(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = earlier_copies(tokens)
    total = torch.einsum("lbhqk,bqk->lh", pattern, copies.to(pattern.dtype))
    return four_scores(pattern, tokens, duplicate=total / copies.sum().clamp(min=1))


@misconception(
    "Your `duplicate` score looks at the first earlier occurrence only. A token may have occurred several times "
    "before: add up the attention on all of its earlier copies."
)
def first_copy_only(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = earlier_copies(tokens)
    first = copies & (copies.int().cumsum(-1) == 1)
    return four_scores(pattern, tokens, duplicate=duplicate_score(pattern, first))


@misconception(
    "Your `duplicate` score looks at the most recent earlier occurrence only. A token may have occurred several times "
    "before: add up the attention on all of its earlier copies."
)
def latest_copy_only(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = earlier_copies(tokens)
    latest = copies & (copies.int().flip(-1).cumsum(-1).flip(-1) == 1)
    return four_scores(pattern, tokens, duplicate=duplicate_score(pattern, latest))


@misconception(
    "Your `duplicate` score also averages over queries whose token only comes *again later*. They have no earlier "
    "copy, and a causal head cannot look ahead. Keep the pairs in which the key is before the query, and only then "
    "ask which queries have any."
)
def later_copies_counted(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = tokens[:, :, None] == tokens[:, None, :]
    copies = copies & ~torch.eye(tokens.shape[1], dtype=torch.bool, device=tokens.device)
    return four_scores(pattern, tokens, duplicate=duplicate_score(pattern, copies))


@misconception(
    "Your `duplicate` score uses the tokens of the first sequence for the whole batch. Each sequence repeats in its "
    "own places: the mask of copies needs a batch axis."
)
def first_tokens_for_all(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(
        pattern, tokens, duplicate=duplicate_score(pattern, earlier_copies(tokens[:1].expand_as(tokens)))
    )


@misconception(
    "Your `duplicate` score averages within each sequence first, and then over the sequences. A sequence with two "
    "repeats then weighs as much as one with twenty. Pool the queries of the whole batch, and average once."
)
def mean_of_means(pattern, tokens):
    refuse_misfits(pattern, tokens)
    rows = [duplicate_score(pattern[:, [b]], earlier_copies(tokens[[b]])) for b in range(len(tokens))]
    return four_scores(pattern, tokens, duplicate=torch.stack(rows).mean(0))


@misconception(
    "Your `duplicate` score is not a number where nothing repeats: you divide zero by zero. The definition says what "
    "the score is in that case."
)
def zero_by_zero(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = earlier_copies(tokens)
    total = torch.einsum("lbhqk,bqk->lh", pattern, copies.to(pattern.dtype))
    return four_scores(pattern, tokens, duplicate=total / copies.any(-1).sum())


@misconception(
    "Your `duplicate` score measures the attention to the token *after* the earlier copy. That is induction. A "
    "duplicate-token head looks at the copy itself."
)
def induction_for_duplicate(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = earlier_copies(tokens)
    after = copies.roll(1, dims=-1)
    after[..., 0] = False
    total = torch.einsum("lbhqk,bqk->lh", pattern, after.to(pattern.dtype))
    return four_scores(pattern, tokens, duplicate=total / copies.any(-1).sum().clamp(min=1))


@misconception(
    "Your results still have the batch axis, `[layer, batch, head]`, in `previous`, `current` and `first`. A head's "
    "score is one number: average over the sequences too."
)
def batch_kept(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(
        pattern,
        tokens,
        previous=pattern.diagonal(-1, -2, -1).mean(-1),
        current=pattern.diagonal(0, -2, -1)[..., 1:].mean(-1),
        first=pattern[..., 1:, 0].mean(-1),
    )


@misconception(
    "Your scores are right, but no pattern and tokens that do not belong together give a `ValueError`. The "
    "docstring's section *Raises* lists what should."
)
def nothing_refused(pattern, tokens):
    tokens = tokens[:1].expand(pattern.shape[1], -1) if tokens.shape[0] != pattern.shape[1] else tokens
    pos = min(tokens.shape[1], pattern.shape[-1], pattern.shape[-2])
    return four_scores(pattern[..., :pos, :pos], tokens[:, :pos])


@misconception(
    "Your `current` score includes the query of BOS, which can only look at itself. Average over the queries from "
    "position 1 on."
)
def current_with_bos(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens, current=pattern.diagonal(0, -2, -1).mean((1, 3)))


@misconception(
    "Your `first` score includes the query of BOS, which can only look at itself. Average over the queries from "
    "position 1 on."
)
def first_with_bos(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens, first=pattern[..., 0].mean((1, 3)))


@misconception(
    "Your `first` score leaves out the query at position 1. For this query the first position is also the previous "
    "one, and counts in both scores."
)
def first_from_two(pattern, tokens):
    refuse_misfits(pattern, tokens)
    begin = 2 if tokens.shape[1] > 2 else 1
    return four_scores(pattern, tokens, first=pattern[..., begin:, 0].mean((1, 3)))


@misconception(
    "Your `previous` score divides by the number of positions. BOS has nothing before it: there is one query less "
    "than there are positions."
)
def previous_divided_by_pos(pattern, tokens):
    refuse_misfits(pattern, tokens)
    total = pattern.diagonal(-1, -2, -1).sum(-1).mean(1)
    return four_scores(pattern, tokens, previous=total / tokens.shape[1])


@misconception(
    "Your `duplicate` score leaves out copies at position 0. A later token with the id of BOS has an earlier copy "
    "there."
)
def bos_is_no_copy(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = earlier_copies(tokens)
    copies[..., 0] = False
    return four_scores(pattern, tokens, duplicate=duplicate_score(pattern, copies))


@misconception(
    "Your `duplicate` score leaves out a copy directly before the query. It is an earlier position with the same "
    "token: it counts here as well as in `previous`."
)
def neighbour_is_no_copy(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens, duplicate=duplicate_score(pattern, earlier_copies(tokens).tril(-2)))


@misconception(
    "Your `duplicate` score averages over the copies of a query's token. Add up the attention on all of them: only "
    "the queries are averaged."
)
def mean_over_copies(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = earlier_copies(tokens)
    each = copies.to(pattern.dtype) / copies.sum(-1, keepdim=True).clamp(min=1)
    total = torch.einsum("lbhqk,bqk->lh", pattern, each)
    return four_scores(pattern, tokens, duplicate=total / copies.any(-1).sum().clamp(min=1))


@misconception(
    "Your `duplicate` score adds the attention of a query to itself, where its token has occurred before. Count "
    "earlier positions only."
)
def itself_beside_copies(pattern, tokens):
    refuse_misfits(pattern, tokens)
    queries = earlier_copies(tokens).any(-1)
    same = (tokens[:, :, None] == tokens[:, None, :]).tril() & queries[..., None]
    return four_scores(pattern, tokens, duplicate=duplicate_score(pattern, same))


@misconception(
    "A single position gives no `ValueError` in yours. There is no query to average over: ask for at least two "
    "positions."
)
def one_position(pattern, tokens):
    batch, pos = tokens.shape
    if pattern.ndim != 5 or pattern.shape[1] != batch or tuple(pattern.shape[-2:]) != (pos, pos):
        raise ValueError("pattern and tokens do not fit together")
    return four_scores(pattern, tokens)


@misconception(
    "A single row of tokens gives no `ValueError` in yours, although the pattern has more sequences: it is stretched "
    "over the batch. Compare the numbers of sequences."
)
def one_row_for_all(pattern, tokens):
    tokens = tokens.expand(pattern.shape[1], -1) if len(tokens) == 1 else tokens
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens)


@misconception(
    "A pattern with more keys than there are tokens gives no `ValueError` in yours. Compare both the queries and the "
    "keys with the tokens."
)
def surplus_keys(pattern, tokens):
    pattern = pattern[..., : tokens.shape[1]]
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens)


@misconception(
    "Your `current` score is the attention to the position *before*. When you cut off the row of BOS first, the "
    "diagonal of what is left lies one place to the left: take the diagonal first, and cut its first entry."
)
def cut_before_the_diagonal(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens, current=pattern[..., 1:, :].diagonal(0, -2, -1).mean((1, 3)))


@misconception(
    "Your `previous` score looks two positions back. The position before the query is one to the left of the main "
    "diagonal."
)
def two_back(pattern, tokens):
    refuse_misfits(pattern, tokens)
    total = pattern.diagonal(-2, -2, -1).sum(-1).mean(1)
    return four_scores(pattern, tokens, previous=total / (tokens.shape[1] - 1))


@misconception(
    "Your `previous` score adds up over the queries, so that it grows with the length of the text. Take the mean over"
    " the queries."
)
def previous_summed(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens, previous=pattern.diagonal(-1, -2, -1).sum(-1).mean(1))


@misconception(
    "Your scores `previous`, `current` and `first` are those of the first sequence. Take the mean over the batch, too."
)
def first_sequence_only(pattern, tokens):
    refuse_misfits(pattern, tokens)
    right = four_scores(pattern, tokens)
    return four_scores(pattern[:, :1], tokens[:1]) | {"duplicate": right["duplicate"]}


@misconception(
    "Your scores are right, but the axes are exchanged: `[layer, head]` is asked for, and yours are `[head, layer]`."
)
def head_before_layer(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return {name: score.T for name, score in four_scores(pattern, tokens).items()}


@misconception(
    "Your four scores come without their names, as a tuple. A dictionary is asked for, with the keys `previous`, "
    "`current`, `first` and `duplicate`."
)
def scores_without_names(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return tuple(four_scores(pattern, tokens).values())


@misconception(
    "A pattern with more queries than there are tokens gives no `ValueError` in yours. Compare both the queries and "
    "the keys with the tokens."
)
def surplus_queries(pattern, tokens):
    pattern = pattern[..., : tokens.shape[1], :]
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens)


@misconception(
    "A pattern of a single sequence gives no `ValueError` in yours, although there are tokens of more: it is "
    "stretched over the batch. Compare the numbers of sequences."
)
def one_pattern_for_all(pattern, tokens):
    pattern = pattern.expand(-1, len(tokens), -1, -1, -1) if pattern.shape[1] == 1 else pattern
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens)


@misconception(
    "Patterns and tokens of different batches give no `ValueError` in yours: where one of them has a single sequence, it is "
    "stretched, and elsewhere PyTorch stops with an error of its own. Compare the numbers of sequences."
)
def batch_not_checked(pattern, tokens):
    pos = tokens.shape[1]
    if pattern.ndim != 5 or tuple(pattern.shape[-2:]) != (pos, pos) or pos < 2:
        raise ValueError("pattern and tokens do not fit together")
    return four_scores(pattern, tokens)


@misconception(
    "You compare the numbers of sequences, but not the positions: a pattern that is larger than the tokens gives no "
    "`ValueError`. Compare queries and keys with the tokens."
)
def larger_patterns(pattern, tokens):
    pos = tokens.shape[1]
    if pattern.shape[1] != len(tokens) or min(pattern.shape[-2:]) < pos or pos < 2:
        raise ValueError("pattern and tokens do not fit together")
    return four_scores(pattern[..., :pos, :pos], tokens)


@misconception(
    "Your `duplicate` score is NaN where a sequence has no repeated token: you divide by 0 there. The mean is over the "
    "queries of the whole batch that have a copy, and 0 where there is none at all."
)
def mean_of_means_by_zero(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = earlier_copies(tokens)
    total = torch.einsum("lbhqk,bqk->blh", pattern, copies.to(pattern.dtype))
    return four_scores(pattern, tokens, duplicate=(total / copies.any(-1).sum(-1)[:, None, None]).mean(0))


@misconception(
    "Your `duplicate` score is 0 where nothing repeats, as it should be; but elsewhere it adds up over the queries. Divide by "
    "the number of queries that have a copy."
)
def duplicate_summed(pattern, tokens):
    refuse_misfits(pattern, tokens)
    total = torch.einsum("lbhqk,bqk->lh", pattern, earlier_copies(tokens).to(pattern.dtype))
    return four_scores(pattern, tokens, duplicate=total)


@misconception(
    "Your `first` score divides by the number of positions. The query at position 0 does not count: there is one query less "
    "than there are positions."
)
def first_divided_by_pos(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens, first=pattern[..., 1:, 0].sum(-1).mean(1) / tokens.shape[1])


@misconception("Your `current` score leaves out the query at position 1. Only the query at position 0 does not count.")
def current_from_two(pattern, tokens):
    refuse_misfits(pattern, tokens)
    begin = 2 if tokens.shape[1] > 2 else 1
    return four_scores(pattern, tokens, current=pattern.diagonal(0, -2, -1)[..., begin:].mean((1, 3)))


@misconception("Your `previous` score leaves out the query at position 1. The position before it is 0, and it counts.")
def previous_from_two(pattern, tokens):
    refuse_misfits(pattern, tokens)
    begin = 1 if tokens.shape[1] > 2 else 0
    return four_scores(pattern, tokens, previous=pattern.diagonal(-1, -2, -1)[..., begin:].mean((1, 3)))


@misconception(
    "Your `duplicate` score is the highest attention on any earlier copy. Add up the attention on all of them."
)
def strongest_copy(pattern, tokens):
    refuse_misfits(pattern, tokens)
    copies = earlier_copies(tokens)
    best = (pattern * copies[None, :, None]).amax(-1).sum((1, 3))
    return four_scores(pattern, tokens, duplicate=best / copies.any(-1).sum().clamp(min=1))


@misconception("Your `first` score is the attention to position 1. The first position is 0, BOS.")
def second_for_first(pattern, tokens):
    refuse_misfits(pattern, tokens)
    return four_scores(pattern, tokens, first=pattern[..., 1:, 1].mean((1, 3)))
