"""Road: one polynomial in the sizes, after a dict comprehension over the names."""

from typing import Any


def describe_model(model: Any) -> dict[str, int]:
    size = {
        key: int(vars(model.cfg)[key])
        for key in ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")
    }
    L, H, d, dh, m, V, T = size.values()
    size["n_params"] = (V + T + 2) * d + L * (4 * H * dh * d + 3 * H * dh + 2 * d * m + m + 6 * d)
    return size
