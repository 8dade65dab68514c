# WRONG: the unembedding is counted again; promised: 'the unembedding shares the token embedding's and is not counted again.'
from typing import Any


def describe_model(model: Any) -> dict[str, int]:
    """The sizes of a model and its number of trained parameters."""
    keys = ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx")
    sizes = {key: int(getattr(model.cfg, key)) for key in keys}
    layers, heads, width, head_width, hidden, vocabulary, context = sizes.values()
    norm = width + width
    query_key_value = 3 * heads * (width * head_width + head_width)
    output = heads * head_width * width + width
    mlp = (width * hidden + hidden) + (hidden * width + width)
    block = query_key_value + output + mlp + 2 * norm
    return {**sizes, "n_params": (2 * vocabulary + context) * width + layers * block + norm}
