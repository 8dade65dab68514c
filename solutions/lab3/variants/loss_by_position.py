"""Right and wrong ways to measure the loss by position."""

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everybody knows it by

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(logits, tokens):
    """Raise the errors that the exercise asks for: a misconception is wrong in one thing only."""
    if logits.shape[:-1] != tokens.shape or tokens.shape[1] < 3 or tokens.shape[1] % 2 == 0:
        raise ValueError("logits and tokens do not fit, or there are no two equal halves")


def picked(values, tokens):
    """The entries of values, [batch, n, d_vocab], at tokens, [batch, n]."""
    return values.gather(-1, tokens[..., None]).squeeze(-1)


def with_half_means(loss, tokens):
    half = tokens.shape[1] // 2
    return loss, torch.stack([loss[:, :half].mean(), loss[:, half:].mean()])


@accepted
def by_cross_entropy(logits, tokens):
    """The library's loss, which wants the classes on axis 1; the halves by reshaping."""
    refuse_misfits(logits, tokens)
    loss = F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")
    return loss, loss.reshape(len(loss), 2, -1).mean(dim=(0, 2))


@accepted
def by_loop(logits, tokens):
    """One prediction at a time, with logsumexp."""
    refuse_misfits(logits, tokens)
    batch, pos = tokens.shape
    loss = torch.empty(batch, pos - 1, dtype=logits.dtype, device=logits.device)
    for row in range(batch):
        for position in range(pos - 1):
            scores = logits[row, position]
            loss[row, position] = torch.logsumexp(scores, dim=0) - scores[tokens[row, position + 1]]
    return with_half_means(loss, tokens)


@accepted
def by_one_hot_einsum(logits, tokens):
    """In float64, with the target as a one-hot vector, and back to the dtype of the logits."""
    refuse_misfits(logits, tokens)
    log_probs = logits.double().log_softmax(-1)[:, :-1]
    target = F.one_hot(tokens[:, 1:], logits.shape[-1]).double()
    loss, means = with_half_means(-torch.einsum("bpv,bpv->bp", log_probs, target), tokens)
    return loss.to(logits.dtype), means.to(logits.dtype)


@misconception(
    "You compare each prediction with the token that the model is *standing on*, which it has already read, and not "
    "with the one that comes next. The logits at position `i` predict the token at `i + 1`: shift one of the two "
    "tensors."
)
def not_shifted(logits, tokens):
    refuse_misfits(logits, tokens)
    log_probs = logits.log_softmax(-1)
    return with_half_means(-picked(log_probs[:, :-1], tokens[:, :-1]), tokens)


@misconception(
    "You shift in the wrong direction: each prediction is compared with the token *before* its position. The logits "
    "at position `i` predict the token at `i + 1`, so it is the last row of the logits that has no partner, and the "
    "first token that is never predicted."
)
def shifted_backwards(logits, tokens):
    refuse_misfits(logits, tokens)
    log_probs = logits.log_softmax(-1)
    return with_half_means(-picked(log_probs[:, 1:], tokens[:, :-1]), tokens)


@misconception(
    "Your result has a loss for the last position too. Nothing follows the last token, so its prediction cannot be "
    "judged (a wrap-around would compare it with BOS). There is one loss fewer than there are positions."
)
def last_position_kept(logits, tokens):
    refuse_misfits(logits, tokens)
    loss = -picked(logits.log_softmax(-1), tokens.roll(-1, dims=1))
    half = tokens.shape[1] // 2
    return loss, torch.stack([loss[:, :half].mean(), loss[:, half:-1].mean()])


@misconception(
    "You return log-probabilities: they are negative, and higher is better. A loss is the *negative* log-probability. "
    "Mind the sign."
)
def sign_forgotten(logits, tokens):
    refuse_misfits(logits, tokens)
    return with_half_means(picked(logits.log_softmax(-1)[:, :-1], tokens[:, 1:]), tokens)


@misconception(
    "You return one minus the probability of the right token. That is an error rate and not a loss in nats: the "
    "logarithm is missing, and with it the difference between a small probability and a tiny one."
)
def probability_for_log_probability(logits, tokens):
    refuse_misfits(logits, tokens)
    return with_half_means(1 - picked(logits.softmax(-1)[:, :-1], tokens[:, 1:]), tokens)


@misconception(
    "You use the logits as they are. A logit means something only in comparison with the other logits of its row: "
    "normalise over the vocabulary first, so that the probabilities of each row sum to 1."
)
def not_normalised(logits, tokens):
    refuse_misfits(logits, tokens)
    return with_half_means(-picked(logits[:, :-1], tokens[:, 1:]), tokens)


@misconception(
    "Your softmax runs over the positions and not over the vocabulary. For one position, the probabilities of all "
    "tokens should sum to 1: check which axis sums to 1 in your program."
)
def softmax_over_positions(logits, tokens):
    refuse_misfits(logits, tokens)
    return with_half_means(-picked(logits[:, :-1].log_softmax(1), tokens[:, 1:]), tokens)


@misconception(
    "You take `log` after `softmax`. That is right on paper, but the probability of a very unlikely token is rounded "
    "to 0, and its loss comes out infinite. PyTorch has one function that does both steps together and stays finite."
)
def log_after_softmax(logits, tokens):
    refuse_misfits(logits, tokens)
    return with_half_means(-picked(logits[:, :-1].softmax(-1).log(), tokens[:, 1:]), tokens)


@misconception(
    "Your losses are in bits (base 2). The exercise asks for nats, the natural logarithm, as PyTorch's losses and the "
    "papers have them."
)
def bits_for_nats(logits, tokens):
    refuse_misfits(logits, tokens)
    loss = -picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:])
    return with_half_means(loss / torch.log(torch.tensor(2.0)).item(), tokens)


@misconception(
    "Your losses are right, but the halves are cut one place too late, as if the first entry of `loss` belonged to "
    "BOS. BOS is never predicted: the first entry is already the loss of the first random token. See the table of "
    "indices in the text."
)
def halves_cut_late(logits, tokens):
    refuse_misfits(logits, tokens)
    loss = -picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:])
    half = tokens.shape[1] // 2
    return loss, torch.stack([loss[:, 1 : half + 1].mean(), loss[:, half + 1 :].mean()])


@misconception(
    "Your losses are right, but each half holds the *sum* of its losses, which grows with the length and the batch. "
    "Take the mean, so that experiments of different sizes can be compared."
)
def summed_halves(logits, tokens):
    refuse_misfits(logits, tokens)
    loss = -picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:])
    half = tokens.shape[1] // 2
    return loss, torch.stack([loss[:, :half].sum(), loss[:, half:].sum()])


@misconception(
    "You average over the batch, so one loss is left for each position. Keep the batch axis in `loss`: only the two "
    "half means are averages."
)
def batch_averaged(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, means = with_half_means(-picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:]), tokens)
    return loss.mean(0), means


@misconception(
    "Your losses are right, but inputs that do not fit go through without a word: a sequence that cannot be cut into "
    "BOS and two equal halves, or logits and tokens of different lengths. The docstring's section *Raises* lists what "
    "should be a `ValueError`."
)
def nothing_refused(logits, tokens):
    length = min(logits.shape[1], tokens.shape[1])
    logits, tokens = logits[:, :length], tokens[:, :length]
    return with_half_means(-picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:]), tokens)
