# RIGHT: NumPy argmax for the table, an object-oriented figure with a title of the whole figure
import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor


def _draw(grid, heads, measures):
    figure = Figure(figsize=(6, 8), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(grid, aspect="auto", origin="upper", interpolation="nearest")
    figure.colorbar(image)
    axes.set(xlabel="score", ylabel="head")
    axes.set_xticks(np.arange(len(measures)))
    axes.set_xticklabels(measures)
    axes.set_yticks(np.arange(len(heads)))
    axes.set_yticklabels(heads)
    figure.suptitle("Scores of all heads")
    return figure


def head_report(
    scores: dict[str, Float[Tensor, "layer head"]], threshold: float
) -> tuple[list[dict[str, str | int | float]], Figure]:
    """Name every head after its strongest score, in a table, and show all scores in a heatmap.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895; Wang et al. 2022, https://arxiv.org/abs/2211.00593

    Args:
        scores: the measures by their names, each of shape `[layer, head]`.
        threshold: a head gets a role if its highest score is strictly above it.

    Returns:
        A tuple `(table, figure)`. `table` has a dict for each head, in the order of layers and, within a layer, of
        heads: `"name"` (such as `"L1H0"`: layer 1, head 0), `"layer"`, `"head"` (integers), `"role"` (the name of the
        highest score, the first of equal ones; `"other"` if it is not above the threshold), `"score"` (the highest
        score, a Python float, whatever the role). `figure` is a matplotlib figure with a single heatmap, drawn with
        `imshow`: its data are the scores as they are, a row for each head as in the table and a column for each
        measure as in `scores`. The first row is on top. Every row and every column has a tick label: the heads' names (y)
        and the measures' names (x). The axis labels are `head` (y) and `score` (x). The figure has a title (of the axes or
        of the whole figure) and a colour bar.

    Raises:
        ValueError: there are no scores, or not all are of the same shape `[layer, head]`.

    """
    names = list(scores)
    if len(names) == 0:
        raise ValueError("nothing to report on")
    if any(s.ndim != 2 or s.shape != scores[names[0]].shape for s in scores.values()):
        raise ValueError("every score must be [layer, head], and all of the same shape")
    cube = np.stack([scores[name].detach().cpu().double().numpy() for name in names], axis=-1)
    grid = cube.reshape(-1, len(names))
    winners = grid.argmax(axis=1)
    table = [
        dict(
            name=f"L{layer}H{head}",
            layer=layer,
            head=head,
            role=names[winner] if row[winner] > threshold else "other",
            score=float(row[winner]),
        )
        for (layer, head), row, winner in zip(np.ndindex(*cube.shape[:2]), grid, winners, strict=True)
    ]
    return table, _draw(grid, [row["name"] for row in table], names)
