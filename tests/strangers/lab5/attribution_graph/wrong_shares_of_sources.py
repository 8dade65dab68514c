# WRONG: each edge is divided by the sum of what goes out of its source, not of what goes into its target; promised: 'Divide the size of each edge by the sum of all sizes into the same target'
import bisect
import itertools
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from interp.attribution import Layer, Transcoder

Node = tuple[str, int, int, int]  # what it is, its layer, its position, its number; −1 where there is none


def list_nodes(latents: Sequence[Float[Tensor, "pos _"]]) -> list[Node]:
    """List the nodes of the graph in their order; the latents are those of each layer."""
    positions = range(len(latents[0]))
    nodes = [("embedding", -1, position, -1) for position in positions]
    for layer, active in enumerate(latents):
        nodes += [("latent", layer, position, number) for position, number in active.nonzero().tolist()]
        nodes += [("error", layer, position, -1) for position in positions]
    return [*nodes, ("answer", -1, -1, -1)]


def split_mlp(
    transcoder: Transcoder, read: Float[Tensor, "pos d_model"], wrote: Float[Tensor, "pos d_model"]
) -> tuple[Float[Tensor, "pos latent"], Float[Tensor, "pos d_model"]]:
    """Split what an MLP wrote into the transcoder's latents and an error."""
    pre = read @ transcoder.encoder + transcoder.encoder_bias
    latents = torch.where(pre > transcoder.threshold, pre, torch.zeros_like(pre))
    return latents, wrote - (latents @ transcoder.decoder + transcoder.decoder_bias)


def replay(
    layers: Sequence[Layer],
    start: Float[Tensor, "pos d_model"],
    latents: Sequence[Float[Tensor, "pos _"]],
    errors: Sequence[Float[Tensor, "pos d_model"]],
) -> tuple[list[Float[Tensor, "pos _"]], Float[Tensor, "pos d_model"]]:
    """Run the frozen model with latents and errors that are given."""
    stream = start
    pre = []
    for layer, a, error in zip(layers, latents, errors, strict=True):
        t = layer.transcoder
        stream = stream + layer.attend(stream)
        pre.append(layer.norm(stream) @ t.encoder + t.encoder_bias)
        stream = stream + a @ t.decoder + t.decoder_bias + error
    return pre, stream


def attribution_graph(
    layers: Sequence[Layer],
    answer: Callable[[Tensor], Tensor],
    start: Float[Tensor, "pos d_model"],
    latents: Sequence[Float[Tensor, "pos _"]],
    errors: Sequence[Float[Tensor, "pos d_model"]],
) -> Float[Tensor, "source target"]:
    """Compute all edges of the graph, input times gradient."""
    nodes = list_nodes(latents)
    with torch.enable_grad():
        start = start.detach().clone().requires_grad_(True)
        latents = [a.detach().clone().requires_grad_(True) for a in latents]
        errors = [e.detach().clone().requires_grad_(True) for e in errors]
        pre, final = replay(layers, start, latents, errors)
        out = answer(final)
        inputs = [start, *latents, *errors]
        edges = torch.zeros(len(nodes), len(nodes), dtype=start.dtype)
        for column, (kind, layer, position, number) in enumerate(nodes):
            if kind == "latent":
                target = pre[layer][position, number]
            elif kind == "answer":
                target = out
            else:
                continue
            grads = torch.autograd.grad(target, inputs, retain_graph=True, allow_unused=True)
            products = [x * (torch.zeros_like(x) if g is None else g) for x, g in zip(inputs, grads, strict=True)]
            for row, (source, at, pos, place) in enumerate(nodes):
                if source == "embedding":
                    edges[row, column] = products[0][pos].sum().detach()
                elif source == "latent":
                    edges[row, column] = products[1 + at][pos, place].detach()
                elif source == "error":
                    edges[row, column] = products[1 + len(latents) + at][pos].sum().detach()
    return edges


def influence(edges: Float[Tensor, "source target"]) -> Float[Tensor, " node"]:
    """Measure each node's share in the answer over all paths."""
    sizes = edges.abs()
    total = sizes.sum(dim=1, keepdim=True)
    A = sizes / torch.where(total == 0, torch.ones_like(total), total)
    identity = torch.eye(len(A), dtype=A.dtype)
    B = torch.linalg.inv(identity - A) - identity
    return B[:, -1]


def smallest_set(influences: Float[Tensor, " node"], share: float) -> list[int]:
    """Find the fewest nodes that have a share of all influence together."""
    if share <= 0 or share > 1:
        raise ValueError("share must be above 0 and at most 1")
    values, order = influences.double().sort(descending=True, stable=True)
    sums = values.cumsum(dim=0)
    enough = (sums >= share * sums[-1]).nonzero()[0, 0].item()
    return order[: enough + 1].tolist()
