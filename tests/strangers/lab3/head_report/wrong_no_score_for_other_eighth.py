# WRONG: a head that is named other gets the score 0; promised: `score` is 'the highest score ..., whatever the role'
from itertools import product

import torch
from matplotlib.figure import Figure


def head_report(scores, threshold):
    measures = list(scores)
    shapes = {tuple(scores[measure].shape) for measure in measures}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ValueError("the scores must all have the same shape [layer, head]")
    (shape,) = shapes
    table, data = [], []
    for place in product(*map(range, shape)):
        row = {measure: scores[measure][place].item() for measure in measures}
        best = max(measures, key=row.get)  # the first of equals
        strong = bool(scores[best][place] > threshold)
        table.append(
            {
                "name": f"L{place[0]}H{place[1]}",
                "layer": place[0],
                "head": place[1],
                "role": best if strong else "other",
                "score": float(row[best]) if strong else 0.0,
            }
        )
        data.append(list(row.values()))

    figure = Figure(figsize=(2.5 + 0.8 * len(measures), 1.5 + 0.3 * len(table)), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(data, aspect="auto", origin="upper", interpolation="nearest")
    axes.set(xlabel="score", ylabel="head", title="What every head does")
    axes.set_xticks(range(len(measures)), labels=measures)
    axes.set_yticks(range(len(table)), labels=[row["name"] for row in table])
    figure.colorbar(image, ax=axes)
    return table, figure
