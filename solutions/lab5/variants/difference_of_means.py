"""Right and wrong ways to make a direction from two sets of texts, and to project it out."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_empty(positive, negative):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if not len(positive) or not len(negative):
        raise ValueError("both sets are needed")


def refuse_zero(direction):
    """The same for a direction that points nowhere."""
    if not direction.any():
        raise ValueError("the direction is zero")


def along(activations, direction):
    """The part of each activation that lies along the direction."""
    return (activations @ direction)[..., None] * direction / (direction @ direction)


@accepted
def by_loop(positive, negative):
    """One activation at a time, in float64."""
    refuse_empty(positive, negative)
    total = torch.zeros_like(positive[0], dtype=torch.float64)
    for sign, rows in ((1, positive), (-1, negative)):
        for row in rows:
            total += sign * row.double() / len(rows)
    return total.to(positive.dtype)


@accepted(replaces="project_out")
def by_matrix(activations, direction):
    """One matrix, the identity without the direction's outer product."""
    refuse_zero(direction)
    matrix = torch.eye(len(direction)).to(direction) - torch.outer(direction, direction) / (direction @ direction)
    return activations @ matrix


@accepted(replaces="project_out")
def by_einsum(activations, direction):
    """The library's normalisation and two einsums."""
    refuse_zero(direction)
    unit = torch.nn.functional.normalize(direction, dim=0, eps=0)
    return activations - torch.einsum("...d,d,e->...e", activations, unit, unit)


def cleaned(stream, direction):
    """The stream without the direction."""
    return stream - along(stream, direction)


@accepted(replaces="stream_without")
def by_cleaning_what_is_written(blocks, stream, direction):
    """A clean stream stays clean if what each block adds is cleaned."""
    refuse_zero(direction)
    stream = cleaned(stream, direction)
    for block in blocks:
        stream = stream + cleaned(block(stream), direction)
    return stream


@misconception("Your direction points the other way: take the mean *with* the behaviour minus the mean without it.")
def other_way_round(positive, negative):
    refuse_empty(positive, negative)
    return negative.mean(0) - positive.mean(0)


@misconception("You make the direction one long. Here it keeps its length: it says how far apart the two means are.")
def made_unit(positive, negative):
    refuse_empty(positive, negative)
    direction = positive.mean(0) - negative.mean(0)
    return direction / direction.norm()


@misconception("You subtract sums. A set with more texts then counts more: divide each sum by its own number of texts.")
def sums(positive, negative):
    refuse_empty(positive, negative)
    return positive.sum(0) - negative.sum(0)


@misconception(
    "You pair the activations and leave out those without a partner. The two sets need not be equally large: take the mean "
    "of each set first."
)
def paired(positive, negative):
    refuse_empty(positive, negative)
    count = min(len(positive), len(negative))
    return (positive[:count] - negative[:count]).mean(0)


@misconception("You use medians. The direction is a difference of *means*.")
def medians(positive, negative):
    refuse_empty(positive, negative)
    return positive.quantile(0.5, dim=0) - negative.quantile(0.5, dim=0)


@misconception(
    "You subtract the mean of *all* activations. The direction is the mean with the behaviour minus the mean without it; the "
    "negative set alone is subtracted."
)
def minus_the_grand_mean(positive, negative):
    refuse_empty(positive, negative)
    return positive.mean(0) - torch.cat([positive, negative]).mean(0)


@misconception(
    "You return the mean with the behaviour alone. What all texts share is still in it: subtract the other mean."
)
def positive_mean_only(positive, negative):
    refuse_empty(positive, negative)
    return positive.mean(0)


@misconception(
    "Your direction of an empty set is not a number, and nothing says so. The docstring asks for a `ValueError` there."
)
def empty_sets_accepted(positive, negative):
    return positive.mean(0) - negative.mean(0)


@misconception(
    "You do not make the direction one long before you project. Then you remove too much with a long direction, and too "
    "little with a short one.",
    replaces="project_out",
)
def not_normalised(activations, direction):
    refuse_zero(direction)
    return activations - (activations @ direction)[..., None] * direction


@misconception(
    "You divide by the direction's length once. The direction stands twice in the formula, so divide by the *square* of its "
    "length.",
    replaces="project_out",
)
def divided_once(activations, direction):
    refuse_zero(direction)
    return activations - (activations @ direction)[..., None] * direction / direction.norm()


@misconception(
    "You return the part along the direction. That is the part to take away: subtract it from the activations.",
    replaces="project_out",
)
def the_part_alone(activations, direction):
    refuse_zero(direction)
    return along(activations, direction)


@misconception(
    "You add the part along the direction once more in place of taking it away: the sign is wrong.",
    replaces="project_out",
)
def added(activations, direction):
    refuse_zero(direction)
    return activations + along(activations, direction)


@misconception(
    "You take the part away twice, so that activations are mirrored. Projected out, they are orthogonal to the direction.",
    replaces="project_out",
)
def mirrored(activations, direction):
    refuse_zero(direction)
    return activations - 2 * along(activations, direction)


@misconception(
    "You subtract the direction itself from every activation. How much of it to take away is different for each activation: "
    "`activations @ unit` says how much.",
    replaces="project_out",
)
def direction_itself(activations, direction):
    refuse_zero(direction)
    return activations - direction / direction.norm()


@misconception(
    "You remove only positive parts. An activation that points against the direction has a part along it too, a negative one.",
    replaces="project_out",
)
def positive_parts_only(activations, direction):
    refuse_zero(direction)
    unit = direction / direction.norm()
    return activations - (activations @ unit).relu()[..., None] * unit


@misconception(
    "You write into the activations that you are given. Who called you still needs them: return new ones.",
    replaces="project_out",
)
def in_place(activations, direction):
    refuse_zero(direction)
    activations -= along(activations, direction)
    return activations


@misconception(
    "A direction of zeros gives numbers that are no numbers, and nothing says so. The docstring asks for a `ValueError`.",
    replaces="project_out",
)
def zero_accepted(activations, direction):
    return activations - along(activations, direction)


@misconception(
    "You refuse a direction that has *a* zero in it. Only a direction of nothing but zeros points nowhere.",
    replaces="project_out",
)
def any_zero_refused(activations, direction):
    if not direction.all():
        raise ValueError("the direction has a zero")
    return activations - along(activations, direction)


@misconception(
    "You project the direction out of what enters the first block only. Each block can write the direction again.",
    replaces="stream_without",
)
def in_front_only(blocks, stream, direction):
    stream = cleaned(stream, direction)
    for block in blocks:
        stream = stream + block(stream)
    return stream


@misconception(
    "You project the direction out of the result only. The blocks have already read it then: project it out in front of "
    "each block too.",
    replaces="stream_without",
)
def behind_only(blocks, stream, direction):
    for block in blocks:
        stream = stream + block(stream)
    return cleaned(stream, direction)


@misconception(
    "You project the direction out in front of each block, and not behind the last one. What the last block writes is then "
    "still there.",
    replaces="stream_without",
)
def not_behind_the_last(blocks, stream, direction):
    for block in blocks:
        stream = cleaned(stream, direction)
        stream = stream + block(stream)
    return stream if blocks else cleaned(stream, direction)


@misconception(
    "You project the direction out behind each block, and not in front of the first one. The first block still reads it.",
    replaces="stream_without",
)
def not_in_front_of_the_first(blocks, stream, direction):
    for block in blocks:
        stream = cleaned(stream + block(stream), direction)
    return stream if blocks else cleaned(stream, direction)


@misconception(
    "You put what a block gives in place of the stream. A block *adds* to the stream: `stream + block(stream)`.",
    replaces="stream_without",
)
def blocks_replace(blocks, stream, direction):
    stream = cleaned(stream, direction)
    for block in blocks:
        stream = cleaned(block(stream), direction)
    return stream


@misconception(
    "All your blocks read the stream that entered the first block. Each block reads what the blocks before it have added.",
    replaces="stream_without",
)
def blocks_side_by_side(blocks, stream, direction):
    first = cleaned(stream, direction)
    stream = first
    for block in blocks:
        stream = cleaned(stream + block(first), direction)
    return stream


@misconception(
    "An activation without an axis in front, of shape `[d_model]` alone, fails in yours. Write the projection so that it works "
    "on the last axis, whatever is in front.",
    replaces="project_out",
)
def needs_an_axis_in_front(activations, direction):
    refuse_zero(direction)
    return torch.stack([row - along(row, direction) for row in activations])


@misconception(
    "You refuse a direction that is very short. Only a direction of zeros points nowhere.",
    replaces="project_out",
)
def short_refused(activations, direction):
    if direction.norm() < 1e-3:
        raise ValueError("the direction is too short")
    return activations - along(activations, direction)


@misconception(
    "You add a small number to the direction's length before you divide by it. A very short direction is then not one long: divide by "
    "the length itself.",
    replaces="project_out",
)
def length_plus_a_little(activations, direction):
    refuse_zero(direction)
    unit = direction / (direction.norm() + 1e-6)
    return activations - (activations @ unit)[..., None] * unit


@misconception("You carry the stream through the blocks from the last one to the first.", replaces="stream_without")
def blocks_backwards(blocks, stream, direction):
    stream = cleaned(stream, direction)
    for block in reversed(blocks):
        stream = cleaned(stream + block(stream), direction)
    return stream


@misconception(
    "You write into the stream that you are given. Who called you still needs it: carry on with new tensors.",
    replaces="stream_without",
)
def stream_changed(blocks, stream, direction):
    stream -= along(stream, direction)
    for block in blocks:
        stream = cleaned(stream + block(stream), direction)
    return stream


@misconception(
    "You take a direction for zero if its entries add up to zero. The direction (1, -1) points somewhere: ask whether *all* entries are zero.",
    replaces="project_out",
)
def sum_of_zero_refused(activations, direction):
    if direction.sum() == 0:
        raise ValueError("the direction is zero")
    return activations - along(activations, direction)


@misconception(
    "You divide both sums by the same number, such as half of the number of all activations. Each mean has a number of its own: "
    "that of its set."
)
def one_number_for_both(positive, negative):
    refuse_empty(positive, negative)
    return (positive.sum(0) - negative.sum(0)) / ((len(positive) + len(negative)) / 2)


@misconception(
    "You divide both sums by the number of all activations together. Each mean has a number of its own: that of its set."
)
def number_of_all(positive, negative):
    refuse_empty(positive, negative)
    return (positive.sum(0) - negative.sum(0)) / (len(positive) + len(negative))


@misconception(
    "You add the two means. The direction is their difference: the mean with the behaviour minus the mean without it."
)
def sum_of_means(positive, negative):
    refuse_empty(positive, negative)
    return positive.mean(0) + negative.mean(0)


@misconception(
    "You take the mean over the entries of an activation, and not over the activations: your direction is a single number, or "
    "one for each text. Take the mean over the first axis."
)
def mean_over_entries(positive, negative):
    refuse_empty(positive, negative)
    return positive.mean() - negative.mean()


@misconception(
    "Only an empty set *with* the behaviour gives a `ValueError` in yours. Without it there is nothing to subtract: refuse an "
    "empty `negative` as well."
)
def empty_negative_accepted(positive, negative):
    refuse_empty(positive, positive)
    return positive.mean(0) - negative.mean(0)


@misconception(
    "Only an empty set *without* the behaviour gives a `ValueError` in yours. Refuse an empty `positive` as well."
)
def empty_positive_accepted(positive, negative):
    refuse_empty(negative, negative)
    return positive.mean(0) - negative.mean(0)


@misconception(
    "You divide by the direction's largest entry in place of its length.",
    replaces="project_out",
)
def by_the_largest_entry(activations, direction):
    refuse_zero(direction)
    unit = direction / direction.abs().max()
    return activations - (activations @ unit)[..., None] * unit


@misconception(
    "You divide by the sum of the direction's entries, or of their sizes, in place of its length: the root of the sum of "
    "squares.",
    replaces="project_out",
)
def by_the_sum_of_sizes(activations, direction):
    refuse_zero(direction)
    unit = direction / direction.abs().sum()
    return activations - (activations @ unit)[..., None] * unit


@misconception(
    "Your stream is projected only once: in front of the first block and behind the last one. Each block can write the "
    "direction, and the next one reads it.",
    replaces="stream_without",
)
def both_ends_alone(blocks, stream, direction):
    stream = cleaned(stream, direction)
    for block in blocks:
        stream = stream + block(stream)
    return cleaned(stream, direction)


@misconception(
    "You project the direction out of what each block *adds*, and not out of the stream that enters the first block.",
    replaces="stream_without",
)
def what_is_added_alone(blocks, stream, direction):
    for block in blocks:
        stream = stream + cleaned(block(stream), direction)
    return stream if blocks else cleaned(stream, direction)
