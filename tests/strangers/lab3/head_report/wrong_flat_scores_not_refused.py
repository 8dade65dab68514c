# WRONG: compares shapes only with each other: scores [head] give an IndexError and not a ValueError (ValueError when "not all are of the same shape `[layer, head]`")
import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor


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
    if not scores:
        raise ValueError("there are no scores")
    shapes = {tuple(score.shape) for score in scores.values()}
    if len(shapes) != 1:
        raise ValueError(f"all scores must have the same shape [layer, head], not {shapes}")
    first = next(iter(scores.values()))
    n_layers, n_heads = first.shape[0], first.shape[-1]
    table = []
    for layer in range(n_layers):
        for head in range(n_heads):
            values = {name: score[layer, head].item() for name, score in scores.items()}
            best = max(values, key=values.get)  # the first of equals
            role = best if values[best] > threshold else "other"
            table.append(
                {"name": f"L{layer}H{head}", "layer": layer, "head": head, "role": role, "score": values[best]}
            )
    data = torch.stack([score.detach().cpu().flatten() for score in scores.values()], dim=1)
    figure, axes = plt.subplots(figsize=(2 + len(scores), 2 + 0.25 * len(table)))
    image = axes.imshow(data.numpy(), vmin=0, vmax=1, aspect="auto", cmap="viridis")
    axes.set_xticks(range(len(scores)), labels=list(scores), rotation=45)
    axes.set_yticks(range(len(table)), labels=[row["name"] for row in table])
    axes.set_xlabel("score")
    axes.set_ylabel("head")
    axes.set_title("What every head does")
    figure.colorbar(image, ax=axes, label="score")
    return table, figure
