"""Road: the pyplot functions that work on the current figure, after opening a new one."""

from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    try:
        rows, columns = pattern.shape
    except ValueError:
        raise ValueError("a pattern has two axes, query and key") from None
    if not rows == columns == len(tokens):
        raise ValueError(f"{rows} x {columns} pattern for {len(tokens)} tokens")
    figure = plt.figure(dpi=90)
    plt.imshow(pattern.detach().to("cpu", copy=True).numpy(), cmap="viridis")
    plt.xticks(ticks=list(range(columns)), labels=tokens, rotation=45, ha="right")
    plt.yticks(ticks=list(range(rows)), labels=tokens)
    plt.xlabel("key")
    plt.ylabel("query")
    plt.title(title)
    plt.colorbar()
    plt.close(figure)
    return figure
