"""Small models with random weights whose heads share keys and values in groups, as in most newer models."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from interp.random_models import Weights, small_model

_SHARED = ("W_K", "W_V", "b_K", "b_V")


def small_grouped_model(bench: Any, weights: Weights, *, n_key_value_heads: int, **config: Any) -> Any:
    """An untrained model without gradients, of grouped-query attention.

    Args:
        bench: gives the device and the type.
        weights: gives the values of each parameter.
        n_key_value_heads: how many heads there are of keys and values; the number of heads is a multiple of it.
        config: the other fields of ``HookedTransformerConfig``.
    """

    def shared(number: int, name: str, shape: tuple[int, ...]) -> Tensor:
        # Up to 3.x these are asked for in their own shape, as `_W_K`, and from 4.0 on as if each head had its own.
        of_heads = name.rpartition(".")[2].removeprefix("_") in _SHARED
        return weights(number, name, (n_key_value_heads, *shape[1:]) if of_heads else shape)

    return small_model(bench, shared, **config, n_key_value_heads=n_key_value_heads)
