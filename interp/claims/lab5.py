"""Claims of Lab 5: directions and what they do, probes, the twins while they are trained, and predictions."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..circuits import Head, padded_ids
from ..directions import answer_without, control_classes, name_or_the, probabilities, returning_names
from ..forecasts import Maps, name_maps
from ..graph import name_graph
from ..interventions import NameRuns
from ..twin_card import TWINS_DIR, Measured, measure
from ..twins import FOLDERS
from . import claim
from .world import bench, head_name, model, names, reference, run

_PLACE = "blocks.0.hook_resid_mid"


@cache
def _direction() -> Tensor:
    means = reference("lab5", "difference_of_means").difference_of_means
    sets = []
    for texts in name_or_the(48, seed=1):
        ids, ends = padded_ids(model(), texts)
        sets.append(bench().cache(ids, [_PLACE])[_PLACE][torch.arange(len(ends)), ends])
    direction: Tensor = means(*sets)
    return direction


def _name(which: int, runs: Callable[[Tensor], Tensor]) -> float:
    """The probability of a name after held-out texts: 0 for those before a name, 1 for those before "the"."""
    return probabilities(model(), name_or_the(48, seed=2)[which], runs)[0]


def _adding(step: Tensor) -> Callable[[Tensor], Tensor]:
    def add(value: Tensor, hook: Any) -> Tensor:
        return value + step

    return lambda ids: run(ids, (_PLACE, add))


@cache
def _lot() -> Tensor:
    lot = torch.randn(len(_direction()), generator=torch.Generator().manual_seed(0))
    scaled: Tensor = lot / lot.norm() * _direction().norm()
    return scaled


@claim("means.added")
def added() -> tuple[float, float, float]:
    """A name after texts before "the": as they are, with the direction added, and with a random one added."""
    return _name(1, model()), _name(1, _adding(_direction())), _name(1, _adding(_lot()))


@claim("means.subtracted")
def subtracted() -> tuple[float, float, float]:
    """A name after texts before a name: as they are, with the direction subtracted, and with a random one subtracted."""
    return _name(0, model()), _name(0, _adding(-_direction())), _name(0, _adding(-_lot()))


@claim("means.projected")
def projected() -> tuple[float, float]:
    """A name after texts before a name: the direction projected out where it was made, and in every layer."""
    project_out = reference("lab5", "difference_of_means").project_out
    every = [f"blocks.{layer}.hook_resid_{at}" for layer in range(3) for at in ("pre", "mid", "post")]

    def remove(value: Tensor, hook: Any) -> Tensor:
        out: Tensor = project_out(value, _direction())
        return out

    def leaving(names: list[str]) -> float:
        return _name(0, lambda ids: run(ids, *[(name, remove) for name in names]))

    return leaving([_PLACE]), leaving(every)


@cache
def _probe(place: str) -> tuple[float, float, float, float]:
    """Accuracy, control accuracy, and the logit difference of the whole model and without the probe's direction."""
    module = reference("lab5", "probe_control")
    train, test = (returning_names(model(), count, seed).at(place) for count, seed in ((160, 1), (64, 2)))
    found = module.probe_control(*train, *test, control_classes(model().cfg.d_vocab, seed=0), 2, 0.01)
    weights, _ = module.fit_probe(train[0], train[1], 2, 0.01)
    clean, without = answer_without(model(), place, weights[:, 1] - weights[:, 0])
    return found["accuracy"], found["control_accuracy"], clean, without


@claim("probe.start")
def probe_at_the_start() -> tuple[float, float]:
    """Accuracy and control accuracy at the very start of the model."""
    return _probe("blocks.0.hook_resid_pre")[:2]


@claim("probe.later")
def probe_later() -> tuple[float, float]:
    """Accuracy and control accuracy behind the second layer."""
    return _probe("blocks.1.hook_resid_post")[:2]


@claim("probe.use")
def probe_use() -> tuple[float, float]:
    """The logit difference of the whole model, and with the probe's direction projected out behind the second layer."""
    return _probe("blocks.1.hook_resid_post")[2:]


@cache
def _curves(layers: int, last: int) -> list[Measured]:
    paths = sorted((TWINS_DIR / FOLDERS[layers]).glob("step-*"))
    return [measure(path) for path in paths if int(path.name.removeprefix("step-")) <= last]


@cache
def _dynamics(layers: int, last: int) -> dict[str, Any]:
    curves = _curves(layers, last)
    found: dict[str, Any] = reference("lab5", "training_dynamics").training_dynamics(
        [each.step for each in curves],
        torch.tensor([each.first for each in curves]),
        torch.tensor([each.second for each in curves]),
        torch.tensor([each.induction for each in curves]),
        0.4,
    )
    return found


@claim("dynamics.two")
def dynamics_of_two_layers() -> tuple[int, int, int]:
    """Two layers, up to step 500: where the best score passes 0.4, and the checkpoints around the steepest fall."""
    found = _dynamics(2, 500)
    return round(found["rise"]), *found["fall"]


@claim("dynamics.bump")
def bump_of_two_layers() -> tuple[float, int]:
    """Two layers, up to step 500: the height and the step of the first half's bump."""
    step, height = _dynamics(2, 500)["bump"]
    return height, step


@claim("dynamics.one")
def dynamics_of_one_layer() -> tuple[float, int]:
    """One layer: the height and the step of the first half's bump; no head ever passes 0.4."""
    found = _dynamics(1, 2000)
    assert found["rise"] is None
    step, height = found["bump"]
    return height, step


@cache
def _maps(profile: str) -> Maps:
    return name_maps(model(profile))


def _forecast(predicted: Tensor, happened: Tensor) -> dict[str, Any]:
    scores: dict[str, Any] = reference("lab5", "predict_then_look").predict_then_look(predicted, happened, 5)
    return scores


def _by_attention(profile: str, what: str) -> dict[str, Any]:
    return _forecast(_maps(profile).attention, getattr(_maps(profile), what))


def _by_patching(yes: float, no: float) -> dict[str, Any]:
    """One number for the heads that matter when they are patched, another for the rest, scored on the ablation map."""
    maps = _maps("unsupervised")
    return _forecast(torch.where(maps.patched, yes, no), maps.ablated)


@cache
def _runs() -> NameRuns:
    return NameRuns(model("unsupervised"))


def _without(*heads: Head) -> float:
    """The logit difference of the unsupervised model with some heads replaced by their means."""
    return _runs().only([head for head in _runs().heads if head not in heads])


def _without_readers() -> tuple[float, ...]:
    return tuple(_without(*heads) for heads in ([], [(1, 1)], [(1, 2)], [(1, 1), (1, 2)]))


@claim("predict.patched")
def patched_heads() -> tuple[str | float, ...]:
    """The heads of the unsupervised model that bring back a part of the answer, and how much each."""
    recovery = names("unsupervised").recovery
    heads = [(layer, head) for layer, head in _maps("unsupervised").patched.nonzero().tolist()]
    return *(head_name(*each) for each in heads), *(float(recovery[each]) for each in heads)


@claim("predict.rest")
def patched_rest() -> bool:
    """All other heads bring back 0.01 or less, as rounded."""
    return float(names("unsupervised").recovery[~_maps("unsupervised").patched].max()) < 0.015


@claim("predict.readers")
def readers_look() -> tuple[float, float]:
    """What L1H1 and L1H2 of the unsupervised model give the giver's return from the last word."""
    to_giver = names("unsupervised").to_s2
    return float(to_giver[1, 1]), float(to_giver[1, 2])


@claim("predict.movers")
def movers_look() -> tuple[float, ...]:
    """What the heads of layer 2 of the unsupervised model give the receiver from the last word."""
    return tuple(names("unsupervised").to_io[2].tolist())


@claim("predict.patching")
def attention_predicts_patching() -> tuple[float, float]:
    """The skill of attention on the patching map: the supervised model, the unsupervised one."""
    return _by_attention("embedded", "patched")["skill"], _by_attention("unsupervised", "patched")["skill"]


@claim("predict.ablation")
def attention_predicts_ablation() -> float:
    """The skill of attention on the ablation map of the unsupervised model."""
    return float(_by_attention("unsupervised", "ablated")["skill"])


@claim("predict.both")
def attention_predicts_both() -> tuple[float, float]:
    """The skill of attention on both maps of the unsupervised model: patching, ablation."""
    return _by_attention("unsupervised", "patched")["skill"], _by_attention("unsupervised", "ablated")["skill"]


@claim("predict.logs")
def attention_in_nats() -> tuple[float, float]:
    """The log score of attention on the unsupervised model: the ablation map, the patching map."""
    return _by_attention("unsupervised", "ablated")["log"], _by_attention("unsupervised", "patched")["log"]


@claim("predict.without")
def without_a_reader() -> tuple[float, ...]:
    """The logit difference of the unsupervised model: whole, without L1H1, without L1H2, without both."""
    return _without_readers()


@claim("predict.sure")
def sure_prediction() -> tuple[float, float]:
    """Brier score and skill of 0.9 and 0.1 by the patching map, on the ablation map."""
    found = _by_patching(0.9, 0.1)
    return found["brier"], found["skill"]


@claim("predict.careful")
def careful_prediction() -> tuple[float, float]:
    """Brier score and skill of 0.6 and 0.05 by the patching map, on the ablation map."""
    found = _by_patching(0.6, 0.05)
    return found["brier"], found["skill"]


@claim("predict.few")
def few_events() -> tuple[int, int]:
    """How many events four maps have, and how many predictions lie in the highest of five bins; none came below 0.6."""
    maps = [_maps(profile) for profile in ("embedded", "unsupervised")]
    said = torch.stack([each.attention for each in maps for _ in range(2)])
    came = torch.stack([what for each in maps for what in (each.patched, each.ablated)])
    assert not came[said < 0.6].any()
    return said.numel(), int((said >= 0.8).sum())


def _shares(*heads: Head) -> tuple[float, float]:
    """What some heads of the unsupervised model bring back, and what is lost with them."""
    shares = reference("lab5", "noising_backup").patching_shares
    back, lost = shares(_runs().denoised, _runs().noised, heads)
    return float(back), float(lost)


_CIRCUIT = [(1, 2), (2, 0), (2, 1), (2, 2)]


@cache
def _repair() -> dict[str, Any]:
    """What the others gain when L2H2 of the unsupervised model is taken away."""
    whole, broken = _runs().written(), _runs().written([(2, 2)])
    place = [whole.names.index("L2H2")]
    split = reference("lab5", "noising_backup").backup
    found: dict[str, Any] = split(whole.towards, broken.towards, whole.scale, broken.scale, place)
    return found | {"names": whole.names}


@claim("backup.or")
def two_readers() -> tuple[float, ...]:
    """The logit difference of the unsupervised model: whole, without L1H1, without L1H2, without both."""
    return _without_readers()


@claim("backup.noised")
def readers_noised() -> tuple[float, float]:
    """What is lost when L1H1, and when L1H2, has its corrupted output."""
    return _shares((1, 1))[1], _shares((1, 2))[1]


@claim("backup.denoised")
def readers_denoised() -> tuple[float, float]:
    """What comes back when L1H1, and when L1H2, has its clean output."""
    return _shares((1, 1))[0], _shares((1, 2))[0]


@claim("backup.faithful")
def a_faithful_circuit() -> float:
    """The share of the logit difference that L1H2 and the heads of layer 2 keep when all others are at their means."""
    return _runs().only(_CIRCUIT) / _runs().only(_runs().heads)


@claim("backup.incomplete")
def an_incomplete_circuit() -> tuple[float, float]:
    """What this circuit has left without L1H2, and what the model has; no pair of its heads makes a larger gap."""
    _, removed = reference("lab5", "noising_backup").incompleteness(_runs().only, _runs().heads, _CIRCUIT, 2)
    assert removed == [(1, 2)]
    return _runs().only(_CIRCUIT[1:]), _without((1, 2))


@claim("backup.gains")
def gains_of_the_others() -> tuple[float, float]:
    """The direct effect that is lost with L2H2, and what L2H0 and L2H1 gain each, as rounded; all of it by rescaling."""
    found = _repair()
    places = [found["names"].index(name) for name in ("L2H0", "L2H1")]
    gains = found["rescaled"][places]
    assert found["rewritten"][places].abs().max() < 1e-3 and gains.max() - gains.min() < 0.01
    return found["lost"], float(gains.mean())


@claim("backup.mlp")
def mlp_writes_less() -> float:
    """How much less MLP 2 writes towards the answer without L2H2."""
    return -float(_repair()["rewritten"][_repair()["names"].index("MLP 2")])


@claim("backup.share")
def share_made_up() -> float:
    """The share of the loss that all others make up for."""
    return float(_repair()["share"])


@cache
def _edges() -> dict[str, Tensor]:
    """The true effects and both estimates for all edges of the unsupervised model, [sender, receiver]."""
    graph = name_graph(model("unsupervised"))
    parts = (graph.groups, graph.metric, graph.clean, graph.corrupted)
    module = reference("lab5", "edge_attribution")
    found = {name: module.edge_attribution(*parts, steps=steps) for name, steps in (("EAP", 1), ("EAP-IG", 10))}
    truth = torch.zeros_like(found["EAP"])
    with torch.no_grad():
        for sender, receiver in found["EAP"].nonzero().tolist():
            truth[sender, receiver] = module.patch_edge(*parts, sender, receiver)
    return found | {"truth": truth}


def _edge(sender: str, receiver: str) -> tuple[float, float, float]:
    """An edge's true effect, and what EAP and EAP-IG say."""
    names = name_graph(model("unsupervised")).names
    place = ["embedding", *names].index(sender), [*names, "answer"].index(receiver)
    true, eap, ig = (float(_edges()[what][place]) for what in ("truth", "EAP", "EAP-IG"))
    return true, eap, ig


def _largest(what: str) -> set[int]:
    """The ten largest edges, as places in the flat map."""
    return set(_edges()[what].abs().flatten().argsort(descending=True)[:10].tolist())


@claim("edges.correlation")
def edges_correlate() -> tuple[float, float]:
    """The correlation of EAP, and of EAP-IG with ten steps, with the true effects of all edges."""
    real = _edges()["EAP"] != 0
    truth = _edges()["truth"][real]
    eap, ig = (float(torch.corrcoef(torch.stack([_edges()[n][real], truth]))[0, 1]) for n in ("EAP", "EAP-IG"))
    return eap, ig


@claim("edges.found")
def edges_found() -> tuple[int, int]:
    """How many of the ten largest edges are among the ten largest estimates of EAP, and of EAP-IG."""
    return len(_largest("truth") & _largest("EAP")), len(_largest("truth") & _largest("EAP-IG"))


@claim("edges.straight")
def edge_to_the_answer() -> tuple[float, float, float]:
    """L2H2 to the answer: the true effect, EAP, EAP-IG."""
    return _edge("L2H2", "answer")


@claim("edges.saturated")
def edge_to_a_mover() -> tuple[float, float, float]:
    """L1H2 to L2H0: the true effect, EAP, EAP-IG."""
    return _edge("L1H2", "L2H0")


@claim("edges.sign")
def edge_with_the_wrong_sign() -> tuple[float, float, float]:
    """The largest edge, from the embedding to MLP 0: the true effect, EAP, EAP-IG."""
    assert abs(_edge("embedding", "MLP 0")[0]) == float(_edges()["truth"].abs().max())
    return _edge("embedding", "MLP 0")


@claim("edges.story")
def edges_of_the_story() -> bool:
    """The edges from the embedding over MLP 0, L1H2 and the name movers to the answer are among the ten largest."""
    movers = ("L2H0", "L2H1", "L2H2")
    told = [("embedding", "MLP 0"), ("MLP 0", "L1H2")]
    told += [("L1H2", mover) for mover in movers] + [(mover, "answer") for mover in movers]
    least = _edges()["truth"].abs().flatten().sort(descending=True).values[9]
    return all(abs(_edge(*each)[0]) >= float(least) for each in told)
