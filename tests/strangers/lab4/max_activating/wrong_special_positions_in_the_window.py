# WRONG: the window ends only at the edges of the tensor ("Special positions (BOS, padding) do not count as active and do not appear in windows")
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


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
    examples = []
    for row in range(tokens.shape[0]):
        places = [place for place in range(tokens.shape[1]) if text[row, place]]
        best = None
        for place in places:
            value = activations[row, place].item()
            if value > 0 and (best is None or value > best[0]):
                best = (value, place)
        if best is None:
            continue
        value, position = best
        shown = [place for place in range(tokens.shape[1]) if abs(place - position) <= window]
        examples.append(
            {
                "activation": value,
                "row": row,
                "position": position,
                "window": [tokens[row, place].item() for place in shown],
                "peak": shown.index(position),
            }
        )
    examples.sort(key=lambda example: -example["activation"])
    return examples[:k]
