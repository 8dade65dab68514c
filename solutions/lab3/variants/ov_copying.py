"""Right and wrong ways to build a full OV circuit and to score copying."""

import torch
from transformer_lens import FactoredMatrix

from mechgrade.authoring.variants import accepted, misconception


def refuse_nothing(tokens, k):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if k < 1 or len(tokens) == 0:
        raise ValueError("k and the number of tokens must be at least 1")


def rows_of(circuit, tokens):
    """Some rows of the product: [token, d_vocab]."""
    return circuit.A[tokens] @ circuit.B


@accepted(replaces="full_ov_circuit")
def by_library(W_E, W_V, W_O, W_U):
    """The library's products, which keep the smaller rank."""
    return W_E @ FactoredMatrix(W_V, W_O) @ W_U


@accepted(replaces="full_ov_circuit")
def by_einsum(W_E, W_V, W_O, W_U):
    """Both factors in float64, by einsum."""
    left = torch.einsum("vm,mh->vh", W_E.double(), W_V.double())
    right = torch.einsum("hm,mv->hv", W_O.double(), W_U.double())
    return FactoredMatrix(left.to(W_E.dtype), right.to(W_E.dtype))


@accepted
def by_loop(circuit, tokens, k):
    """One token at a time, with topk: its own logit is at least the k-th largest."""
    refuse_nothing(tokens, k)
    hits = 0
    for token in tokens.tolist():
        row = circuit.A[token] @ circuit.B
        hits += bool(row[token] >= row.topk(min(k, len(row))).values[-1])
    return hits / len(tokens)


@accepted
def by_chunks(circuit, tokens, k):
    """A few rows at a time, ranked by counting what is not smaller or equal."""
    refuse_nothing(tokens, k)
    hits = []
    for chunk in tokens.split(3):
        rows = rows_of(circuit, chunk)
        own = rows[torch.arange(len(chunk), device=rows.device), chunk]
        hits.append(rows.shape[1] - (rows <= own[:, None]).sum(1) < k)
    return torch.cat(hits).double().mean().item()


@misconception(
    "You multiply the circuit out, which makes a matrix of `d_vocab` times `d_vocab` entries. In GPT-2 small that is "
    "10 GB for one head. You only need the rows of the tokens that you are asked about.",
)
def multiplied_out(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = (circuit.A @ circuit.B)[tokens]
    own = rows.gather(1, tokens[:, None])
    return ((rows > own).sum(1) < k).float().mean().item()


@misconception(
    "Rows and columns are exchanged: you ask which token, attended to, raises this logit most. The question is which "
    "logit this token raises most. The token attended to is the row, so compare within the row."
)
def down_the_columns(circuit, tokens, k):
    refuse_nothing(tokens, k)
    columns = (circuit.A @ circuit.B[:, tokens]).T
    own = columns.gather(1, tokens[:, None])
    return ((columns > own).sum(1) < k).float().mean().item()


@misconception(
    "You rank by absolute value. A head that pushes a token's own logit *down* strongly does the opposite of copying, "
    "and it would count as copying here. Compare the entries with their signs."
)
def absolute_values(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens).abs()
    own = rows.gather(1, tokens[:, None])
    return ((rows > own).sum(1) < k).float().mean().item()


@misconception(
    "You count a token as copied when its own logit is positive. Attending to it may raise other logits more: its own "
    "must be among the `k` largest of its row."
)
def positive_diagonal(circuit, tokens, k):
    refuse_nothing(tokens, k)
    return (rows_of(circuit, tokens).gather(1, tokens[:, None]) > 0).float().mean().item()


@misconception(
    "You compare with the row's number among the tokens you were given, not with the token's id. Row 0 of your rows "
    "belongs to `tokens[0]`, which can be any id: its own entry stands in the column of that id."
)
def place_for_id(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    own = rows.diagonal()[:, None]
    return ((rows > own).sum(1) < k).float().mean().item()


@misconception(
    "You compare the logits of the given tokens with each other only. The token's own logit has to stand out among "
    "those of the *whole* vocabulary."
)
def among_the_given(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)[:, tokens]
    return ((rows > rows.diagonal()[:, None]).sum(1) < k).float().mean().item()


@misconception(
    "You ignore `k` and always ask for the largest entry of the row. With `k = 5` a token counts that is among the "
    "five largest."
)
def always_top_1(circuit, tokens, k):
    refuse_nothing(tokens, k)
    return (rows_of(circuit, tokens).argmax(1) == tokens).float().mean().item()


@misconception(
    "Your `k` is one too generous: with `k` entries larger than its own the token is in place `k + 1`. Look at the "
    "comparison with `k`."
)
def one_too_generous(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    return ((rows > rows.gather(1, tokens[:, None])).sum(1) <= k).float().mean().item()


@misconception("You return a count where the definition takes the share: divide by the number of tokens.")
def count_for_share(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    return float(((rows > rows.gather(1, tokens[:, None])).sum(1) < k).sum())


@misconception(
    "Your circuit runs backwards: it is the transpose of the one that is wanted. The token attended to belongs to the "
    "rows, so the chain begins with the embedding and ends with the unembedding.",
    replaces="full_ov_circuit",
)
def transposed(W_E, W_V, W_O, W_U):
    return FactoredMatrix((W_O @ W_U).T, (W_E @ W_V).T)


@misconception(
    "The factors of your circuit meet in the residual stream, `d_model` wide. The chain is narrower in one place: in "
    "the head itself. Factored there, it takes less memory, and its rank can be seen from its shape.",
    replaces="full_ov_circuit",
)
def meets_in_the_stream(W_E, W_V, W_O, W_U):
    return FactoredMatrix(W_E @ W_V @ W_O, W_U)


@misconception(
    "Your circuit leaves the unembedding out and reuses the embedding in its place. In models that tie the two this "
    "looks right, but after folding LayerNorm and centring they differ even there. What a logit is, `W_U` says.",
    replaces="full_ov_circuit",
)
def embedding_for_unembedding(W_E, W_V, W_O, W_U):
    return FactoredMatrix(W_E @ W_V, W_O @ W_E.T)


@misconception(
    "Your circuit has no value matrix: it feeds the output matrix with its own transpose. A head reads with `W_V` and "
    "writes with `W_O`, and the two have to be kept apart.",
    replaces="full_ov_circuit",
)
def output_twice(W_E, W_V, W_O, W_U):
    return FactoredMatrix(W_E @ W_O.T, W_O @ W_U)


@misconception(
    "Your score is right, but nothing gives a `ValueError`: neither a `k` below 1 nor a call without tokens. See the "
    "docstring's section *Raises*."
)
def nothing_refused(circuit, tokens, k):
    rows = rows_of(circuit, tokens)
    return ((rows > rows.gather(1, tokens[:, None])).sum(1) < k).float().sum().item() / max(len(tokens), 1)


def share(rows, tokens, k):
    """The share of tokens whose own entry is among the k largest of their row."""
    return ((rows > rows.gather(1, tokens[:, None])).sum(1) < k).float().mean().item()


@misconception(
    "You take the token's place in a sorted row. Where entries are equal, sorting puts some before the others, and "
    "here none of them is strictly larger: count the entries that are."
)
def place_in_a_sorted_row(circuit, tokens, k):
    refuse_nothing(tokens, k)
    order = rows_of(circuit, tokens).argsort(dim=1, descending=True, stable=True)
    return ((order == tokens[:, None]).int().argmax(1) < k).float().mean().item()


@misconception(
    "You look for the token among the `k` places that `topk` gives. Where entries are equal, `topk` takes some of them and "
    "leaves out others, perhaps the token's own. Count the entries that are strictly larger."
)
def member_of_topk(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    best = rows.topk(min(k, rows.shape[1]), dim=1).indices
    return (best == tokens[:, None]).any(1).float().mean().item()


@misconception(
    "Entries equal to the token's own count against it in yours. Only those that are strictly larger count: compare "
    "with `>`."
)
def equal_counts_against(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    return ((rows >= rows.gather(1, tokens[:, None])).sum(1) - 1 < k).float().mean().item()


@misconception(
    "With a `k` above the size of the vocabulary your function ends with an error, as `topk` does. Every row counts "
    "then: count the entries that are larger, or take `min(k, d_vocab)`."
)
def topk_beyond_the_vocabulary(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    return (rows.gather(1, tokens[:, None]) >= rows.topk(k, dim=1).values[:, -1:]).float().mean().item()


def larger_by(tolerance, circuit, tokens, k):
    """The share, where an entry counts as larger only if a tolerance allows it."""
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    own = rows.gather(1, tokens[:, None])
    return ((rows > own + tolerance(own)).sum(1) < k).double().mean().item()


@misconception(
    "Entries that are larger than the token's own by a small *part* of it do not count in yours, as with `isclose`. Strictly larger is "
    "larger by however little: compare with `>`."
)
def larger_by_a_part(circuit, tokens, k):
    return larger_by(lambda own: 1e-5 * own.abs(), circuit, tokens, k)


@misconception(
    "Entries that are larger than the token's own by a fixed small number or less do not count in yours. A head with small weights then "
    "copies everything. Strictly larger is larger by however little: compare with `>`."
)
def larger_by_a_number(circuit, tokens, k):
    return larger_by(lambda own: 1e-3, circuit, tokens, k)


@misconception(
    "Entries that are larger than the token's own by about a millionth or less do not count in yours. A head with small weights then "
    "copies everything. Strictly larger is larger by however little: compare with `>`."
)
def larger_by_a_millionth(circuit, tokens, k):
    return larger_by(lambda own: 1e-6, circuit, tokens, k)


@misconception("Your share is a tensor. Make a Python float of it with `.item()`.")
def tensor_for_float(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    return ((rows > rows.gather(1, tokens[:, None])).sum(1) < k).float().mean()


@misconception("A `k` of 0 gives no `ValueError` in yours. It asks for nothing.")
def k_zero(circuit, tokens, k):
    refuse_nothing(tokens, k if k else 1)
    return share(rows_of(circuit, tokens), tokens, k)


@misconception("A call without tokens gives no `ValueError` in yours. There is nothing to take the share of.")
def no_tokens(circuit, tokens, k):
    refuse_nothing([0], k)
    return share(rows_of(circuit, tokens), tokens, k)


@misconception(
    "You take the mean of each row away from your circuit. The order within a row stays the same, but the circuit is "
    "another: return the plain product.",
    replaces="full_ov_circuit",
)
def centred_logits(W_E, W_V, W_O, W_U):
    return FactoredMatrix(W_E @ W_V, W_O @ (W_U - W_U.mean(-1, keepdim=True)))


@misconception(
    "You scale the embeddings to length 1 in your circuit. Return the product of the four matrices as they are.",
    replaces="full_ov_circuit",
)
def unit_embeddings(W_E, W_V, W_O, W_U):
    return FactoredMatrix(W_E / W_E.norm(dim=-1, keepdim=True) @ W_V, W_O @ W_U)


@misconception(
    "One factor of your circuit is the whole product, `[d_vocab, d_vocab]`, which is too large for real models. "
    "Return two factors that meet in the head: `[d_vocab, d_head]` and `[d_head, d_vocab]`.",
    replaces="full_ov_circuit",
)
def product_and_identity(W_E, W_V, W_O, W_U):
    product = W_E @ W_V @ W_O @ W_U
    return FactoredMatrix(product, torch.eye(len(product), dtype=product.dtype, device=product.device))


@misconception(
    "A token that is in `tokens` twice counts once in yours. Every entry of `tokens` counts: take the mean over all "
    "of them."
)
def each_token_once(circuit, tokens, k):
    refuse_nothing(tokens, k)
    tokens = tokens.unique()
    return share(rows_of(circuit, tokens), tokens, k)


@misconception(
    "Your circuit is a single matrix, multiplied out. In GPT-2 small it would have 2.5 billion entries: return the "
    "two factors, as a `FactoredMatrix`.",
    replaces="full_ov_circuit",
)
def plain_matrix(W_E, W_V, W_O, W_U):
    return W_E @ W_V @ W_O @ W_U


@misconception(
    "Your two factors come in a tuple. Make a `FactoredMatrix` of them, which multiplies and adds like a matrix.",
    replaces="full_ov_circuit",
)
def tuple_of_factors(W_E, W_V, W_O, W_U):
    return W_E @ W_V, W_O @ W_U


@misconception(
    "Your circuit leaves the output matrix out and goes back through the transpose of the value matrix. A head reads "
    "with `W_V` and writes with `W_O`.",
    replaces="full_ov_circuit",
)
def value_twice(W_E, W_V, W_O, W_U):
    return FactoredMatrix(W_E @ W_V, W_V.T @ W_U)


@misconception("A `k` below 1 gives no `ValueError` in yours, whether it is 0 or negative. It asks for nothing.")
def k_not_checked(circuit, tokens, k):
    refuse_nothing(tokens, 1)
    return share(rows_of(circuit, tokens), tokens, k)


@misconception("A negative `k` gives no `ValueError` in yours: you refuse 0 alone. Ask for at least 1.")
def negative_k(circuit, tokens, k):
    refuse_nothing(tokens, abs(k))
    return share(rows_of(circuit, tokens), tokens, k)


@misconception(
    "A call without tokens ends with a `ZeroDivisionError` in yours. The docstring asks for a `ValueError`: check before "
    "you divide."
)
def divided_by_no_tokens(circuit, tokens, k):
    refuse_nothing([0], k)
    hits = (share(rows_of(circuit, tokens), tokens, k) if len(tokens) else 0) * len(tokens)
    return hits / len(tokens)


@misconception(
    "With `k` entries or more in a row you ask for one place too few: a token in place `k` should count. Look at the "
    "comparison with `k`."
)
def one_too_strict(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    return ((rows > rows.gather(1, tokens[:, None])).sum(1) < max(k - 1, 1)).float().mean().item()


@misconception(
    "You look for the token's own logit among the `k` *smallest* of its row. Copying means to raise it: look among the "
    "largest."
)
def among_the_smallest(circuit, tokens, k):
    refuse_nothing(tokens, k)
    rows = rows_of(circuit, tokens)
    return ((rows < rows.gather(1, tokens[:, None])).sum(1) < k).float().mean().item()


@misconception(
    "You take the mean probability of the token's own logit. A row counts as a whole or not at all: the question is "
    "whether the own logit is among the `k` largest."
)
def mean_probability(circuit, tokens, k):
    refuse_nothing(tokens, k)
    return rows_of(circuit, tokens).softmax(1).gather(1, tokens[:, None]).mean().item()


@misconception("Your share is a percentage. Give a number between 0 and 1.")
def percentage(circuit, tokens, k):
    refuse_nothing(tokens, k)
    return 100 * share(rows_of(circuit, tokens), tokens, k)


@misconception(
    "A `k` above the size of the vocabulary gives a `ValueError` in yours. It is allowed: every row counts then."
)
def large_k_refused(circuit, tokens, k):
    refuse_nothing(tokens, k)
    if k > circuit.B.shape[1]:
        raise ValueError("k is larger than the vocabulary")
    return share(rows_of(circuit, tokens), tokens, k)
