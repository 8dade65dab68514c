"""Makes the figure without pyplot, with ticks set by locators and formatters and the title above all."""

from itertools import product

from matplotlib.figure import Figure
from matplotlib.ticker import FixedFormatter, FixedLocator


def head_report(scores, threshold):
    if not scores:
        raise ValueError("there are no scores")
    first = next(iter(scores.values()))
    if first.ndim != 2 or any(score.shape != first.shape for score in scores.values()):
        raise ValueError("all measures must have the same shape [layer, head]")
    table, data = [], []
    for layer, head in product(range(first.shape[0]), range(first.shape[1])):
        row = {name: score[layer, head].item() for name, score in scores.items()}
        role = max(row, key=row.get)
        data.append(list(row.values()))
        table.append(
            {
                "name": "L" + str(layer) + "H" + str(head),
                "layer": layer,
                "head": head,
                "role": role if row[role] > threshold else "other",
                "score": row[role],
            }
        )
    figure = Figure(figsize=(6, 2 + len(table) / 5), layout="constrained")
    axes = figure.add_subplot()
    picture = axes.imshow(data, aspect="auto", interpolation="nearest", cmap="Blues", vmin=0, vmax=1)
    for axis, labels in ((axes.xaxis, list(scores)), (axes.yaxis, [row["name"] for row in table])):
        axis.set_major_locator(FixedLocator(range(len(labels))))
        axis.set_major_formatter(FixedFormatter(labels))
    axes.set(xlabel="score", ylabel="head")
    figure.suptitle("Scores of all heads")
    figure.colorbar(picture, ax=axes, label="score")
    return table, figure
