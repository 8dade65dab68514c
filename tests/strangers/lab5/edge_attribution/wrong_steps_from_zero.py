# WRONG: takes the slopes at k = 0 ... T - 1, so one step is the corrupted input; promised: k = 1 ... T, 'With T = 1 the only input is the clean one'
import torch


def is_edge(groups, sender, receiver):
    """Whether the sender's group is earlier than the receiver's."""
    place = [number for number, group in enumerate(groups) for _ in group]
    return [-1, *place][sender] < [*place, len(groups)][receiver]


def run_graph(groups, start, changes=()):
    """Give what the start and all blocks write, the start first."""
    written, stream = [start], start
    for group in groups:
        first = len(written) - 1
        reads = [stream + changes[first + place] if changes else stream for place in range(len(group))]
        written = written + [block(read) for block, read in zip(group, reads, strict=True)]
        stream = torch.stack(written).sum(dim=0)
    return written


def patch_edge(groups, metric, clean, corrupted, sender, receiver):
    if not is_edge(groups, sender, receiver):
        raise ValueError(f"there is no edge from {sender} to {receiver}")
    with torch.no_grad():
        usual, other = run_graph(groups, clean), run_graph(groups, corrupted)
        changes = [torch.zeros_like(clean) for _ in usual]
        changes[receiver] = other[sender] - usual[sender]
        patched = sum(run_graph(groups, clean, changes)) + changes[-1]
        return float(metric(patched)) - float(metric(sum(usual)))


def edge_attribution(groups, metric, clean, corrupted, steps):
    if steps < 1:
        raise ValueError("at least one step is needed")
    clean, corrupted = clean.detach(), corrupted.detach()
    with torch.no_grad():
        moves = torch.stack(run_graph(groups, corrupted)) - torch.stack(run_graph(groups, clean))
    slopes = torch.zeros_like(moves)
    for k in range(steps):
        with torch.enable_grad():
            changes = torch.zeros_like(moves).requires_grad_(True)
            start = corrupted + (k / steps) * (clean - corrupted)
            final = sum(run_graph(groups, start, list(changes))) + changes[-1]
            slopes += torch.autograd.grad(metric(final), changes)[0]
    table = moves.flatten(1) @ (slopes / steps).flatten(1).T
    places = range(len(moves))
    there = torch.tensor([[is_edge(groups, s, r) for r in places] for s in places], device=table.device)
    return torch.where(there, table, torch.zeros_like(table))
