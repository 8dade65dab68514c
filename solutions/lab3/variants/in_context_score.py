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
    "Your score has the wrong sign. It is late minus early, so that a model that learns from its context has a negative "
    "score."
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
    "You compare the logits at a position with the token at the *same* position, which the model has already read. They "
    "are about the token that comes after it."
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
    "Your score is right, but windows that do not fit go through without a word: a slice beyond the end is simply "
    "shorter. The docstring's section *Raises* asks for a `ValueError` there."
)
def nothing_refused(logits, tokens, early, late, width):
    loss = losses(logits, tokens)
    return between(loss, max(early - 1, 0), max(late - 1, 0), max(width, 1))
