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
        raise ValueError(f"no edge from sender {sender} to receiver {receiver}")
    with torch.no_grad():
        written = run_graph(groups, clean)
        step = run_graph(groups, corrupted)[sender] - written[sender]
        count = 0

        def changed(block: Block, number: int) -> Block:
            return (lambda stream: block(stream + step)) if number == receiver else block

        wrapped = []
        for group in groups:
            wrapped.append([changed(block, count + place) for place, block in enumerate(group)])
            count += len(group)
        patched = torch.stack(run_graph(wrapped, clean)).sum(dim=0)
        if receiver == count:
            patched = patched + step
        return float(metric(patched)) - float(metric(torch.stack(written).sum(dim=0)))


def edge_attribution(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    steps: int,
) -> Float[Tensor, "sender receiver"]:
    """Estimate the effect of every edge from the slopes of the metric: EAP with one step, EAP-IG with several."""
    if steps < 1:
        raise ValueError(f"{steps} steps: at least one is needed")
    clean, corrupted = clean.detach(), corrupted.detach()
    reads: list[Tensor] = []

    def remembering(block: Block) -> Block:
        def read(stream: Tensor) -> Tensor:
            own = stream.clone()  # an own node of the graph for each reader
            reads.append(own)
            return block(own)

        return read

    watched = [[remembering(block) for block in group] for group in groups]
    slopes: list[Tensor] = []
    with torch.enable_grad():
        for k in range(1, steps + 1):
            reads.clear()
            start = torch.lerp(corrupted, clean, k / steps).requires_grad_(True)
            final = torch.stack(run_graph(watched, start)).sum(dim=0)
            found = torch.autograd.grad(metric(final), [*reads, final], allow_unused=True)
            each = torch.stack([torch.zeros_like(clean) if slope is None else slope for slope in found])
            slopes.append(each.detach())
    mean = torch.stack(slopes).mean(dim=0).flatten(1)
    with torch.no_grad():
        before, after = (torch.stack(run_graph(groups, each)).flatten(1) for each in (clean, corrupted))
        scores = (after - before) @ mean.T
        for sender in range(len(scores)):
            for receiver in range(len(scores)):
                if not is_edge(groups, sender, receiver):
                    scores[sender, receiver] = 0.0
    return scores.detach()
