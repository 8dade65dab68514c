"""Broken: "the axis labels are `head` (y) and `score` (x)." They are exchanged."""

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor


def head_report(
    scores: dict[str, Float[Tensor, "layer head"]], threshold: float
) -> tuple[list[dict[str, str | int | float]], Figure]:
    shapes = {score.shape for score in scores.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ValueError("measures of one shape [layer, head] are needed")
    measures = list(scores)
    stacked = torch.stack([score.detach().cpu() for score in scores.values()], dim=-1)
    n_layers, n_heads, _ = stacked.shape
    table = []
    for layer in range(n_layers):
        for head in range(n_heads):
            values = stacked[layer, head].tolist()
            best = max(values)
            role = measures[values.index(best)] if best > threshold else "other"
            table.append({"name": f"L{layer}H{head}", "layer": layer, "head": head, "role": role, "score": best})
    data = stacked.reshape(n_layers * n_heads, len(measures))
    figure, axes = plt.subplots(figsize=(1.5 + len(measures), 1.5 + 0.25 * len(table)))
    image = axes.imshow(data.numpy(), aspect="auto")
    axes.set_xticks(range(len(measures)), labels=measures, rotation=45)
    axes.set_yticks(range(len(table)), labels=[row["name"] for row in table])
    axes.set_xlabel("head")
    axes.set_ylabel("score")
    axes.set_title("What every head does")
    figure.colorbar(image, ax=axes)
    plt.close(figure)
    return table, figure
