"""Claims of Lab 5 about transcoders and the attribution graphs of capitals."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cache

from torch import Tensor

from ..attribution import CapitalRun, Transcoder, load_transcoders, random_nodes
from ..words import CAPITALS
from . import claim
from .world import model, reference

Node = tuple[str, int, int, int]


@dataclass(frozen=True)
class Graph:
    """A prompt's run and its graph."""

    run: CapitalRun
    nodes: list[Node]
    edges: Tensor
    shares: Tensor

    def most(self, *kinds: str) -> list[int]:
        """The numbers of all nodes of some kinds, the most influential first."""
        return [i for i in self.shares.argsort(descending=True).tolist() if self.nodes[i][0] in kinds]

    def answer(self, node: int | None = None, factor: float = -1) -> float:
        """The logit difference in the whole model, with a latent's step multiplied."""
        changes = [] if node is None else [(*self.nodes[node][1:], factor)]
        return float(self.run.difference(self.run.logits(changes)))

    def replacement(self) -> float:
        """The share of the embeddings."""
        return float(sum(self.shares[i] for i in self.most("embedding")))


@cache
def _transcoders() -> list[Transcoder]:
    return load_transcoders()


@cache
def _graph(country: str = "France") -> Graph:
    module = reference("lab5", "attribution_graph")
    run = CapitalRun(model("unsupervised"), _transcoders(), country)
    split = [module.split_mlp(*parts) for parts in zip(_transcoders(), run.reads, run.writes, strict=True)]
    latents, errors = [active for active, _ in split], [error for _, error in split]
    edges = module.attribution_graph(run.layers, run.answer, run.start, latents, errors)
    return Graph(run, module.list_nodes(latents), edges, module.influence(edges))


def _place(name: str) -> int:
    """The number of a node of the graph of France, by its name."""
    (place,) = [i for i, node in enumerate(_graph().nodes) if _graph().run.name(node) == name]
    return place


@claim("graph.size")
def size() -> tuple[int, int]:
    """Paris: how many nodes have 80 % of all influence, and how many there are."""
    graph = _graph()
    return len(reference("lab5", "attribution_graph").smallest_set(graph.shares, 0.8)), len(graph.nodes)


@claim("graph.replacement")
def replacement() -> tuple[float, float]:
    """Paris: the replacement score, and the rest, which is the influence of the errors."""
    graph = _graph()
    errors = float(sum(graph.shares[i] for i in graph.most("error")))
    assert abs(graph.replacement() + errors - 1) < 1e-3
    return graph.replacement(), errors


@claim("graph.top")
def top() -> tuple[str, float, float]:
    """Paris: the most influential latent, the answer as it is, and the answer with this latent turned around."""
    graph = _graph()
    first = graph.most("latent")[0]
    return graph.run.name(graph.nodes[first]), graph.answer(), graph.answer(first)


@claim("graph.random")
def random_ones() -> tuple[float, float]:
    """Paris: what twenty random latents turned around change the answer by, the median and the most."""
    graph = _graph()
    changes = [abs(graph.answer(i) - graph.answer()) for i in random_nodes(graph.nodes, 20, seed=0)]
    return statistics.median(changes), max(changes)
