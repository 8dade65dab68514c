"""Road: a Figure of its own without pyplot, fixed locators and formatters, keys on top, title of the figure."""

from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator
from torch import Tensor
import torch


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    if pattern.ndim != 2 or pattern.size(0) != pattern.size(1) or pattern.size(0) != len(tokens):
        raise ValueError("the pattern must be a square with one row and one column for each token")
    figure = Figure(figsize=(6, 5))
    axes = figure.add_subplot(1, 1, 1)
    picture = axes.imshow(pattern.detach().cpu().float().numpy(), interpolation="nearest", aspect="auto")
    for axis, name in ((axes.xaxis, "key"), (axes.yaxis, "query")):
        axis.set_major_locator(FixedLocator(list(range(len(tokens)))))
        axis.set_major_formatter(FixedFormatter(list(tokens)))
        axis.set_label_text(name)
    axes.xaxis.tick_top()
    axes.tick_params(axis="x", labelrotation=60)
    figure.colorbar(picture)
    figure.suptitle(title)
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
