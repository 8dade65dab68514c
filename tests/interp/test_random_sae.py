"""The random SAE of scenarios: it must be what sae-lens says an SAE is, and the same for the same seed."""

from __future__ import annotations

import pytest
from support import later

from mechgrade.bench import open_bench

torch = later("torch")
lens_bench = later("mechgrade.bench.transformer_lens.bench")
saes = later("interp.saes")


@pytest.fixture(scope="module")
def bench() -> lens_bench.Bench:
    """The course's bench."""
    return open_bench()


def test_it_follows_its_formula(bench: lens_bench.Bench) -> None:
    """An exercise that states the formula must agree with the SAE that its scenario hands over."""
    sae = saes.random_sae(bench, "blocks.0.hook_resid_pre", d_in=5, d_sae=7, seed=3)
    x = bench.normal(2, 3, 5, seed=4)
    latents = ((x - sae.b_dec) @ sae.W_enc + sae.b_enc).relu()
    torch.testing.assert_close(sae.encode(x), latents)
    torch.testing.assert_close(sae.decode(latents), latents @ sae.W_dec + sae.b_dec)
    assert sae.cfg.metadata.hook_name == "blocks.0.hook_resid_pre"
    lengths = sae.W_dec.norm(dim=-1)
    assert lengths.max() > 1.2 * lengths.min(), "directions of equal length would hide who leaves lengths out"


def test_it_is_seeded(bench: lens_bench.Bench) -> None:
    """A recording would be worth nothing otherwise; and what a learner does to one must not reach the next."""
    first, again = (saes.random_sae(bench, "a", d_in=4, d_sae=6, seed=1) for _ in range(2))
    torch.testing.assert_close(first.W_dec, again.W_dec)
    assert first.W_dec.data_ptr() != again.W_dec.data_ptr()
    assert not torch.equal(first.W_dec, saes.random_sae(bench, "a", d_in=4, d_sae=6, seed=2).W_dec)
