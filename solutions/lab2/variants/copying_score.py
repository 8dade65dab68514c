"""Right and wrong ways to ask whether a head copies."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def centred(x, eps):
    """LayerNorm without weights."""
    return torch.nn.functional.layer_norm(x, x.shape[-1:], eps=eps)


def refuse_misfits(logits, tokens, k):
    """Raise the errors that the exercise asks for: a misconception is wrong in one thing only."""
    if not 1 <= k <= logits.shape[-1] or tokens.shape != logits.shape[:1]:
        raise ValueError("k or tokens do not fit the logits")


@accepted(replaces="ov_logits")
def whole_matrix(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    """The full OV matrix, PyTorch's own LayerNorm, in float64."""
    ov = (W_V.double() @ W_O.double()) * (-1 if negative else 1)
    return (centred(centred(residual.double(), eps) @ ov, eps) @ W_U.double() + b_U.double()).to(residual.dtype)


@accepted(replaces="ov_logits")
def token_by_token(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    """One token after the other, with variance and mean by name."""

    def normalise(x):
        return (x - x.mean()) / torch.sqrt(x.var(unbiased=False) + eps)

    rows = []
    for x in residual:
        written = torch.einsum("m,mh,hn->n", normalise(x), W_V, W_O)
        rows.append(torch.addmv(b_U, W_U.T, normalise(-written if negative else written)))
    return torch.stack(rows)


@accepted(replaces="copying_score")
def by_rank(logits, tokens, k=5):
    """The rank of the own token: how many others are higher."""
    refuse_misfits(logits, tokens, k)
    own = logits[torch.arange(len(tokens), device=logits.device), tokens]
    rank = (logits > own[:, None]).sum(-1)
    return int((rank < k).sum()) / len(tokens)


@accepted(replaces="copying_score")
def by_sorting(logits, tokens, k=5):
    """Plain Python lists."""
    refuse_misfits(logits, tokens, k)
    hits = 0
    for row, token in zip(logits.tolist(), tokens.tolist(), strict=True):
        hits += token in sorted(range(len(row)), key=lambda other: -row[other])[:k]
    return hits / len(tokens)


def higher_by(tolerance, logits, tokens, k):
    """The score where another logit counts as higher only if a tolerance allows it."""
    refuse_misfits(logits, tokens, k)
    own = logits.gather(1, tokens[:, None])
    return ((logits > own + tolerance(own)).sum(-1) < k).double().mean().item()


@misconception(
    "Logits that are higher than the token's own by a small *part* of it are not counted as higher in yours, as with `isclose`. Higher is "
    "higher by however little.",
    replaces="copying_score",
)
def higher_by_a_part(logits, tokens, k=5):
    return higher_by(lambda own: 1e-5 * own.abs(), logits, tokens, k)


@misconception(
    "Logits that are higher than the token's own by a fixed small number or less are not counted as higher in yours. Higher is higher by "
    "however little.",
    replaces="copying_score",
)
def higher_by_a_number(logits, tokens, k=5):
    return higher_by(lambda own: 1e-3, logits, tokens, k)


@misconception(
    "The final LayerNorm is missing: what the head writes goes into the unembedding at its own scale, and the bias "
    "weighs too much or too little against it.",
    replaces="ov_logits",
)
def no_final_layernorm(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    return centred(residual, eps) @ W_V @ W_O * (-1 if negative else 1) @ W_U + b_U


@misconception(
    "The first LayerNorm is missing: a head reads the residual stream normalised.",
    replaces="ov_logits",
)
def no_first_layernorm(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    return centred(residual @ W_V @ W_O * (-1 if negative else 1), eps) @ W_U + b_U


@misconception(
    "You divide by the length of the vector, but do not take the mean away first. That is RMS normalisation; LayerNorm "
    "also centres.",
    replaces="ov_logits",
)
def rms_for_layernorm(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    def normalise(x):
        return x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt()

    return normalise(normalise(residual) @ W_V @ W_O * (-1 if negative else 1)) @ W_U + b_U


@misconception(
    "You normalise over the tokens, column by column. LayerNorm works on one token's vector at a time: over `d_model`.",
    replaces="ov_logits",
)
def over_the_tokens(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    def normalise(x):
        return centred(x.T, eps).T

    return normalise(normalise(residual) @ W_V @ W_O * (-1 if negative else 1)) @ W_U + b_U


@misconception(
    "Your product is transposed: W_O and W_V act in the wrong order. Values come first, then the output: with rows as "
    "vectors, `x @ W_V @ W_O`.",
    replaces="ov_logits",
)
def transposed_product(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    return centred(centred(residual, eps) @ (W_V @ W_O).T * (-1 if negative else 1), eps) @ W_U + b_U


@misconception("The unembedding's bias is missing: the logits are LN(y) W_U *plus* b_U.", replaces="ov_logits")
def bias_forgotten(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    return centred(centred(residual, eps) @ W_V @ W_O * (-1 if negative else 1), eps) @ W_U


@misconception(
    "You turn all of the logits round, the bias with them. Negative is the *head's output*: the minus sign stands "
    "before the final LayerNorm, and the bias keeps its sign.",
    replaces="ov_logits",
)
def logits_negated(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    logits = centred(centred(residual, eps) @ W_V @ W_O, eps) @ W_U + b_U
    return -logits if negative else logits


@misconception("You ignore `negative`: copying and anti-copying come out the same.", replaces="ov_logits")
def never_negative(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    return centred(centred(residual, eps) @ W_V @ W_O, eps) @ W_U + b_U


@misconception(
    "You count only the tokens that come out on top. The score counts those among the best `k`.",
    replaces="copying_score",
)
def top_one(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return (logits.argmax(-1) == tokens).double().mean().item()


@misconception(
    "You look for the row's *number* among the best logits, as if the tokens were 0, 1, 2, … Look for the row's token "
    "id.",
    replaces="copying_score",
)
def row_for_token(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    rows = torch.arange(len(tokens), device=logits.device)
    return (logits.topk(k, -1).indices == rows[:, None]).any(-1).double().mean().item()


@misconception(
    "You count a row as a hit when *any* of the tokens is among its best. A head copies when it writes the token that "
    "it looks at: compare each row with its own token.",
    replaces="copying_score",
)
def any_token(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return torch.isin(logits.topk(k, -1).indices, tokens).any(-1).double().mean().item()


@misconception(
    "Your count is divided by `k` as well: you average over the best logits where a row either is a hit or is none.",
    replaces="copying_score",
)
def averaged_over_k(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return (logits.topk(k, -1).indices == tokens[:, None]).double().mean().item()


@misconception(
    "You take the k *lowest* logits. (Anti-copying is asked for by turning the head's output round, not here.)",
    replaces="copying_score",
)
def lowest(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return (logits.topk(k, -1, largest=False).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception(
    "You compare the tokens only with each other: the best k among the columns of these tokens. The score is over the "
    "whole vocabulary.",
    replaces="copying_score",
)
def among_themselves(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    own = torch.arange(len(tokens), device=logits.device)
    best = logits[:, tokens].topk(min(k, len(tokens)), -1).indices
    return (best == own[:, None]).any(-1).double().mean().item()


@misconception(
    "Your scores are right, but a `k` that cannot be, or tokens that do not belong to the rows, go through. The "
    "docstring's section *Raises* asks for a `ValueError` there.",
    replaces="copying_score",
)
def nothing_refused(logits, tokens, k=5):
    k = min(max(k, 1), logits.shape[-1])
    rows = min(len(tokens), len(logits))
    return (logits[:rows].topk(k, -1).indices == tokens[:rows, None]).any(-1).double().mean().item()


@misconception(
    "Your scores are right, but a single token goes through for many rows: it is compared with each of them. The "
    "docstring asks for a `ValueError`.",
    replaces="copying_score",
)
def one_token_for_all(logits, tokens, k=5):
    refuse_misfits(logits, tokens.expand(len(logits)) if len(tokens) == 1 else tokens, k)
    return (logits.topk(k, -1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception(
    "Your scores are right, but tokens too many are passed over. The docstring asks for a `ValueError` where there is not "
    "exactly one token for each row.",
    replaces="copying_score",
)
def too_many_tokens(logits, tokens, k=5):
    tokens = tokens[: len(logits)]
    refuse_misfits(logits, tokens, k)
    return (logits.topk(k, -1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception(
    "Your scores are right, but a `k` of more than d_vocab goes through without a word, and every token is a hit. The "
    "docstring asks for a `ValueError`.",
    replaces="copying_score",
)
def large_k_cut(logits, tokens, k=5):
    k = min(k, logits.shape[-1])
    refuse_misfits(logits, tokens, k)
    return (logits.topk(k, -1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception(
    "Your scores are right, but a `k` of more than d_vocab ends in an error of PyTorch's. The docstring asks for a "
    "`ValueError`.",
    replaces="copying_score",
)
def large_k_runtime_error(logits, tokens, k=5):
    refuse_misfits(logits, tokens, min(k, logits.shape[-1]))
    return (logits.topk(k, -1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception(
    "Your scores are right, but a `k` of 0 goes through. The docstring asks for a `ValueError`.",
    replaces="copying_score",
)
def zero_k_allowed(logits, tokens, k=5):
    refuse_misfits(logits, tokens, 1 if k == 0 else k)
    return (logits.topk(k, -1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception(
    "You count a token as a hit when it is among the best of *any* row. Compare each token with its own row.",
    replaces="copying_score",
)
def best_of_any_row(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return torch.isin(tokens, logits.topk(k, -1).indices).double().mean().item()


@misconception(
    "You hold each token against the highest logits of the *whole table*. The k highest of its own row count.",
    replaces="copying_score",
)
def best_of_the_table(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    own = logits.gather(1, tokens[:, None])
    return ((logits.flatten() > own).sum(1) < k).double().mean().item()


@misconception("You ignore `k`: your scores are those for k = 5.", replaces="copying_score")
def k_ignored(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return (logits.topk(min(5, logits.shape[-1]), -1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception(
    "You take the logits that are largest by *magnitude*. A very negative logit is not among the highest.",
    replaces="copying_score",
)
def largest_magnitude(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return (logits.abs().topk(k, -1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception("The k-th highest logit is no hit in your scores. Among the k highest, it is.", replaces="copying_score")
def kth_left_out(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    own = logits.gather(1, tokens[:, None])
    return ((logits > own).sum(1) < max(k - 1, 1)).double().mean().item()


@misconception(
    "The one after the k-th highest logit counts as a hit in your scores. Only the k highest do.",
    replaces="copying_score",
)
def one_too_many(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    own = logits.gather(1, tokens[:, None])
    return ((logits > own).sum(1) <= k).double().mean().item()


@misconception("You return a tensor. A Python number is asked for: `.item()` gives one.", replaces="copying_score")
def tensor_returned(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return (logits.topk(k, -1).indices == tokens[:, None]).any(-1).float().mean()


@misconception(
    "A token that stands in several rows counts once in your score. The share is taken over the rows: every row counts.",
    replaces="copying_score",
)
def same_token_once(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    hits = (logits.topk(k, -1).indices == tokens[:, None]).any(-1)
    return len(set(tokens[hits].tolist())) / len(set(tokens.tolist()))


@misconception(
    "You add `eps` to the standard deviation. LayerNorm adds it to the *variance*, under the root.",
    replaces="ov_logits",
)
def eps_outside_the_root(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    def normalise(x):
        x = x - x.mean(-1, keepdim=True)
        return x / (x.pow(2).mean(-1, keepdim=True).sqrt() + eps)

    return normalise(normalise(residual) @ W_V @ W_O * (-1 if negative else 1)) @ W_U + b_U


@misconception(
    "Your variance divides by one less than the number of entries, as `torch.var` does. LayerNorm divides by their "
    "number: `unbiased=False`.",
    replaces="ov_logits",
)
def unbiased_variance(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    def normalise(x):
        return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True) + eps).sqrt()

    return normalise(normalise(residual) @ W_V @ W_O * (-1 if negative else 1)) @ W_U + b_U


@misconception(
    "The first LayerNorm takes mean and variance over all tokens together. It works on one token's vector at a time.",
    replaces="ov_logits",
)
def normalised_together(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    first = torch.nn.functional.layer_norm(residual, residual.shape, eps=eps)
    return centred(first @ W_V @ W_O * (-1 if negative else 1), eps) @ W_U + b_U


@misconception(
    "Not both of your LayerNorms add the `eps` that is given to the variance. Use it in each of them.",
    replaces="ov_logits",
)
def eps_ignored(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    return centred(centred(residual, 1e-5) @ W_V @ W_O * (-1 if negative else 1), 1e-5) @ W_U + b_U


@misconception(
    "Your scores are right, but a `k` of exactly d_vocab is refused. The docstring allows it: then every token is a hit.",
    replaces="copying_score",
)
def all_of_the_vocabulary_refused(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k + 1 if k > 0 else k)
    return (logits.topk(k, -1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception("Your score is in per cent. A share between 0 and 1 is asked for.", replaces="copying_score")
def percent(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return 100 * (logits.topk(k, -1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception(
    "Your score is a number of rows. The share of them is asked for: divide by their number.", replaces="copying_score"
)
def count_for_share(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return float((logits.topk(k, dim=-1).indices == tokens[:, None]).any(-1).sum())


@misconception(
    "Your score is the mean of one over the rank. A row either is a hit or is none.", replaces="copying_score"
)
def reciprocal_ranks(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    own = logits[torch.arange(len(tokens), device=logits.device), tokens]
    rank = 1 + (logits > own[:, None]).sum(-1)
    return torch.where(rank <= k, 1 / rank, torch.zeros_like(own)).double().mean().item()


@misconception(
    "Your score is a mean probability of the row's token. The score counts the rows whose token is among the k highest logits.",
    replaces="copying_score",
)
def mean_probability(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    return logits.double().softmax(-1)[torch.arange(len(tokens), device=logits.device), tokens].mean().item()


@misconception(
    "What the docstring refuses ends in an `AssertionError`. It asks for a `ValueError`: use `if` and `raise`.",
    replaces="copying_score",
)
def asserted(logits, tokens, k=5):
    assert 1 <= k <= logits.shape[-1] and tokens.shape == logits.shape[:1]
    return float((logits.topk(k, dim=-1).indices == tokens[:, None]).any(-1).double().mean())


@misconception(
    "Your scores are right, but the tokens are not compared with the rows: one token is used for all, and other numbers end in an "
    "error of PyTorch's. The docstring asks for a `ValueError`.",
    replaces="copying_score",
)
def tokens_not_compared(logits, tokens, k=5):
    if not 1 <= k <= logits.shape[-1]:
        raise ValueError("k does not fit")
    return (logits.topk(k, dim=-1).indices == tokens[:, None]).any(-1).double().mean().item()


@misconception(
    "Your logits are probabilities: the last step is a softmax too much. The docstring asks for logits.",
    replaces="ov_logits",
)
def softmax_of_the_logits(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    written = centred(residual, eps) @ W_V @ W_O * (-1 if negative else 1)
    return (centred(written, eps) @ W_U + b_U).softmax(-1)


@misconception(
    "Your logits are logarithms of probabilities: the last step is a `log_softmax` too much. The docstring asks for logits.",
    replaces="ov_logits",
)
def log_probabilities(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    written = centred(residual, eps) @ W_V @ W_O * (-1 if negative else 1)
    return (centred(written, eps) @ W_U + b_U).log_softmax(-1)


@misconception(
    "Your vectors are divided by their length. LayerNorm divides by the root of the *mean* square, which is smaller.",
    replaces="ov_logits",
)
def length_for_scale(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    def normalise(x):
        x = x - x.mean(-1, keepdim=True)
        return x / (x.pow(2).sum(-1, keepdim=True) + eps).sqrt()

    written = normalise(residual) @ W_V @ W_O * (-1 if negative else 1)
    return normalise(written) @ W_U + b_U


@misconception(
    "You add what the head writes to the residual stream before the final LayerNorm. The logits are those of what the head "
    "writes, alone.",
    replaces="ov_logits",
)
def stream_added(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    written = residual + centred(residual, eps) @ W_V @ W_O * (-1 if negative else 1)
    return centred(written, eps) @ W_U + b_U


@misconception("You divide by the variance. LayerNorm divides by its root.", replaces="ov_logits")
def variance_for_scale(residual, W_V, W_O, W_U, b_U, negative=False, eps=1e-5):
    def normalise(x):
        x = x - x.mean(-1, keepdim=True)
        return x / (x.pow(2).mean(-1, keepdim=True) + eps)

    written = normalise(residual) @ W_V @ W_O * (-1 if negative else 1)
    return normalise(written) @ W_U + b_U


@misconception(
    "A token that stands in several rows counts once in your score, with the last of its rows: a dict keeps one entry for each token. "
    "The share is taken over the rows: every row counts.",
    replaces="copying_score",
)
def last_row_of_a_token(logits, tokens, k=5):
    refuse_misfits(logits, tokens, k)
    last = torch.tensor([token not in tokens[row + 1 :] for row, token in enumerate(tokens)])
    return (logits.topk(k, -1).indices == tokens[:, None]).any(-1)[last].double().mean().item()
