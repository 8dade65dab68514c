"""Claims of Lab 5 about transcoders and the attribution graphs of capitals."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from ..attribution import CapitalRun, Transcoder, load_transcoders, random_latents
from ..words import CAPITALS
from . import claim
from .world import model, reference

Node = tuple[str, int, int, int]

#: The position of the country in the prompt.
_COUNTRY = 4


@dataclass(frozen=True)
class Graph:
    """A prompt's run and its graph."""

    run: CapitalRun
    nodes: list[Node]
    edges: Tensor
    shares: Tensor
    whole: float

    def most(self, *kinds: str) -> list[int]:
        """The numbers of all nodes of some kinds, the most influential first."""
        return [i for i in self.shares.argsort(descending=True).tolist() if self.nodes[i][0] in kinds]

    def answer(self, node: int, factor: float = -1) -> float:
        """The logit difference in the whole model, with a latent's step multiplied."""
        return float(self.run.difference(self.run.logits([(*self.nodes[node][1:], factor)])))

    def says(self, node: int, factor: float = -1) -> str:
        """The most likely next token in the whole model, with a latent's step multiplied."""
        token = self.run.logits([(*self.nodes[node][1:], factor)]).argmax()
        return str(model("unsupervised").to_string(token))

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
    whole = float(run.difference(run.logits()))
    return Graph(run, module.list_nodes(latents), edges, module.influence(edges), whole)


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
    return graph.run.name(graph.nodes[first]), graph.whole, graph.answer(first)


@claim("graph.germany")
def germany() -> tuple[str, float, float, str]:
    """Berlin: the most influential latent, the answer as it is and with this latent turned around, and what is said then."""
    graph = _graph("Germany")
    first = graph.most("latent")[0]
    return graph.run.name(graph.nodes[first]), graph.whole, graph.answer(first), graph.says(first)


@claim("graph.random")
def random_ones() -> tuple[float, float]:
    """Paris: what twenty random latents turned around change the answer by, the median; and the lowest answer."""
    graph = _graph()
    answers = [graph.answer(i) for i in random_latents(graph.nodes, 20, seed=0)]
    return statistics.median(abs(each - graph.whole) for each in answers), min(answers)


@claim("graph.order")
def order() -> float:
    """Paris: the rank correlation of influence and size of the change when a latent is turned around, over all latents."""
    graph = _graph()
    latents = graph.most("latent")
    shares = torch.tensor([float(graph.shares[i]) for i in latents])
    changes = torch.tensor([abs(graph.answer(i) - graph.whole) for i in latents])
    ranks = torch.stack([each.argsort().argsort().double() for each in (shares, changes)])
    return float(torch.corrcoef(ranks)[0, 1])


@claim("graph.error")
def error_of_the_last_mlp() -> float:
    """Paris: the edge from MLP 2's error at "is" to the answer, the largest of all edges into the answer."""
    graph = _graph()
    edge = graph.edges[_place("error of MLP 2 at is"), -1]
    assert edge == graph.edges[:, -1].abs().max()
    return float(edge)


@claim("graph.missed")
def missed() -> tuple[float, float, float]:
    """Paris: the answer without latent 43 of MLP 0 at "is"; this latent's influence, the third largest of a latent; its edge to the answer."""
    graph = _graph()
    place = _place("latent 43 of MLP 0 at is")
    assert graph.says(place, 0) == " is" and graph.most("latent")[2] == place
    return graph.answer(place, 0), float(graph.shares[place]), float(graph.edges[place, -1])


@claim("graph.most")
def largest_effect() -> bool:
    """Paris: no other latent changes the answer as much when it is taken away as latent 43 of MLP 0 at "is"."""
    graph = _graph()
    changes = {i: abs(graph.answer(i, 0) - graph.whole) for i in graph.most("latent")}
    return max(changes, key=lambda i: changes[i]) == _place("latent 43 of MLP 0 at is")


@claim("graph.looking")
def looking() -> tuple[float, ...]:
    """Paris: what L1H1 and L1H2 give France from the last word, as they are, and without latent 43 of MLP 0 at "is"."""
    graph = _graph()
    without = [(*graph.nodes[_place("latent 43 of MLP 0 at is")][1:], 0.0)]
    return tuple(float(x) for changes in ([], without) for x in graph.run.attention(1, changes)[1:, _COUNTRY])


@claim("graph.countries")
def all_countries() -> tuple[float, int, int]:
    """All countries: the mean replacement score, and how often turning the most influential latent around changes the answer."""
    graphs = {country: _graph(country) for country in CAPITALS}
    changed = sum(graph.says(graph.most("latent")[0]) != f" {CAPITALS[country]}" for country, graph in graphs.items())
    return statistics.mean(graph.replacement() for graph in graphs.values()), changed, len(graphs)
