"""Road: the pyplot functions that work on the current figure, after opening a new one."""

from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor
import torch


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
