# RIGHT: a mask over the keys and a matrix product
# %%
import torch
from jaxtyping import Float
from torch import Tensor


# %%
class _Word:
    def __init__(self, text):
        self.text = text.strip(" ")

    def __eq__(self, token):
        return token.strip(" ") == self.text

    __hash__ = None


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
    target = _Word(word)
    mask = torch.tensor([1.0 if target == token else 0.0 for token in str_tokens])
    if mask.sum() == 0:
        raise ValueError("the word is not among the tokens: " + repr(word))
    last_row = pattern.select(dim=2, index=-1)
    attention = last_row @ mask.to(device=pattern.device, dtype=pattern.dtype)
    n_layers, n_heads = attention.shape
    triples = ((l, h, float(attention[l, h])) for l in range(n_layers) for h in range(n_heads))
    return [triple for triple in triples if triple[2] > threshold]


