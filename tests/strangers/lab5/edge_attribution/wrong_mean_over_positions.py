# Breaks: `The product is summed over all axes.` (summed over d_model, averaged over the axes in front)
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
    if not is_edge(groups, sender, receiver):
        raise ValueError(f"there is no edge from {sender} to {receiver}")
    with torch.no_grad():
        good, bad = run_graph(groups, clean), run_graph(groups, corrupted)
        changes = [torch.zeros_like(clean) for _ in range(len(good))]
        changes[receiver] = bad[sender] - good[sender]
        patched = torch.stack(run_graph(groups, clean, changes)).sum(dim=0) + changes[-1]
        return float(metric(patched)) - float(metric(torch.stack(good).sum(dim=0)))


def edge_attribution(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    steps: int,
) -> Float[Tensor, "sender receiver"]:
    if steps < 1:
        raise ValueError("steps is below 1")
    clean, corrupted = clean.detach(), corrupted.detach()
    with torch.no_grad():
        good, bad = run_graph(groups, clean), run_graph(groups, corrupted)
        deltas = [b - g for g, b in zip(good, bad)]
    n = len(deltas)
    slopes = [torch.zeros_like(clean) for _ in range(n)]
    for k in range(1, steps + 1):
        with torch.enable_grad():
            start = corrupted + k / steps * (clean - corrupted)
            changes = [torch.zeros_like(start, requires_grad=True) for _ in range(n)]
            final = torch.stack(run_graph(groups, start, changes)).sum(dim=0) + changes[-1]
            value = metric(final)
            if not value.requires_grad:
                continue
            grads = torch.autograd.grad(value, changes, allow_unused=True)
        for place, grad in enumerate(grads):
            if grad is not None:
                slopes[place] = slopes[place] + grad / steps
    table = torch.zeros(n, n, dtype=clean.dtype, device=clean.device)
    for sender in range(n):
        for receiver in range(n):
            if is_edge(groups, sender, receiver):
                table[sender, receiver] = (deltas[sender] * slopes[receiver]).sum(dim=-1).mean()
    return table
