"""The made-up world of `absorption`: what is promised of it, and the phenomenon that the exercise is about."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean
from typing import TYPE_CHECKING

from support import later

if TYPE_CHECKING:
    from torch import Tensor

torch, hierarchy, claims = later("torch"), later("interp.hierarchy"), later("interp.claims.absorption")


def test_a_child_is_on_only_with_its_parent_and_without_its_siblings() -> None:
    world = hierarchy.hierarchy(3)
    active, _ = world.draw(500, torch.Generator().manual_seed(0))
    children = [child for child, parent in enumerate(world.parents) if parent is not None]
    assert len(children) == hierarchy.PARENTS * hierarchy.CHILDREN
    for child in children:
        parent = world.parents[child]
        assert active[:, child].any() and not (active[:, child] & ~active[:, parent]).any()
        siblings = [other for other in children if other != child and world.parents[other] == parent]
        assert not (active[:, child, None] & active[:, siblings]).any()
    assert active.any(dim=0).all() and not active.all(dim=0).any()


def test_directions_are_at_right_angles_and_say_which_features_are_on() -> None:
    world = hierarchy.hierarchy(5)
    unit = torch.eye(len(world.parents))
    assert torch.allclose(world.directions @ world.directions.T, unit, atol=1e-5)
    active, x = world.draw(50, torch.Generator().manual_seed(0))
    assert ((x @ world.directions.T > 0.5) == active).all()


def test_the_same_seed_trains_the_same_autoencoder() -> None:
    def loss(x: Tensor, latents: Tensor, W_dec: Tensor, b_dec: Tensor, prefixes: Sequence[int]) -> Tensor:
        return (x - latents @ W_dec - b_dec).square().sum()

    def trained(seed: int) -> hierarchy.Trained:
        recipe = hierarchy.Recipe(steps=2, seed=seed)
        return hierarchy.train(hierarchy.hierarchy(0), lambda before, k: before.relu(), loss, (20,), recipe)

    assert torch.equal(trained(1).W_dec, trained(1).W_dec) and not torch.equal(trained(1).W_dec, trained(2).W_dec)
    assert torch.allclose(trained(1).W_dec.norm(dim=1), torch.ones(20))


def test_nested_prefixes_absorb_less_in_every_world() -> None:
    plain, nested = ([rate for rate, _, _ in claims.measured(kind, worlds=4)] for kind in ("plain", "Matryoshka"))
    assert all(less < more for less, more in zip(nested, plain, strict=True))
    assert mean(plain) > 0.25 and mean(nested) < 0.15
