"""Breaks "Every position is labelled with its token": labels are set at the ticks that matplotlib chose."""

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
    axes.xaxis.set_major_formatter(lambda place, tick: tokens[tick] if tick is not None and tick < n else "")
    axes.yaxis.set_major_formatter(lambda place, tick: tokens[tick] if tick is not None and tick < n else "")
    axes.set_xlabel("key")
    axes.set_ylabel("query")
    axes.set_title(title)
    figure.colorbar(image)
    return figure
