"""Breaks "Every position is labelled with its token on both axes": a token that comes twice is labelled at its last
place only.
"""

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
    places = {token: place for place, token in enumerate(tokens)}
    axes.set_xticks(list(places.values()), list(places), rotation=90)
    axes.set_yticks(list(places.values()), list(places))
    axes.set_xlabel("key")
    axes.set_ylabel("query")
    axes.set_title(title)
    figure.colorbar(image)
    return figure
