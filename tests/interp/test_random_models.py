"""The small random models are the same ones from both of TransformerLens' makers: grading on 4.x needs no recordings of its own."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from support import later

torch, random_models = later("torch"), later("interp.random_models")


class Bench:
    """What a random model needs of a bench."""

    device = "cpu"

    @property
    def dtype(self) -> torch.dtype:
        return torch.float32

    def normal(self, *shape: int, seed: int) -> torch.Tensor:
        return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


SIZES = {"n_layers": 2, "d_model": 8, "n_ctx": 8, "d_head": 3, "n_heads": 2, "d_vocab": 15, "act_fn": "gelu_new"}


@pytest.mark.parametrize(
    "config",
    [
        {"normalization_type": "LN", "d_mlp": 6},
        {"normalization_type": "LNPre", "d_mlp": 5, "act_fn": "relu"},
        {"normalization_type": "LNPre", "d_mlp": None, "attn_only": True},
    ],
    ids=lambda config: "-".join(str(value) for value in config.values()),
)
def test_a_bridge_gives_what_a_hooked_transformer_gives(
    config: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked = random_models.small_model(Bench(), random_models.normal_weights(Bench(), 0.5), **SIZES | config)
    monkeypatch.setattr("interp.random_models._hooked", lambda config: None)
    bridge = random_models.small_model(Bench(), random_models.normal_weights(Bench(), 0.5), **SIZES | config)
    assert type(bridge).__name__ == "TransformerBridge" and type(hooked).__name__ == "HookedTransformer"
    tokens = torch.tensor([[1, 7, 3, 3, 14], [2, 0, 9, 1, 5]])
    logits, cache = hooked.run_with_cache(tokens)
    others, same = bridge.run_with_cache(tokens)
    torch.testing.assert_close(others, logits, rtol=0, atol=1e-5)
    assert cache.keys() <= same.keys()
    for name in cache:
        if not name.endswith("attn_scores"):  # what is masked is a large number in one and minus infinity in the other
            torch.testing.assert_close(same[name], cache[name], rtol=0, atol=1e-5, msg=name)


def test_a_parameter_that_nobody_sets_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interp.random_models._hooked", lambda config: None)
    known = importlib.import_module("interp.random_models")._parameters
    monkeypatch.setattr("interp.random_models._parameters", lambda config: list(known(config))[1:])
    with pytest.raises(ValueError, match="parameters that the course does not know: tok_embed"):
        random_models.small_model(Bench(), random_models.normal_weights(Bench(), 0.5), **SIZES, d_mlp=6)
