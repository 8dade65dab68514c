"""Right and wrong ways to compute the in-context learning score."""

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everybody knows it by

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(tokens, early, late, width):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if not 1 <= early < late or width < 1 or late + width > tokens.shape[1]:
        raise ValueError("the windows do not fit")


def losses(logits, tokens):
    """Loss of each prediction, [batch, pos - 1]: entry i is about token i + 1."""
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), tokens[:, 1:], reduction="none")


def between(loss, early, late, width):
    """Late mean minus early mean of two slices that begin at these entries."""
    return (loss[:, late : late + width].mean() - loss[:, early : early + width].mean()).item()


@accepted
def by_cross_entropy(logits, tokens, early, late, width):
    """The library's loss, with a dummy in front so that entries and positions agree."""
    refuse_misfits(tokens, early, late, width)
    loss = F.pad(losses(logits, tokens), (1, 0))
    return between(loss, early, late, width)


@accepted
def by_loop(logits, tokens, early, late, width):
    """One token at a time, in float64."""
    refuse_misfits(tokens, early, late, width)
    total = 0.0
    for row, ids in zip(logits.double(), tokens.tolist(), strict=True):
        for step in range(width):
            for position, sign in ((late + step, 1), (early + step, -1)):
                scores = row[position - 1]
                total += sign * (torch.logsumexp(scores, 0) - scores[ids[position]]).item()
    return total / (len(tokens) * width)


@accepted
def by_unfold(logits, tokens, early, late, width):
    """Moving averages of the loss, and two of them picked."""
    refuse_misfits(tokens, early, late, width)
    moving = losses(logits, tokens).mean(0).unfold(0, width, 1).mean(-1)
    return float(moving[late - 1] - moving[early - 1])


@misconception(
    "Your score has the wrong sign. It is late minus early, so that a model that learns from its context has a "
    "negative score."
)
def early_minus_late(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return -between(losses(logits, tokens), early - 1, late - 1, width)


@misconception(
    "Your windows are one token too late. The entry `i` of the loss tensor is about token `i + 1`, since nothing "
    "predicts BOS: the loss of the token at position `early` is not at index `early`."
)
def index_for_position(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return between(losses(logits, tokens), early, late, width)


@misconception(
    "You compare the logits at a position with the token at the *same* position, which the model has already read. "
    "They are about the token that comes after it."
)
def token_already_read(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    loss = F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")
    return between(loss, early, late, width)


@misconception(
    "You look at one token at each place and leave `width` out. A window of `width` tokens *begins* at each place: "
    "average over it."
)
def no_window(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return between(losses(logits, tokens), early - 1, late - 1, 1)


@misconception(
    "Your windows end at the two places, and they should begin there: positions `late`, `late + 1`, and so on."
)
def window_before(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    loss = losses(logits, tokens)
    means = [loss[:, max(first - width, 0) : first].mean() for first in (early, late)]
    return (means[1] - means[0]).item()


@misconception("You add the losses of a window up in place of averaging them, so that your score grows with `width`.")
def summed_window(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return width * between(losses(logits, tokens), early - 1, late - 1, width)


@misconception("You measure the first sequence of the batch alone. The score is an average over all of them.")
def first_sequence_only(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return between(losses(logits, tokens)[:1], early - 1, late - 1, width)


@misconception(
    "Your score is the difference of probabilities. The loss is the negative *logarithm* of the probability, and there "
    "a token that was all but excluded counts far more."
)
def probabilities(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return between(-(-losses(logits, tokens)).exp(), early - 1, late - 1, width)


@misconception("Your score is in bits. Take the natural logarithm: losses here are in nats.")
def in_bits(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return between(losses(logits, tokens) / torch.tensor(2.0).log(), early - 1, late - 1, width)


@misconception(
    "Your score is a ratio of the two losses. It is defined as their difference, so that 0 means that the context does "
    "not help."
)
def ratio(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    loss = losses(logits, tokens)
    means = [loss[:, first - 1 : first - 1 + width].mean() for first in (early, late)]
    return (means[1] / means[0]).item()


@misconception(
    "Your score is right, but no windows give a `ValueError`. A slice beyond the end is simply shorter, and nothing "
    "says so. The docstring's section *Raises* lists what should be refused."
)
def nothing_refused(logits, tokens, early, late, width):
    loss = losses(logits, tokens)
    return between(loss, max(early - 1, 0), max(late - 1, 0), max(width, 1))


def mean_of(loss, first, width):
    """The mean loss of the tokens of a window."""
    return loss[:, first - 1 : first - 1 + width].mean()


@misconception("Your windows have one token too many: they hold `width` tokens, and end at `early + width - 1`.")
def both_ends(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return between(losses(logits, tokens), early - 1, late - 1, width + 1)


@misconception(
    "Where the windows overlap, your early window ends before the late one begins. Both have `width` tokens, and they "
    "may overlap."
)
def early_cut_at_late(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    loss = losses(logits, tokens)
    return (mean_of(loss, late, width) - mean_of(loss, early, min(width, late - early))).item()


@misconception(
    "Your early window begins at the first token, whatever `early` says. It holds `width` tokens from `early` on."
)
def early_from_the_start(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    loss = losses(logits, tokens)
    return (mean_of(loss, late, width) - loss[:, : early - 1 + width].mean()).item()


@misconception("Your late window goes on to the last token. It holds `width` tokens.")
def late_to_the_end(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    loss = losses(logits, tokens)
    return (loss[:, late - 1 :].mean() - mean_of(loss, early, width)).item()


@misconception(
    "You average the probabilities of a window and then take the logarithm. Take the logarithm of each probability "
    "first, and the mean of the losses."
)
def log_of_the_mean(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    p = (-losses(logits, tokens)).exp()
    return (mean_of(p, early, width).log() - mean_of(p, late, width).log()).item()


@misconception("You add the losses up over the batch. The score is a mean over all sequences.")
def summed_batch(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return len(tokens) * between(losses(logits, tokens), early - 1, late - 1, width)


@misconception("Your score is a tensor. Make a Python float of it with `.item()`.")
def tensor_for_float(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    loss = losses(logits, tokens)
    return mean_of(loss, late, width) - mean_of(loss, early, width)


@misconception(
    "With very large logits your loss is no number, because their exponentials are too large for a float. "
    "`log_softmax` computes the same without them."
)
def exp_overflows(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    log_probs = logits[:, :-1] - logits[:, :-1].exp().sum(-1, keepdim=True).log()
    return between(-log_probs.gather(-1, tokens[:, 1:, None]).squeeze(-1), early - 1, late - 1, width)


@misconception(
    "With very large logits your loss is infinite or no number, because a probability is too small for a float. "
    "`log_softmax` computes the logarithm without the probability."
)
def log_of_softmax(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    log_probs = logits[:, :-1].softmax(-1).log()
    return between(-log_probs.gather(-1, tokens[:, 1:, None]).squeeze(-1), early - 1, late - 1, width)


def score_if(fits, logits, tokens, early, late, width):
    """The score where the windows are thought to fit."""
    if not fits:
        raise ValueError("the windows do not fit")
    loss = losses(logits, tokens)
    return (mean_of(loss, late, width) - mean_of(loss, early, width)).item()


@misconception(
    "An `early` of 0 gives no `ValueError` in yours. Nothing predicts BOS, so the first token with a loss is at "
    "position 1."
)
def early_zero(logits, tokens, early, late, width):
    fits = 0 <= early < late and width >= 1 and late + width <= tokens.shape[1]
    return score_if(fits, logits, tokens, early, late, width)


@misconception("Two windows at the same place give no `ValueError` in yours. `late` should be above `early`.")
def late_equals_early(logits, tokens, early, late, width):
    fits = 1 <= early <= late and width >= 1 and late + width <= tokens.shape[1]
    return score_if(fits, logits, tokens, early, late, width)


@misconception("A `late` below `early` gives no `ValueError` in yours.")
def late_before_early(logits, tokens, early, late, width):
    fits = early >= 1 and early != late and width >= 1 and late + width <= tokens.shape[1]
    return score_if(fits, logits, tokens, early, late, width)


@misconception("A `width` of 0 gives no `ValueError` in yours. A window has at least one token.")
def width_zero(logits, tokens, early, late, width):
    fits = 1 <= early < late and width >= 0 and late + width <= tokens.shape[1]
    return score_if(fits, logits, tokens, early, late, width)


@misconception(
    "A late window that goes beyond the last token gives no `ValueError` in yours, where its first token is still "
    "there. Ask for its last token, at `late + width - 1`."
)
def late_window_cut_short(logits, tokens, early, late, width):
    fits = 1 <= early < late < tokens.shape[1] and width >= 1
    return score_if(fits, logits, tokens, early, late, width)


@misconception(
    "A late window that ends one token beyond the last one gives no `ValueError` in yours. The last token is at "
    "position `pos - 1`."
)
def one_token_beyond(logits, tokens, early, late, width):
    fits = 1 <= early < late and width >= 1 and late + width <= tokens.shape[1] + 1
    return score_if(fits, logits, tokens, early, late, width)


@misconception(
    "Windows that overlap give a `ValueError` in yours. They may overlap. The only rule is that `late` is above `early`."
)
def overlap_refused(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return score_if(late >= early + width, logits, tokens, early, late, width)


@misconception(
    "Windows that do not fit give an `AssertionError` in yours. The docstring asks for a `ValueError`: use `raise`."
)
def assertion_error(logits, tokens, early, late, width):
    assert 1 <= early < late and width >= 1 and late + width <= tokens.shape[1]
    return score_if(True, logits, tokens, early, late, width)


@misconception(
    "A negative `width` gives no `ValueError` in yours: you refuse a `width` of 0 alone. Ask for at least 1."
)
def negative_width(logits, tokens, early, late, width):
    fits = 1 <= early < late and width != 0 and late + width <= tokens.shape[1]
    return score_if(fits, logits, tokens, early, late, width)


@misconception(
    "An `early` below 1 gives no `ValueError` in yours, whether it is 0 or negative. Nothing predicts BOS, so the first "
    "token with a loss is at position 1."
)
def early_not_checked(logits, tokens, early, late, width):
    fits = early < late and width >= 1 and late + width <= tokens.shape[1]
    return score_if(fits, logits, tokens, early, late, width)


@misconception(
    "The order of the windows is not checked in yours: a `late` that is not above `early` gives no `ValueError`."
)
def order_not_checked(logits, tokens, early, late, width):
    fits = early >= 1 and late >= 1 and width >= 1 and late + width <= tokens.shape[1]
    return score_if(fits, logits, tokens, early, late, width)


@misconception("A `width` below 1 gives no `ValueError` in yours. A window has at least one token.")
def width_not_checked(logits, tokens, early, late, width):
    fits = 1 <= early < late and late + width <= tokens.shape[1]
    return score_if(fits, logits, tokens, early, late, width)


@misconception(
    "A late window that goes beyond the last token gives no `ValueError` in yours: the slice is shorter than `width`, or "
    "empty. Its last token is at `late + width - 1`, and the last one there is at `pos - 1`."
)
def end_not_checked(logits, tokens, early, late, width):
    return score_if(1 <= early < late and width >= 1, logits, tokens, early, late, width)


@misconception(
    "Your early window begins one token too early: `early` is the position of the first token that is predicted, and the "
    "late window has it right."
)
def early_window_one_too_early(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    loss = losses(logits, tokens)
    return (mean_of(loss, late, width) - loss[:, max(early - 2, 0) : max(early - 2, 0) + width].mean()).item()


@misconception("You give the mean loss of the late window alone. The score is late minus early.")
def late_alone(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return mean_of(losses(logits, tokens), late, width).item()


@misconception("Your windows have one token too few: they hold `width` tokens, and end at `early + width - 1`.")
def one_token_less(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return between(losses(logits, tokens), early - 1, late - 1, max(width - 1, 1))


@misconception("Your score is the *size* of the difference. Keep its sign: it says whether the loss falls or rises.")
def without_sign(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return abs(between(losses(logits, tokens), early - 1, late - 1, width))


@misconception("Your score is rounded. Give the difference as it is.")
def rounded(logits, tokens, early, late, width):
    refuse_misfits(tokens, early, late, width)
    return round(between(losses(logits, tokens), early - 1, late - 1, width), 2)


@misconception(
    "A late window that ends exactly at the last token gives a `ValueError` in yours. Its last token is at `late + width - 1`, and "
    "`pos - 1` is still a token of the text."
)
def last_token_refused(logits, tokens, early, late, width):
    return score_if(1 <= early < late and 1 <= width < tokens.shape[1] - late, logits, tokens, early, late, width)
