# WRONG: >= instead of >; the text: "heads with attention strictly above it are listed"
# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
def heads_attending_to(
    pattern: Float[Tensor, "layer head query key"], str_tokens: list[str], word: str, threshold: float
) -> list[tuple[int, int, float]]:
    """List the heads whose last position attends to a word by more than a threshold.

    Source: Elhage et al. 2021, https://transformer-circuits.pub/2021/framework/index.html.

    Args:
        pattern: the attention patterns of one prompt, shape `[layer, head, query, key]`.
        str_tokens: the texts of the prompt's tokens, one for each position.
        word: the word to look for, with or without spaces around it. A token counts when its text equals the word
            after both are stripped of all surrounding spaces. Upper and lower case are different, and several tokens
            that spell the word together do not count.
        threshold: heads with attention strictly above it are listed. It may be negative: then a head with attention 0
            is listed too.

    Returns:
        Tuples `(layer, head, attention)` in ascending order of `(layer, head)`; the attention is the sum over all
        places of the word, a Python float. Empty when no head is above the threshold.

    Raises:
        ValueError: no token is the word.

    """
    wanted = word.strip(" ")
    places = [place for place, text in enumerate(str_tokens) if text.strip(" ") == wanted]
    if not places:
        raise ValueError(f"no token is {word!r}")
    attention = pattern[:, :, -1, places].sum(dim=-1)
    return [(int(l), int(h), float(attention[l, h])) for l, h in (attention >= threshold).nonzero()]


