# WRONG: the inputs go from k = 0 to T - 1, so one step takes the slope at the corrupted input; promised: 'With $T = 1$ the only input is the clean one'
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Block = Callable[[Tensor], Tensor]  # from the stream to what is added to it
Groups = Sequence[Sequence[Block]]


def is_edge(groups: Groups, sender: int, receiver: int) -> bool:
    """Whether the sender's group is earlier than the receiver's."""
    place = [number for number, group in enumerate(groups) for _ in group]
    return [-1, *place][sender] < [*place, len(groups)][receiver]


def run_graph(groups: Groups, start: Tensor, changes: Sequence[Tensor] = ()) -> list[Tensor]:
    """Give what the start and all blocks write, the start first."""
    written, stream = [start], start
    for group in groups:
        first = len(written) - 1
        reads = [stream + changes[first + place] if changes else stream for place in range(len(group))]
        written = written + [block(read) for block, read in zip(group, reads, strict=True)]
        stream = torch.stack(written).sum(dim=0)
    return written


def patch_edge(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    sender: int,
    receiver: int,
) -> float:
    """Measure what the metric changes by when one receiver reads the corrupted output of one sender."""
    if not is_edge(groups, sender, receiver):
        raise ValueError("there is no such edge")
    n = sum(len(group) for group in groups)
    written = run_graph(groups, clean)
    difference = run_graph(groups, corrupted)[sender] - written[sender]
    changes = [torch.zeros_like(clean) for _ in range(n + 1)]
    changes[receiver] = difference
    patched = run_graph(groups, clean, changes)
    final = torch.stack(patched).sum(dim=0) + changes[n]
    return float(metric(final) - metric(torch.stack(written).sum(dim=0)))


def edge_attribution(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    steps: int,
) -> Float[Tensor, "sender receiver"]:
    """Estimate the effect of every edge from the slopes of the metric: EAP with one step, EAP-IG with several."""
    if steps < 1:
        raise ValueError("steps must be at least 1")
    n = sum(len(group) for group in groups)
    clean, corrupted = clean.detach(), corrupted.detach()
    slopes = [torch.zeros_like(clean) for _ in range(n + 1)]
    with torch.enable_grad():
        for k in range(steps):
            start = corrupted + k / steps * (clean - corrupted)
            changes = [torch.zeros_like(clean, requires_grad=True) for _ in range(n + 1)]
            final = torch.stack(run_graph(groups, start, changes)).sum(dim=0) + changes[n]
            grads = torch.autograd.grad(metric(final), changes, allow_unused=True)
            for receiver, grad in enumerate(grads):
                if grad is not None:
                    slopes[receiver] = slopes[receiver] + grad.detach() / steps
    with torch.no_grad():
        written, broken = run_graph(groups, clean), run_graph(groups, corrupted)
        scores = torch.zeros(n + 1, n + 1, dtype=clean.dtype)
        for sender in range(n + 1):
            for receiver in range(n + 1):
                if is_edge(groups, sender, receiver):
                    scores[sender, receiver] = ((broken[sender] - written[sender]) * slopes[receiver]).sum()
    return scores
