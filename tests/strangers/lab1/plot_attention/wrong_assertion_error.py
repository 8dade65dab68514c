"""Breaks "ValueError: the pattern is not a square with one row and column for each token": it is an
AssertionError.
"""

from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    n = len(tokens)
    assert tuple(pattern.shape) == (n, n), f"the pattern is {tuple(pattern.shape)}, but there are {n} tokens"
    figure, axes = plt.subplots()
    image = axes.imshow(pattern.detach().cpu().numpy())
    axes.set_xticks(range(n), tokens, rotation=90)
    axes.set_yticks(range(n), tokens)
    axes.set_xlabel("key")
    axes.set_ylabel("query")
    axes.set_title(title)
    figure.colorbar(image)
    return figure
