"""Claims of Lab 5: directions and what they do, probes, and the twins while they are trained."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import torch
from torch import Tensor

from ..circuits import padded_ids
from ..directions import answer_without, control_classes, name_or_the, probabilities, returning_names
from ..twin_card import TWINS_DIR, Measured, measure
from ..twins import FOLDERS
from . import claim
from .world import bench, model, reference, run

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
