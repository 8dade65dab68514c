"""Breaks "the x-axis is named `key`, the y-axis `query`": the two names are exchanged."""

from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    n = len(tokens)
    if tuple(pattern.shape) != (n, n):
        raise ValueError(f"the pattern is {tuple(pattern.shape)}, but there are {n} tokens")
    figure, axes = plt.subplots()
    image = axes.imshow(pattern.detach().cpu().numpy())
    axes.set_xticks(range(n), tokens, rotation=90)
    axes.set_yticks(range(n), tokens)
    axes.set_xlabel("query")
    axes.set_ylabel("key")
    axes.set_title(title)
    figure.colorbar(image)
    return figure
