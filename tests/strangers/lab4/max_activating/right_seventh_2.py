# RIGHT: vectorised peaks, a stable sort, windows cut at the stretch of text
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


def _example(masked, tokens, text, row, position, window):
    stretch = text[row].nonzero().flatten()
    first = max(position - window, int(stretch[0]))
    last = min(position + window, int(stretch[-1]))
    return dict(
        activation=float(masked[row, position]),
        row=row,
        position=position,
        window=tokens[row, first : last + 1].tolist(),
        peak=position - first,
    )


def max_activating(
    activations: Float[Tensor, "batch pos"],
    tokens: Int[Tensor, "batch pos"],
    text: Bool[Tensor, "batch pos"],
    k: int,
    window: int,
) -> list[dict[str, Any]]:
    """List the texts on which a latent is most active, with their context.

    Source: Bricken et al. 2023, https://transformer-circuits.pub/2023/monosemantic-features

    Args:
        activations: the latent's activations, none negative, shape `[batch, pos]`.
        tokens: the texts, shape `[batch, pos]`.
        text: which positions are text; in each row one stretch, perhaps an empty one, shape `[batch, pos]`.
        k: the largest number of examples; 0 gives an empty list.
        window: the largest number of tokens to show on each side.

    Returns:
        At most k examples, the strongest first, at most one from each row, and none at which the latent is silent. Each
        is a dict:

        - `activation`: the latent's activation, a float;
        - `row` and `position`: where it is in `tokens`;
        - `window`: the ids of the tokens around it, a list of integers, as far as there is text;
        - `peak`: the place of the position within `window`.

    """
    if k == 0 or tokens.numel() == 0:
        return []
    masked = torch.where(text, activations, torch.zeros_like(activations))
    peaks = masked.amax(dim=1)
    positions = torch.tensor([row.index(True) for row in (masked == peaks[:, None]).tolist()])
    order = peaks.argsort(descending=True, stable=True)
    rows = [row for row in order.tolist() if peaks[row] > 0][:k]
    return [_example(masked, tokens, text, row, int(positions[row]), window) for row in rows]
