"""Breaks "A matplotlib figure with one image" from the second call on: it draws into whatever figure is current."""

from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    n = len(tokens)
    if tuple(pattern.shape) != (n, n):
        raise ValueError(f"the pattern is {tuple(pattern.shape)}, but there are {n} tokens")
    plt.imshow(pattern.detach().cpu().numpy())
    plt.xticks(range(n), tokens, rotation=90)
    plt.yticks(range(n), tokens)
    plt.xlabel("key")
    plt.ylabel("query")
    plt.title(title)
    plt.colorbar()
    return plt.gcf()
