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


def forward(
    groups: Groups, start: Tensor, at: int = -1, change: Tensor | None = None
) -> tuple[list[Tensor], list[Tensor]]:
    """Give what all senders write and what all receivers read."""
    written, reads = [start], []
    for group in groups:
        stream = start
        for more in written[1:]:
            stream = stream + more
        added = []
        for block in group:
            read = stream.clone()
            if len(reads) == at:
                read = read + change
            reads.append(read)
            added.append(block(read))
        written = written + added
    stream = start.clone()
    for more in written[1:]:
        stream = stream + more
    if len(reads) == at:
        stream = stream + change
    reads.append(stream)
    return written, reads


def patch_edge(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    sender: int,
    receiver: int,
) -> float:
    if is_edge(groups, sender, receiver) is False:
        raise ValueError("the sender does not come before the receiver")
    with torch.no_grad():
        written, reads = forward(groups, clean)
        change = forward(groups, corrupted)[0][sender] - written[sender]
        patched = forward(groups, clean, receiver, change)[1][-1]
        return (metric(patched) - metric(reads[-1])).item()


def edge_attribution(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    steps: int,
) -> Float[Tensor, "sender receiver"]:
    if steps < 1:
        raise ValueError("at least one step")
    n_blocks = sum(len(group) for group in groups)
    with torch.no_grad():
        written_clean = torch.stack(forward(groups, clean)[0])
        written_corrupted = torch.stack(forward(groups, corrupted)[0])
        total = torch.zeros(n_blocks + 1, *clean.shape, dtype=clean.dtype, device=clean.device)
    for k in range(steps, 0, -1):
        with torch.enable_grad():
            start = torch.lerp(corrupted.detach(), clean.detach(), k / steps).requires_grad_()
            _, reads = forward(groups, start)
            out = metric(reads[-1])
            if out.requires_grad:
                grads = torch.autograd.grad(out, reads, allow_unused=True, materialize_grads=True)
                total += torch.stack(grads).detach()
    delta = (written_corrupted - written_clean).flatten(1)
    scores = delta @ (total / steps).flatten(1).T
    number = [[is_edge(groups, u, v) for v in range(n_blocks + 1)] for u in range(n_blocks + 1)]
    allowed = torch.tensor(number, device=scores.device)
    return scores.masked_fill(~allowed, 0.0)
