"""Finds all roles at once with argmax over the measures, and draws columns with their names on top."""

import matplotlib.pyplot as plt
import torch


def head_report(scores, threshold):
    names = tuple(scores.keys())
    if not names:
        raise ValueError("no scores")
    if len({tuple(score.shape) for score in scores.values()}) > 1 or scores[names[0]].dim() != 2:
        raise ValueError("the shapes differ, or are not [layer, head]")
    with torch.no_grad():
        data = torch.stack([scores[name].cpu().double() for name in names], dim=2).flatten(0, 1)
    heads = scores[names[0]].shape[1]
    highest = data.amax(dim=1)
    which = (data == highest[:, None]).int().argmax(dim=1)
    table = [
        dict(
            name=f"L{i // heads}H{i % heads}",
            layer=i // heads,
            head=i % heads,
            role=names[which[i]] if highest[i] > threshold else "other",
            score=float(highest[i]),
        )
        for i in range(len(data))
    ]
    figure = plt.figure()
    axes = figure.gca()
    heatmap = axes.imshow(data, aspect="auto", extent=(-0.5, len(names) - 0.5, len(data) - 0.5, -0.5))
    axes.xaxis.tick_top()
    axes.set_xticks(list(range(len(names))))
    axes.set_xticklabels(names)
    axes.set_yticks(list(range(len(data))))
    axes.set_yticklabels([row["name"] for row in table])
    axes.set(title="A report on every head", xlabel="score", ylabel="head")
    plt.colorbar(heatmap, ax=axes, orientation="horizontal")
    plt.close(figure)
    return table, figure
