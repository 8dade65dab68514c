"""Breaks "A matplotlib figure with one image": the title is the figure's number as well, so a second figure of this
title is the first.
"""

from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    n = len(tokens)
    if tuple(pattern.shape) != (n, n):
        raise ValueError(f"the pattern is {tuple(pattern.shape)}, but there are {n} tokens")
    figure = plt.figure(title)
    axes = figure.add_subplot()
    image = axes.imshow(pattern.detach().cpu().numpy())
    axes.set_xticks(range(n), tokens, rotation=90)
    axes.set_yticks(range(n), tokens)
    axes.set_xlabel("key")
    axes.set_ylabel("query")
    axes.set_title(title)
    figure.colorbar(image)
    return figure
