"""Breaks "Every position is labelled with its token": labels are set at the ticks that matplotlib chose."""

from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor
import torch


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    n = len(tokens)
    if tuple(pattern.shape) != (n, n):
        raise ValueError(f"the pattern is {tuple(pattern.shape)}, but there are {n} tokens")
    figure, axes = plt.subplots()
    image = axes.imshow(pattern.detach().cpu().numpy())
    axes.xaxis.set_major_formatter(lambda place, tick: tokens[tick] if tick is not None and tick < n else "")
    axes.yaxis.set_major_formatter(lambda place, tick: tokens[tick] if tick is not None and tick < n else "")
    axes.set_xlabel("key")
    axes.set_ylabel("query")
    axes.set_title(title)
    figure.colorbar(image)
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
