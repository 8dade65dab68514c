import bisect
import itertools
from collections.abc import Callable, Sequence
from fractions import Fraction

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
    pre = torch.addmm(transcoder.encoder_bias, read, transcoder.encoder)
    active = pre.masked_fill(pre <= transcoder.threshold, 0.0)
    return active, wrote - torch.addmm(transcoder.decoder_bias, active, transcoder.decoder)


def replay(
    layers: Sequence[Layer],
    start: Float[Tensor, "pos d_model"],
    latents: Sequence[Float[Tensor, "pos _"]],
    errors: Sequence[Float[Tensor, "pos d_model"]],
) -> tuple[list[Float[Tensor, "pos _"]], Float[Tensor, "pos d_model"]]:
    """Run the frozen model with latents and errors that are given."""
    before: list[Tensor] = []
    stream = start
    for layer, given, error in zip(layers, latents, errors, strict=True):
        coder = layer.transcoder
        stream = stream + layer.attend(stream)
        before.append(layer.norm(stream) @ coder.encoder + coder.encoder_bias)
        stream = stream + given @ coder.decoder + (coder.decoder_bias + error)
    return before, stream


def attribution_graph(
    layers: Sequence[Layer],
    answer: Callable[[Tensor], Tensor],
    start: Float[Tensor, "pos d_model"],
    latents: Sequence[Float[Tensor, "pos _"]],
    errors: Sequence[Float[Tensor, "pos d_model"]],
) -> Float[Tensor, "source target"]:
    """Compute all edges of the graph, input times gradient."""
    # The frozen run is linear up to biases. So input times gradient is what a target has when one source alone is put
    # into a run of zeros, minus what it has with nothing.
    nodes = list_nodes(latents)
    targets = [place for place, node in enumerate(nodes) if node[0] in ("latent", "answer")]

    def read_off(source: Node | None) -> Tensor:
        kind, at, position, number = source or ("nothing", -1, -1, -1)
        zero_start = torch.zeros_like(start)
        zero_latents = [torch.zeros_like(each) for each in latents]
        zero_errors = [torch.zeros_like(each) for each in errors]
        if kind == "embedding":
            zero_start[position] = start[position]
        elif kind == "latent":
            zero_latents[at][position, number] = latents[at][position, number]
        elif kind == "error":
            zero_errors[at][position] = errors[at][position]
        before, final = replay(layers, zero_start, zero_latents, zero_errors)
        values = [before[nodes[t][1]][nodes[t][2], nodes[t][3]] for t in targets[:-1]]
        return torch.stack([*values, torch.as_tensor(answer(final)).reshape(()).to(start.dtype)])

    with torch.no_grad():
        edges = start.new_zeros((len(nodes), len(nodes)))
        nothing = read_off(None)
        for place, node in enumerate(nodes[:-1]):
            edges[place, targets] = read_off(node) - nothing
    return edges.detach()


def influence(edges: Float[Tensor, "source target"]) -> Float[Tensor, " node"]:
    """Measure each node's share in the answer over all paths."""
    sizes = edges.detach().double().abs()
    columns = sizes.sum(dim=0)
    shares = sizes / columns.masked_fill(columns == 0, 1.0)
    # From the answer backwards: a node gives what it gets from its later nodes.
    value = torch.zeros(len(edges), dtype=torch.float64, device=edges.device)
    value[-1] = 1.0
    for node in range(len(edges) - 2, -1, -1):
        value[node] = shares[node, node + 1 :] @ value[node + 1 :]
    value[-1] = 0.0
    return value.to(edges.dtype)


def smallest_set(influences: Float[Tensor, " node"], share: float) -> list[int]:
    """Find the fewest nodes that have a share of all influence together."""
    if not 0 < share <= 1:
        raise ValueError(f"a share of {share} is not above 0 and at most 1")
    exact = [Fraction(value) for value in influences.tolist()]
    order = sorted(range(len(exact)), key=lambda node: (-exact[node], node))
    sums = list(itertools.accumulate(exact[node] for node in order))
    return order[: bisect.bisect_left(sums, Fraction(share) * sums[-1]) + 1]
