"""A run that leaves the model or the autoencoder changed is noticed: the next check would be graded on something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support import ROOT, later

from mechgrade.bench.specs import bench_spec
from mechgrade.course import load_course

torch = later("torch")
lens_bench = later("mechgrade.bench.transformer_lens.bench")


@pytest.fixture(params=["bridge", "hooked"])
def bench(request: pytest.FixtureRequest) -> lens_bench.Bench:
    found = lens_bench.Bench(bench_spec(load_course(ROOT), backend=request.param))
    assert found.sae is not None and not found.open_hooks()
    assert not found.is_dirty()
    return found


def written(bench: lens_bench.Bench) -> None:
    with torch.no_grad():
        bench.model.W_E[0, 0] += 1


def replaced(bench: lens_bench.Bench) -> None:
    owner, name, weight, _ = bench._weights["model"][-1]
    owner[name] = torch.nn.Parameter(weight.clone())


def autoencoder_written(bench: lens_bench.Bench) -> None:
    with torch.no_grad():
        bench.sae.W_dec[0] *= 2


def autoencoder_replaced(bench: lens_bench.Bench) -> None:
    bench.sae.b_dec = torch.nn.Parameter(bench.sae.b_dec.clone())


def hooked(bench: lens_bench.Bench) -> None:
    bench.model.add_hook("blocks.0.hook_resid_pre", lambda value, hook: value)


@pytest.mark.parametrize("change", [written, replaced, autoencoder_written, autoencoder_replaced, hooked])
def test_what_a_run_leaves_changed_is_noticed(
    bench: lens_bench.Bench, change: Callable[[lens_bench.Bench], Any]
) -> None:
    change(bench)
    assert bench.is_dirty()


def test_what_is_put_back_is_none_of_it(bench: lens_bench.Bench) -> None:
    bench.model.add_hook("blocks.0.hook_resid_pre", lambda value, hook: value)
    bench.model.reset_hooks()
    owner, name, weight, _ = bench._weights["model"][0]
    owner[name] = torch.nn.Parameter(weight.clone())
    owner[name] = weight
    bench.model(bench.tokens("a b"))
    assert not bench.is_dirty()
