"""Road: the pattern becomes nested lists, and only Python's own loops and numbers are used."""

from jaxtyping import Float
from torch import Tensor
from matplotlib import pyplot as plt
from matplotlib.figure import Figure


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    places = [place for place, token in enumerate(str_tokens) if token.strip() == word.strip()]
    if not places:
        raise ValueError(f"{word!r} is not among {str_tokens}")
    found = []
    for layer, heads in enumerate(pattern[:, :, -1].tolist()):
        for head, row in enumerate(heads):
            attention = sum(row[place] for place in places)
            if attention > threshold:
                found.append((layer, head, attention))
    return found


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    size = len(tokens)
    if list(pattern.shape) != [size] * 2:
        raise ValueError(f"expected a square of {size}, got {list(pattern.shape)}")
    figure = plt.figure()
    axes = figure.add_axes((0.2, 0.2, 0.6, 0.65))
    array = pattern.cpu().detach().double().numpy()
    image = axes.imshow(array, extent=(0, size, size, 0), origin="upper", cmap="Blues")
    middles = [position + 0.5 for position in range(size)]
    axes.set_xticks(middles)
    axes.set_xticklabels(tokens, rotation="vertical")
    axes.set_yticks(middles)
    axes.set_yticklabels(tokens)
    axes.set_xlabel("key position")
    axes.set_ylabel("query position")
    axes.set_title(title, fontsize=9)
    bar = figure.colorbar(image, cax=figure.add_axes((0.84, 0.2, 0.03, 0.65)))
    bar.set_label("share of attention")
    return figure
