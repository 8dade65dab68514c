"""Right and wrong ways to measure and to estimate the effects of edges."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def levels(groups):
    """The group of each sender, and the group of each receiver."""
    place = [number for number, group in enumerate(groups) for _ in group]
    return [-1, *place], [*place, len(groups)]


def is_there(groups, sender, receiver):
    """Whether there is such an edge."""
    senders, receivers = levels(groups)
    return senders[sender] < receivers[receiver]


def refuse_edge(groups, sender, receiver):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if not is_there(groups, sender, receiver):
        raise ValueError("no such edge")


def refuse_steps(steps):
    """The same for the number of steps."""
    if steps < 1:
        raise ValueError("at least one step")


def walk(groups, start, read=lambda number, stream: stream):
    """What the start and all blocks write; `read` says what each block reads."""
    written, stream, number = [start], start, 0
    for group in groups:
        new = []
        for block in group:
            new.append(block(read(number, stream)))
            number += 1
        written += new
        stream = sum(new, stream)
    return written


def final(written):
    """The final stream."""
    return sum(written[1:], written[0])


def patched(groups, metric, start, change, receiver):
    """The metric when one receiver reads the stream and a change."""
    written = walk(groups, start, lambda number, stream: stream + change if number == receiver else stream)
    last = len(written) - 1
    return metric(final(written) + (change if receiver == last else 0))


def change_of(groups, clean, corrupted, sender):
    """What a sender writes in the corrupted run minus what it writes in the clean run."""
    return walk(groups, corrupted)[sender] - walk(groups, clean)[sender]


def slopes_at(groups, metric, start):
    """The slope of the metric in the input of each receiver."""
    probes = [torch.zeros_like(start).requires_grad_() for _ in range(len(levels(groups)[0]))]
    written = walk(groups, start, lambda number, stream: stream + probes[number])
    return torch.autograd.grad(metric(final(written) + probes[-1]), probes)


def mean_slopes(groups, metric, clean, corrupted, shares):
    """The mean of the slopes at starts that are these shares of the way to the clean one."""
    found = [slopes_at(groups, metric, corrupted + share * (clean - corrupted)) for share in shares]
    return [sum(each) / len(shares) for each in zip(*found, strict=True)]


def usual(steps):
    """The shares of the formula."""
    return [k / steps for k in range(1, steps + 1)]


def table(groups, changes, slopes, keep=is_there):
    """The products of changes and slopes, 0 where there is no edge."""
    size = range(len(changes))
    zero = torch.zeros((), dtype=changes[0].dtype, device=changes[0].device)
    rows = [[(changes[i] * slopes[j]).sum() if keep(groups, i, j) else zero for j in size] for i in size]
    return torch.stack([torch.stack(row) for row in rows]).detach()


def changes_of(groups, clean, corrupted):
    """The changes of all senders."""
    return [b - a for a, b in zip(walk(groups, clean), walk(groups, corrupted), strict=True)]


def scores_of(groups, metric, clean, corrupted, shares):
    """The estimates, with slopes at these shares of the way."""
    slopes = mean_slopes(groups, metric, clean, corrupted, shares)
    return table(groups, changes_of(groups, clean, corrupted), slopes)


@accepted(replaces="patch_edge")
def by_reading(groups, metric, clean, corrupted, sender, receiver):
    """The receiver's input is put together from all outputs before it, the sender's from the corrupted run."""
    refuse_edge(groups, sender, receiver)
    senders, receivers = levels(groups)
    before, other = walk(groups, clean), walk(groups, corrupted)
    parts = [i for i, level in enumerate(senders) if level < receivers[receiver]]
    read = final([other[i] if i == sender else before[i] for i in parts])
    if receiver == len(before) - 1:
        return (metric(read) - metric(final(before))).item()
    written = walk(groups, clean, lambda number, stream: read if number == receiver else stream)
    return (metric(final(written)) - metric(final(before))).item()


@accepted
def by_backward(groups, metric, clean, corrupted, steps):
    """`backward` piles the slopes of all steps up in the probes."""
    refuse_steps(steps)
    probes = [torch.zeros_like(clean, requires_grad=True) for _ in range(len(levels(groups)[0]))]
    for share in usual(steps):
        start = clean * share + corrupted * (1 - share)
        written = walk(groups, start, lambda number, stream: stream + probes[number])
        (metric(final(written) + probes[-1]) / steps).backward()
    changes = torch.stack(changes_of(groups, clean, corrupted)).flatten(1)
    scores = (changes @ torch.stack([probe.grad for probe in probes]).flatten(1).T).detach()
    senders, receivers = (torch.tensor(each) for each in levels(groups))
    return torch.where((senders[:, None] < receivers).to(scores.device), scores, 0)


@misconception(
    "All later readers hear the sender's corrupted output in your run. That is patching a node. Change what *one* receiver "
    "reads.",
    replaces="patch_edge",
)
def the_whole_node(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    change = change_of(groups, clean, corrupted, sender)
    senders, receivers = levels(groups)
    written = walk(
        groups, clean, lambda number, stream: stream + change if senders[sender] < receivers[number] else stream
    )
    return float(metric(final(written) + change) - metric(final(walk(groups, clean))))


@misconception(
    "Your effect has the wrong sign: it is the metric with the edge patched minus the metric of the clean run.",
    replaces="patch_edge",
)
def clean_minus_patched(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    change = change_of(groups, clean, corrupted, sender)
    return float(metric(final(walk(groups, clean))) - patched(groups, metric, clean, change, receiver))


@misconception(
    "You start from the corrupted run and put the clean output in. Here the clean run is patched.",
    replaces="patch_edge",
)
def the_other_run(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    change = -change_of(groups, clean, corrupted, sender)
    return float(patched(groups, metric, corrupted, change, receiver) - metric(final(walk(groups, corrupted))))


@misconception(
    "You give the metric with the edge patched. Subtract the metric of the clean run.", replaces="patch_edge"
)
def metric_itself(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    return float(patched(groups, metric, clean, change_of(groups, clean, corrupted, sender), receiver))


@misconception(
    "What comes after the receiver is frozen in your run. Only the receiver's input is set by hand; everything after it is "
    "computed as usual.",
    replaces="patch_edge",
)
def frozen_after(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    before = walk(groups, clean)
    change = change_of(groups, clean, corrupted, sender)
    if receiver == len(before) - 1:
        return float(patched(groups, metric, clean, change, receiver) - metric(final(before)))
    written = walk(groups, clean, lambda number, stream: stream + change if number == receiver else stream)
    after = [*before[: receiver + 1], written[receiver + 1], *before[receiver + 2 :]]
    return float(metric(final(after)) - metric(final(before)))


@misconception(
    "You add the sender's corrupted output and leave the clean one in. The receiver's input changes by the difference of "
    "the two.",
    replaces="patch_edge",
)
def clean_left_in(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    change = walk(groups, corrupted)[sender]
    return float(patched(groups, metric, clean, change, receiver) - metric(final(walk(groups, clean))))


@misconception(
    "Your receiver reads nothing but the sender's corrupted output. All other senders still write into the stream that it "
    "reads.",
    replaces="patch_edge",
)
def sender_alone(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    before, alone = walk(groups, clean), walk(groups, corrupted)[sender]
    if receiver == len(before) - 1:
        return float(metric(alone) - metric(final(before)))
    written = walk(groups, clean, lambda number, stream: alone if number == receiver else stream)
    return float(metric(final(written)) - metric(final(before)))


@misconception(
    "You zero the sender's output for the receiver. Put in what the sender writes in the corrupted run.",
    replaces="patch_edge",
)
def zero_ablated(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    change = -walk(groups, clean)[sender]
    return float(patched(groups, metric, clean, change, receiver) - metric(final(walk(groups, clean))))


@misconception(
    "You run edges backwards or between blocks of one group, and give a number. There is no such edge: raise a `ValueError`.",
    replaces="patch_edge",
)
def any_edge(groups, metric, clean, corrupted, sender, receiver):
    change = change_of(groups, clean, corrupted, sender)
    return float(patched(groups, metric, clean, change, receiver) - metric(final(walk(groups, clean))))


@misconception(
    "You refuse edges only by the numbers of their ends, so an edge between two blocks of one group passes. Blocks of one "
    "group do not hear each other: compare the groups.",
    replaces="patch_edge",
)
def order_for_groups(groups, metric, clean, corrupted, sender, receiver):
    if sender > receiver:
        raise ValueError("no such edge")
    change = change_of(groups, clean, corrupted, sender)
    return float(patched(groups, metric, clean, change, receiver) - metric(final(walk(groups, clean))))


@misconception("Your estimates have the wrong sign: a change is the corrupted output minus the clean one.")
def clean_minus_corrupted(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return -scores_of(groups, metric, clean, corrupted, usual(steps))


@misconception(
    "Your steps begin at the corrupted start and never reach the clean one. With T steps, k runs from 1 to T."
)
def from_zero(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, [k / steps for k in range(steps)])


@misconception(
    "You take the slopes in the middle of each step. The formula takes them at the end of each step, at k/T."
)
def middles_of_steps(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, [(k + 0.5) / steps for k in range(steps)])


@misconception("Your inputs include both ends. With T steps, k runs from 1 to T, and the corrupted end is left out.")
def both_ends(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, [k / steps for k in range(steps + 1)])


@misconception("You take the slope at the clean input only, however many steps are asked for.")
def steps_ignored(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, [1.0])


@misconception("You add the slopes of all steps up. Take their mean.")
def slopes_added(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, usual(steps)) * steps


@misconception("You take the slope of the metric at the *mean* input. Take the mean of the slopes.")
def slope_at_the_mean(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, [sum(usual(steps)) / steps])


@misconception("Your matrix is transposed: rows are senders, columns are receivers.")
def transposed(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, usual(steps)).T


@misconception("You take absolute values. An edge has a sign: it works for the metric or against it.")
def sizes_only(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, usual(steps)).abs()


@misconception(
    "Your matrix has numbers where there is no edge, from a block to an earlier one for instance. Put 0 there."
)
def edges_everywhere(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    slopes = mean_slopes(groups, metric, clean, corrupted, usual(steps))
    return table(groups, changes_of(groups, clean, corrupted), slopes, lambda *edge: True)


@misconception(
    "Blocks of one group have edges to one another in your matrix. They do not hear each other: put 0 there."
)
def edges_within_groups(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    slopes = mean_slopes(groups, metric, clean, corrupted, usual(steps))
    return table(groups, changes_of(groups, clean, corrupted), slopes, lambda _, i, j: i <= j)


@misconception(
    "You estimate nodes: the slope is taken in what the *sender* writes, so every edge of a sender gets the same number. "
    "Take the slope in what the receiver reads."
)
def slopes_of_senders(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    total = None
    for share in usual(steps):
        start = corrupted + share * (clean - corrupted)
        probes = [torch.zeros_like(start).requires_grad_() for _ in levels(groups)[0]]
        written, stream, number = [start + probes[0]], start + probes[0], 1
        for group in groups:
            new = []
            for block in group:
                new.append(block(stream) + probes[number])
                number += 1
            written += new
            stream = sum(new, stream)
        found = torch.autograd.grad(metric(final(written)), probes)
        total = list(found) if total is None else [a + b for a, b in zip(total, found, strict=True)]
    changes = changes_of(groups, clean, corrupted)
    nodes = [(change * slope).sum() / steps for change, slope in zip(changes, total, strict=True)]
    ones = [torch.ones_like(clean) / clean.numel() for _ in changes]
    return table(groups, [node * torch.ones_like(clean) for node in nodes], ones)


@misconception("You take the mean over all axes. The product is summed.")
def mean_of_the_product(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, usual(steps)) / clean.numel()


@misconception("The start is no sender in your matrix. It is the first one: the embedding speaks to everybody.")
def no_start(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    scores = scores_of(groups, metric, clean, corrupted, usual(steps))
    scores[0] = 0
    return scores


@misconception(
    "The metric is no receiver in your matrix. It is the last one: what is written straight to it counts too."
)
def no_metric(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    scores = scores_of(groups, metric, clean, corrupted, usual(steps))
    scores[:, -1] = 0
    return scores


@misconception("Your estimates still hang on the backward pass. Detach them, or the whole graph is kept in memory.")
def not_detached(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, usual(steps)).requires_grad_()


@misconception("You write into a start that you are given. Who called you still needs it: make new tensors.")
def starts_changed(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    scores = scores_of(groups, metric, clean, corrupted, usual(steps))
    corrupted += clean
    return scores


@misconception("You accept less than one step. The docstring asks for a `ValueError`.")
def no_steps_accepted(groups, metric, clean, corrupted, steps):
    return scores_of(groups, metric, clean, corrupted, usual(steps) or [1.0])


@misconception(
    "The receiver and all readers with larger numbers read the sender's corrupted output in yours. Only one receiver reads it: the "
    "others read what they always read.",
    replaces="patch_edge",
)
def all_later_readers(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    change = change_of(groups, clean, corrupted, sender)
    written = walk(groups, clean, lambda number, stream: stream + change if number >= receiver else stream)
    return float(metric(final(written) + change) - metric(final(walk(groups, clean))))


@misconception(
    "Your change has the wrong sign: the receiver should read the sender's corrupted output in place of the clean one.",
    replaces="patch_edge",
)
def change_turned_around(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    change = -change_of(groups, clean, corrupted, sender)
    return float(patched(groups, metric, clean, change, receiver) - metric(final(walk(groups, clean))))


@misconception(
    "You subtract the metric of the *corrupted* run. The effect is counted from the clean run.", replaces="patch_edge"
)
def minus_the_corrupted_run(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    change = change_of(groups, clean, corrupted, sender)
    return float(patched(groups, metric, clean, change, receiver) - metric(final(walk(groups, corrupted))))


@misconception(
    "The numbers of senders and receivers are mixed up in yours: block number n sends as `n`, counted from 1, and reads as `n - 1`.",
    replaces="patch_edge",
)
def sender_one_too_early(groups, metric, clean, corrupted, sender, receiver):
    refuse_edge(groups, sender, receiver)
    change = change_of(groups, clean, corrupted, max(sender - 1, 0))
    return float(patched(groups, metric, clean, change, receiver) - metric(final(walk(groups, clean))))


@misconception(
    "You take the slope at the *corrupted* input only. With T steps, k runs from 1 to T, and T steps end at the clean one."
)
def slope_at_the_corrupted_input(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return scores_of(groups, metric, clean, corrupted, [0.0])


@misconception(
    "You multiply the slopes by what the senders write in the corrupted run. A change is the corrupted output minus the clean one."
)
def corrupted_for_change(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    return table(groups, walk(groups, corrupted), mean_slopes(groups, metric, clean, corrupted, usual(steps)))


@misconception("Your estimates are the slopes alone. Multiply each by the change of its sender, and sum the product.")
def slopes_alone(groups, metric, clean, corrupted, steps):
    refuse_steps(steps)
    slopes = mean_slopes(groups, metric, clean, corrupted, usual(steps))
    return table(groups, [torch.ones_like(clean) for _ in slopes], slopes)


@misconception(
    "Less than one step gives no `ValueError` in yours: you divide by the number of steps, and 0 stops with a `ZeroDivisionError`, or "
    "negative numbers give something. The docstring asks for a `ValueError`."
)
def divided_by_no_steps(groups, metric, clean, corrupted, steps):
    slopes = mean_slopes(groups, metric, clean, corrupted, usual(steps) or [1.0])
    return table(groups, changes_of(groups, clean, corrupted), slopes) * (max(steps, 0) / steps)
