"""Keeps a running best for each head, and gives the colour bar axes of its own beside the heatmap."""

import matplotlib
import numpy as np
from matplotlib.figure import Figure


def best_of(named):
    role, best = None, -float("inf")
    for name, value in named:
        if role is None or value > best:
            role, best = name, value
    return role, best


def head_report(scores, threshold):
    arrays = {name: score.detach().cpu().numpy() for name, score in scores.items()}
    if len(arrays) == 0:
        raise ValueError("at least one measure is needed")
    shape = next(iter(arrays.values())).shape
    if len(shape) != 2 or not all(array.shape == shape for array in arrays.values()):
        raise ValueError("the measures do not fit together")
    table = []
    for layer, head in np.ndindex(shape):
        role, best = best_of((name, float(array[layer, head])) for name, array in arrays.items())
        entry = {"name": f"L{layer:d}H{head:d}", "layer": int(layer), "head": int(head)}
        table.append(entry | {"role": role if best > threshold else "other", "score": best})
    figure = Figure(figsize=(7, 9))
    main, bar = figure.subplots(1, 2, width_ratios=[20, 1])
    drawn = main.imshow(
        np.column_stack([array.ravel() for array in arrays.values()]), cmap=matplotlib.colormaps["magma"], aspect="auto"
    )
    main.set_xticks(np.arange(len(arrays)), list(arrays))
    main.set_yticks(np.arange(len(table)), [row["name"] for row in table], fontsize=6)
    main.set_xlabel("score")
    main.set_ylabel("head")
    main.set_title("Heads by measures", loc="left")
    figure.colorbar(drawn, cax=bar)
    return table, figure
