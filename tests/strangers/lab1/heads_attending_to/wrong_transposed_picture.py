# WRONG: the picture shows the pattern transposed, with the queries to the right; promised: 'queries downwards, keys to the right, the first position at the top left.'
import torch
from jaxtyping import Float
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from torch import Tensor


def plot_attention(pattern: Float[Tensor, "query key"], tokens: list[str], title: str) -> Figure:
    """A heatmap of one attention pattern."""
    n = len(tokens)
    if tuple(pattern.shape) != (n, n):
        raise ValueError(f"{n} tokens, but a pattern of shape {tuple(pattern.shape)}")
    values = pattern.detach().to("cpu", torch.float64).numpy()
    side = max(4.0, 0.3 * n)
    figure = Figure(figsize=(side + 2, side + 1))
    axes = figure.add_subplot()
    image = axes.imshow(values.T, origin="upper", cmap="Blues")
    axes.set_xticks(range(n), labels=tokens, rotation=90, parse_math=False)
    axes.set_yticks(range(n), labels=tokens, parse_math=False)
    axes.set_xlabel("key (attends to)")
    axes.set_ylabel("query (from)")
    axes.set_title(title, parse_math=False)
    figure.colorbar(image, ax=axes)
    return figure


def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    """All heads whose last position attends to a word."""
    wanted = word.strip(" ")
    here = torch.tensor([text.strip(" ") == wanted for text in str_tokens], device=pattern.device)
    if not here.any():
        raise ValueError(f"no token is {word!r}")
    attention = pattern.detach()[:, :, -1, here].sum(dim=-1)
    above = (attention > threshold).nonzero().tolist()  # row by row: by layer, then by head
    return [(layer, head, attention[layer, head].item()) for layer, head in above]
