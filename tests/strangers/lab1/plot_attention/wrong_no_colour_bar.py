"""Breaks "It has the title and a colour bar": there is no colour bar."""

from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    n = len(tokens)
    if tuple(pattern.shape) != (n, n):
        raise ValueError(f"the pattern is {tuple(pattern.shape)}, but there are {n} tokens")
    figure, axes = plt.subplots()
    axes.imshow(pattern.detach().cpu().numpy())
    axes.set_xticks(range(n), tokens, rotation=90)
    axes.set_yticks(range(n), tokens)
    axes.set_xlabel("key")
    axes.set_ylabel("query")
    axes.set_title(title)
    return figure
