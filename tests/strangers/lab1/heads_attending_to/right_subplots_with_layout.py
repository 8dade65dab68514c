"""Road: plt.subplots with constrained layout, the array by way of lists, labels turned by 90 degrees."""

import numpy as np
from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor
import torch


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    n = len(tokens)
    if tuple(pattern.shape) != (n, n):
        raise ValueError(f"the pattern is {tuple(pattern.shape)}, but there are {n} tokens")
    figure, axes = plt.subplots(figsize=(2 + 0.4 * n, 2 + 0.35 * n), layout="constrained")
    image = axes.imshow(np.array(pattern.tolist()).reshape(n, n), cmap="magma", vmin=0, vmax=1)
    axes.set_xticks(range(n), tokens, rotation=90)
    axes.set_yticks(range(n), labels=tokens)
    axes.set(xlabel="key (attends to)", ylabel="query (looks)", title=title)
    figure.colorbar(image, ax=axes, label="attention")
    return figure


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    target = word.strip(" ")
    is_word = torch.tensor(
        [token.strip(" ") == target for token in str_tokens], dtype=torch.bool, device=pattern.device
    )
    if not is_word.any():
        raise ValueError("no token is the word")
    total = pattern[..., -1, :][..., is_word].sum(dim=-1)
    layers, heads = torch.nonzero(total > threshold, as_tuple=True)
    return list(zip(layers.tolist(), heads.tolist(), total[layers, heads].tolist(), strict=True))
