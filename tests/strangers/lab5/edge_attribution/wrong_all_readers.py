# WRONG: lets all readers of the sender read its corrupted output; promised: 'All other readers of $u$ read what they always read.'
# Generated from solutions/lab5/edge_attribution.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # From nodes to edges
#
# Patching tells you which heads matter. It does not tell you who talks to whom. Path patching in Lab 2 tested one
# **edge**, from a sender to a receiver. A model with $n$ components has about $n^2 / 2$ edges, and one run for each is
# slow. **Edge attribution patching** (EAP) estimates all edges from two runs and one backward pass.
#
# Take a model as a graph. The residual stream starts with the embedding. Each **block**, a head or an MLP, reads the
# stream and writes something that is added to it. At the end the metric reads the stream. Blocks of one **group** stand
# side by side: the heads of one layer read the same stream, and none of them hears the others.
#
# **The true effect of an edge.** Run on the clean input. Let only the receiver read something else: its input changes
# by $e_u^{corr} - e_u^{clean}$, what the sender $u$ writes in the corrupted run minus what it writes in the clean
# run. All other readers of $u$ read what they always read. What comes after the receiver is computed as usual. The
# effect is the metric of this run minus the metric of the clean run.
#
# **The estimate.** If the metric $m$ were linear in the receiver's input $x_v$, the effect would be
#
# $$\mathrm{EAP}(u \to v) = \big(e_u^{corr} - e_u^{clean}\big) \cdot \frac{\partial m}{\partial x_v}\bigg|_{clean}$$
#
# The product is summed over all axes. All senders come from two runs, and all $\partial m / \partial x_v$ from one
# backward pass.
#
# **A better slope.** At the clean input the slope may be nearly flat, for instance where an attention pattern is
# saturated. So **EAP-IG** takes the mean of the slope over $T$ inputs on the way from corrupted to clean, as in
# integrated gradients. Only the start of the stream is mixed; the model computes the rest:
#
# $$\frac{1}{T} \sum_{k=1}^{T} \frac{\partial m}{\partial x_v}\bigg|_{\;start\, =\, start_{corr} + \frac{k}{T}
#   (start_{clean} - start_{corr})}$$
#
# With $T = 1$ the only input is the clean one, so EAP is EAP-IG with one step.
#
# **A small example.** The start is one number: 3 in the clean run, 1 in the corrupted run. There is one block, and it
# writes the square of what it reads: 9 and 1. The metric is the final stream itself, 12 and 2. Take the edge from the
# start to the block. True effect: the block reads $3 + (1 - 3) = 1$ and writes 1, the final stream is $3 + 1 = 4$, and
# $4 - 12 = -8$. EAP: the slope of the square at 3 is 6, so $-2 \cdot 6 = -12$. EAP-IG with two steps: the slopes at 2
# and 3 are 4 and 6, their mean is 5, so $-2 \cdot 5 = -10$. This is nearer to $-8$, but not equal.
#
# **Numbers of senders and receivers.** With $n$ blocks, counted through all groups:
#
# - Sender 0 is the start; sender $i$ is the block number $i$, counted from 1.
# - Receiver $j$ is the block number $j + 1$; the last receiver, $n$, is the metric.
# - There is an edge if the sender's group is earlier than the receiver's. The start is earlier than all groups, the
#   metric is later than all groups.
#
# Sources: Syed, Rager and Conmy 2023, [Attribution Patching Outperforms Automated Circuit
# Discovery](https://arxiv.org/abs/2310.10348) (EAP); Hanna, Pezzelle and Belinkov 2024, [Have Faith in
# Faithfulness](https://arxiv.org/abs/2403.17806) (EAP-IG).

# %%
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

Block = Callable[[Tensor], Tensor]  # from the stream to what is added to it
Groups = Sequence[Sequence[Block]]


# %% [markdown]
# These two functions are given. The first says whether there is an edge. The second runs the graph. With `changes`, one
# tensor for each receiver, every block reads the stream plus its change. The final stream is the sum of all that
# `run_graph` returns. The change of the metric, the last receiver, is left to you.


# %%
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


# %%
def patch_edge(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    sender: int,
    receiver: int,
) -> float:
    """Measure what the metric changes by when one receiver reads the corrupted output of one sender.

    Source: Syed et al. 2023, https://arxiv.org/abs/2310.10348; Hanna et al. 2024, https://arxiv.org/abs/2403.17806

    Args:
        groups: the blocks, in groups that are run one after the other; blocks of one group read the same stream.
        metric: from the final stream to a number.
        clean: the start of the stream in the clean run, shape `[..., d_model]`.
        corrupted: the start of the stream in the corrupted run, of the same shape.
        sender: 0 for the start, or the number of a block, counted from 1. No other number is given.
        receiver: the number of a block minus 1, or the number of all blocks for the metric.

    Returns:
        The metric with this edge patched minus the metric of the clean run.

    Raises:
        ValueError: there is no such edge, because the sender's group is not earlier than the receiver's.

    """
    if not is_edge(groups, sender, receiver):
        raise ValueError(f"there is no edge from sender {sender} to receiver {receiver}")
    with torch.no_grad():
        written = run_graph(groups, clean)
        change = run_graph(groups, corrupted)[sender] - written[sender]
        changes = [torch.zeros_like(clean) for _ in range(len(written))]
        for reader in range(len(written)):
            if is_edge(groups, sender, reader):
                changes[reader] = change
        patched = run_graph(groups, clean, changes)
        final, patched_final = torch.stack(written).sum(dim=0), torch.stack(patched).sum(dim=0) + changes[-1]
        return float(metric(patched_final)) - float(metric(final))


def edge_attribution(
    groups: Groups,
    metric: Block,
    clean: Float[Tensor, "... d_model"],
    corrupted: Float[Tensor, "... d_model"],
    steps: int,
) -> Float[Tensor, "sender receiver"]:
    """Estimate the effect of every edge from the slopes of the metric: EAP with one step, EAP-IG with several.

    Source: Hanna et al. 2024, https://arxiv.org/abs/2403.17806

    Args:
        groups: the blocks, in groups that are run one after the other; blocks of one group read the same stream.
        metric: from the final stream to a number.
        clean: the start of the stream in the clean run, shape `[..., d_model]`.
        corrupted: the start of the stream in the corrupted run, of the same shape.
        steps: T of the formula, the number of inputs at which the slopes are taken.

    Returns:
        The estimates, shape `[sender, receiver]`, 0 where there is no edge. The result does not require a
        gradient, also where the blocks have parameters that do. The starts stay as they are.

    Raises:
        ValueError: `steps` is below 1.

    """
    if steps < 1:
        raise ValueError(f"steps is {steps}, but it must be at least 1")
    clean, corrupted = clean.detach(), corrupted.detach()
    with torch.no_grad():
        pairs = zip(run_graph(groups, clean), run_graph(groups, corrupted), strict=True)
        differences = torch.stack([other - own for own, other in pairs])
    slopes = torch.zeros_like(differences)
    with torch.enable_grad():
        for step in range(steps):
            start = clean + step / steps * (corrupted - clean)
            changes = torch.zeros_like(differences).requires_grad_(True)
            final = torch.stack(run_graph(groups, start, list(changes))).sum(dim=0) + changes[-1]
            (slope,) = torch.autograd.grad(metric(final), changes)
            slopes += slope / steps
    n = len(differences)
    estimates = differences.reshape(n, -1) @ slopes.reshape(n, -1).T
    for sender in range(n):
        for receiver in range(n):
            if not is_edge(groups, sender, receiver):
                estimates[sender, receiver] = 0
    return estimates


# %% [markdown]
# **Look at it.** All edges of the model without supervised attention, for the indirect object. The true effects take
# one run for each edge. EAP takes one backward pass, and EAP-IG ten. Which one agrees better with the truth?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.graph import name_graph

    graph = name_graph(open_bench("unsupervised", lab="lab1").model)  # Lab 5 is graded on tensors alone
    parts = (graph.groups, graph.metric, graph.clean, graph.corrupted)
    estimates = {"EAP": edge_attribution(*parts, steps=1), "EAP-IG": edge_attribution(*parts, steps=10)}
    edges = [(int(sender), int(receiver)) for sender, receiver in estimates["EAP"].nonzero()]
    truth = torch.zeros_like(estimates["EAP"])
    with torch.no_grad():
        for sender, receiver in edges:
            truth[sender, receiver] = patch_edge(*parts, sender, receiver)
    real = torch.tensor([truth[edge] for edge in edges])
    ten = set(real.abs().argsort(descending=True)[:10].tolist())
    for name, scores in estimates.items():
        guess = torch.tensor([scores[edge] for edge in edges])
        same = ten & set(guess.abs().argsort(descending=True)[:10].tolist())
        agreement = torch.corrcoef(torch.stack([guess, real]))[0, 1]
        print(f"{name}: correlation with the true effects {agreement:.2f}, {len(same)} of the ten largest edges")
    senders, receivers = ["embedding", *graph.names], [*graph.names, "answer"]
    for sender, receiver in sorted(edges, key=lambda edge: -abs(float(truth[edge])))[:10]:
        shown = ", ".join(f"{name} {scores[sender, receiver]:.2f}" for name, scores in estimates.items())
        print(f"{senders[sender]} -> {receivers[receiver]}: {truth[sender, receiver]:.2f} ({shown})")
    plots.heatmap(
        truth,
        x=receivers,
        y=senders,
        xlabel="receiver",
        ylabel="sender",
        title="The true effect of every edge",
        value="change of the logit difference",
        save="patching_results/edge_attribution",
    )
