"""A call with a world: the learner's process is given what was drawn, and nothing that it was drawn from."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from mechgrade.grading.calls import Call
from mechgrade.protocol import wire
from mechgrade.protocol.outcome import Outcome


def world(*, seed: int, size: int) -> dict[str, Any]:
    return {"data": np.random.default_rng([seed, 1]).random(size), "start": 1}


def test_what_is_drawn_crosses_and_the_seed_does_not() -> None:
    call = Call("trained", {"seed": 1234567, "size": 3}, world=world)
    given = call.given
    assert given.keys() == {"data", "start"}
    assert isinstance(given["data"], wire.Array) and given["data"].kind == "array"
    sent = wire.encode({"scenario": call.scenario, "inputs": given})
    assert b"1234567" not in sent
    arrived = wire.numbers(wire.decode(sent))
    assert np.array_equal(arrived["inputs"]["data"], world(seed=1234567, size=3)["data"])


def test_a_world_is_named_by_what_it_is_drawn_from() -> None:
    call = Call("trained", {"seed": 0, "size": 3}, world=world)
    assert call.key == "trained(seed=0, size=3)" == Call("trained", {"size": 3, "seed": 0}).key
    assert json.loads(json.dumps(dict(call.inputs))) == call.inputs


def test_facts_that_cannot_be_made_are_the_datas_fault() -> None:
    found = Outcome("returned", {"W": 1}).reduced(lambda data: data["W"].shape)
    assert (found.kind, found.data) == ("unusable", None)
    assert "could not work with what your code returned (AttributeError" in found.message
