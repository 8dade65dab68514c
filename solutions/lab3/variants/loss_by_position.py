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
    "Your losses are right, but sequences that cannot be cut into BOS and two equal halves give no `ValueError`, nor "
    "do logits and tokens of different shapes. The docstring's section *Raises* lists what should."
)
def nothing_refused(logits, tokens):
    length = min(logits.shape[1], tokens.shape[1])
    logits, tokens = logits[:, :length], tokens[:, :length]
    return with_half_means(-picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:]), tokens)


def right_losses(logits, tokens):
    return -picked(logits[:, :-1].log_softmax(-1), tokens[:, 1:])


@misconception(
    "Your losses are right, but the mean of the first half leaves out the prediction that is made at BOS. It is the "
    "loss of the first random token, and it counts."
)
def bos_prediction_left_out(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, half = right_losses(logits, tokens), tokens.shape[1] // 2
    return loss, torch.stack([loss[:, min(1, half - 1) : half].mean(), loss[:, half:].mean()])


@misconception(
    "Your losses are right, but the first token of the second half counts for the first half, where its prediction is "
    "made. The halves are those of the tokens that are predicted."
)
def halves_by_place_of_prediction(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, half = right_losses(logits, tokens), tokens.shape[1] // 2
    return loss, torch.stack([loss[:, : half + 1].mean(), loss[:, half + (half > 1) :].mean()])


@misconception(
    "A predicted token that has the id of BOS costs nothing in yours. It is a token like any other here: leave "
    "`ignore_index` out."
)
def bos_id_ignored(logits, tokens):
    refuse_misfits(logits, tokens)
    loss = right_losses(logits, tokens)
    return with_half_means(loss.masked_fill(tokens[:, 1:] == tokens[:, :1], 0), tokens)


@misconception(
    "With very large logits your losses are infinite or no numbers, because the exponentials are too large for a "
    "float. `log_softmax` computes the same without them."
)
def exp_overflows(logits, tokens):
    refuse_misfits(logits, tokens)
    log_probs = logits[:, :-1] - logits[:, :-1].exp().sum(-1, keepdim=True).log()
    return with_half_means(-picked(log_probs, tokens[:, 1:]), tokens)


@misconception(
    "Your losses stop at about 20.7 nats, as they do when a small number is added to each probability before the "
    "logarithm. A very unlikely token costs more: use `log_softmax`."
)
def probability_floor(logits, tokens):
    refuse_misfits(logits, tokens)
    return with_half_means(-(picked(logits[:, :-1].softmax(-1), tokens[:, 1:]) + 1e-9).log(), tokens)


@misconception("Your half means are a list. A tensor of shape `[2]` is asked for: `torch.stack`.")
def means_in_a_list(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, means = with_half_means(right_losses(logits, tokens), tokens)
    return loss, means.tolist()


@misconception(
    "Your losses are right, but the half means are those of the first sequence. Take the mean over the batch, too."
)
def means_of_the_first_sequence(logits, tokens):
    refuse_misfits(logits, tokens)
    loss = right_losses(logits, tokens)
    return loss, with_half_means(loss[:1], tokens)[1]


@misconception("A sequence of BOS alone gives no `ValueError` in yours. Each half has at least one token.")
def bos_alone(logits, tokens):
    if logits.shape[:-1] != tokens.shape or tokens.shape[1] % 2 == 0:
        raise ValueError("logits and tokens do not fit")
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "An even number of positions gives no `ValueError` in yours. BOS and two equal halves are an odd number of tokens."
)
def even_positions(logits, tokens):
    if logits.shape[:-1] != tokens.shape or tokens.shape[1] < 2:
        raise ValueError("logits and tokens do not fit")
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "Logits and tokens of different batches give no `ValueError` in yours. Compare the number of sequences as well as "
    "the number of positions."
)
def batch_not_checked(logits, tokens):
    if logits.shape[1] != tokens.shape[1] or tokens.shape[1] < 3 or tokens.shape[1] % 2 == 0:
        raise ValueError("logits and tokens do not fit")
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "Logits of a single sequence give no `ValueError` in yours, although the tokens have more: they are stretched "
    "over the batch. Compare the shapes before you compute."
)
def one_sequence_for_all(logits, tokens):
    logits = logits.expand(len(tokens), -1, -1) if len(logits) == 1 else logits
    refuse_misfits(logits, tokens)
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "Logits with more positions than there are tokens give no `ValueError` in yours. Compare the shapes before you "
    "compute."
)
def longer_logits(logits, tokens):
    logits = logits[:, : tokens.shape[1]]
    refuse_misfits(logits, tokens)
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "Logits that are one position shorter than the tokens give no `ValueError` in yours. `logits` and `tokens` come "
    "with the same number of positions; the shift is your function's work."
)
def shifted_logits_accepted(logits, tokens):
    if logits.shape[1] + 1 == tokens.shape[1]:
        logits = torch.cat([logits, logits[:, -1:]], 1)
    refuse_misfits(logits, tokens)
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "Your half means are exchanged: the mean of the second half comes first. The first half, which the model cannot "
    "foresee, has the index 0."
)
def second_half_first(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, means = with_half_means(right_losses(logits, tokens), tokens)
    return loss, means.flip(0)


@misconception("Your tuple begins with the half means. The losses of all predictions come first: `(loss, half_means)`.")
def means_before_losses(logits, tokens):
    refuse_misfits(logits, tokens)
    return with_half_means(right_losses(logits, tokens), tokens)[::-1]


@misconception(
    "Your losses are right, but you add the means of the sequences up, so that your half means grow with the batch. "
    "Take the mean over the batch as well."
)
def summed_over_the_batch(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, means = with_half_means(right_losses(logits, tokens), tokens)
    return loss, means * len(loss)


@misconception(
    "Your losses are right, but the half means are medians. A few very large losses count in a mean, and not in a "
    "median: take the mean."
)
def medians(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, half = right_losses(logits, tokens), tokens.shape[1] // 2
    return loss, torch.stack([loss[:, :half].median(), loss[:, half:].median()])


@misconception(
    "Logits and tokens that do not fit give an `AssertionError` in yours. The docstring asks for a `ValueError`: use "
    "`raise`."
)
def assertion_error(logits, tokens):
    assert logits.shape[:-1] == tokens.shape and tokens.shape[1] >= 3 and tokens.shape[1] % 2 == 1
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "An even number of positions from 4 on gives no `ValueError` in yours. BOS and two equal halves are an odd number of "
    "tokens: look at the remainder of the division by 2, too."
)
def even_positions_from_four(logits, tokens):
    if logits.shape[:-1] != tokens.shape or (tokens.shape[1] - 1) // 2 < 1:
        raise ValueError("logits and tokens do not fit")
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "Your losses are right, but no sequence is refused for its length: neither an even number of positions nor BOS alone "
    "gives a `ValueError`. `pos` is `1 + 2 * half`, with `half` at least 1."
)
def length_not_checked(logits, tokens):
    if logits.shape[:-1] != tokens.shape:
        raise ValueError("logits and tokens do not fit")
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "You check the length of `tokens`, but you do not compare the shapes of `logits` and `tokens`: PyTorch takes what "
    "happens to fit, and gives an error of its own elsewhere. Compare batch and positions, and raise the `ValueError`."
)
def shapes_not_compared(logits, tokens):
    if tokens.shape[1] < 3 or tokens.shape[1] % 2 == 0:
        raise ValueError("no two equal halves")
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "You compare the batches of `logits` and `tokens`, but not their positions. Compare both, and raise the `ValueError`."
)
def positions_not_compared(logits, tokens):
    if len(logits) != len(tokens) or tokens.shape[1] < 3 or tokens.shape[1] % 2 == 0:
        raise ValueError("no two equal halves")
    return with_half_means(right_losses(logits, tokens), tokens)


@misconception(
    "Your losses are right, but the half means keep the batch: they have the shape `[batch, 2]` or `[2, batch]`. Take the "
    "mean over the batch and the positions: two numbers are left."
)
def half_means_by_sequence(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, half = right_losses(logits, tokens), tokens.shape[1] // 2
    return loss, torch.stack([loss[:, :half].mean(1), loss[:, half:].mean(1)], 1)


@misconception(
    "Your losses are right, but the mean of the second half leaves out its first token, whose prediction is made at the "
    "last token of the first half. It counts for the second half."
)
def second_half_one_too_late(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, half = right_losses(logits, tokens), tokens.shape[1] // 2
    return loss, torch.stack([loss[:, :half].mean(), loss[:, min(half + 1, 2 * half - 1) :].mean()])


@misconception(
    "Your losses are right, but the mean of the second half is that of all positions. It begins with the first token of "
    "the second half."
)
def second_half_of_everything(logits, tokens):
    refuse_misfits(logits, tokens)
    loss, half = right_losses(logits, tokens), tokens.shape[1] // 2
    return loss, torch.stack([loss[:, :half].mean(), loss.mean()])


@misconception(
    "Your entry for a prediction is the entropy of the whole distribution. The loss looks at the token that really came: "
    "the negative logarithm of its probability alone."
)
def entropy_for_loss(logits, tokens):
    refuse_misfits(logits, tokens)
    log_probs = logits[:, :-1].log_softmax(-1)
    return with_half_means(-(log_probs.exp() * log_probs).sum(-1), tokens)
