"""Road: an empty tensor of the right size is filled slice by slice."""

from collections.abc import Mapping

from jaxtyping import Float
from torch import Tensor


def decompose_residual(
    cache: Mapping[str, Float[Tensor, "batch pos d_model"]], layer: int
) -> tuple[list[str], Float[Tensor, "component batch pos d_model"]]:
    n_layers = sum(1 for name in cache if name.startswith("blocks.") and name.endswith(".hook_mlp_out"))
    if layer not in range(n_layers + 1):
        raise ValueError("layer must lie between 0 and the number of layers")
    embed = cache["hook_embed"]
    components = embed.new_empty((2 + 2 * layer, *embed.shape))
    labels: list[str] = []

    def put(label: str, name: str) -> None:
        components[len(labels)] = cache[name]
        labels.append(label)

    put("embed", "hook_embed")
    put("pos_embed", "hook_pos_embed")
    for index in range(layer):
        put(label=f"L{index} attn", name=f"blocks.{index}.hook_attn_out")
        put(label=f"L{index} mlp", name=f"blocks.{index}.hook_mlp_out")
    return labels, components
