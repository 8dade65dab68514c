# WRONG: each measure is divided by its largest score in the heatmap; promised: 'its data are the scores as they are, a row for each head as in the table and a column for each measure as in `scores`.'
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor


def head_report(
    scores: dict[str, Float[Tensor, "layer head"]], threshold: float
) -> tuple[list[dict[str, str | int | float]], Figure]:
    """A table and a heatmap of all heads and all measures."""
    if not scores:
        raise ValueError("there are no scores")
    shapes = [tuple(score.shape) for score in scores.values()]
    if len(shapes[0]) != 2 or any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"all scores must have the same shape [layer, head], not {shapes}")
    n_layers, n_heads = shapes[0]
    measures = list(scores)
    data = torch.stack([score.detach().cpu().flatten() for score in scores.values()], dim=1)

    table: list[dict[str, str | int | float]] = []
    for row in range(n_layers * n_heads):
        layer, head = divmod(row, n_heads)
        best = max(range(len(measures)), key=lambda column: data[row, column].item())  # the first of equal ones
        role = measures[best] if data[row, best] > threshold else "other"
        score = data[row, best].item()
        table.append({"name": f"L{layer}H{head}", "layer": layer, "head": head, "role": role, "score": score})

    figure = Figure(figsize=(2.5 + 0.8 * len(measures), 2 + 0.3 * len(table)), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow((data / data.amax(dim=0)).double().numpy(), origin="upper", aspect="auto")
    axes.set_xticks(range(len(measures)), labels=measures, rotation=45, parse_math=False)
    axes.set_yticks(range(len(table)), labels=[entry["name"] for entry in table])
    axes.set_xlabel("score")
    axes.set_ylabel("head")
    axes.set_title("What every head does")
    figure.colorbar(image, ax=axes)
    return table, figure
