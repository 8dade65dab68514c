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


def final_stream(groups: Groups, start: Tensor, changes: Tensor) -> Tensor:
    """Give the stream that the metric reads; `changes` is [receiver, ...]."""
    result = changes[-1]
    for more in run_graph(groups, start, list(changes)):
        result = result + more
    return result


def patch_edge(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    sender: int,
    receiver: int,
) -> float:
    if not is_edge(groups, sender, receiver):
        raise ValueError("no such edge")
    with torch.no_grad():
        nothing = torch.zeros_like(torch.stack(run_graph(groups, clean)))
        changes = nothing.clone()
        changes[receiver] = run_graph(groups, corrupted)[sender] - run_graph(groups, clean)[sender]
        after, before = (metric(final_stream(groups, clean, each)) for each in (changes, nothing))
        return float(after) - float(before)


def edge_attribution(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    steps: int,
) -> Float[Tensor, "sender receiver"]:
    if steps < 1:
        raise ValueError("steps must be 1 or more")
    clean, corrupted = clean.detach(), corrupted.detach()
    good, bad = (torch.stack(run_graph(groups, start)).detach() for start in (clean, corrupted))
    nothing = torch.zeros_like(good)
    slopes = torch.stack(
        [
            torch.autograd.functional.jacobian(
                lambda changes, start=corrupted + (clean - corrupted) * (k / steps): metric(
                    final_stream(groups, start, changes)
                ).reshape(()),
                nothing,
            )
            for k in range(1, steps + 1)
        ]
    ).mean(dim=0)
    scores = torch.einsum("ux,vx->uv", (bad - good).flatten(1), slopes.flatten(1)).detach()
    for sender in range(len(good)):
        for receiver in range(len(good)):
            if not is_edge(groups, sender, receiver):
                scores[sender, receiver] = 0
    return scores
