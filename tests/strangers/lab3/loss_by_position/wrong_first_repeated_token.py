# WRONG: the first token of the second half counts for the first half; promised: 'the mean loss, over the batch and the positions, of the tokens of the first half and of the second half, in this order.'
import torch
from jaxtyping import Float, Int
from torch import Tensor


def loss_by_position(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "batch pos-1"], Float[Tensor, "half=2"]]:
    """The loss of every prediction, and its mean over each half."""
    if logits.ndim != 3 or logits.shape[:2] != tokens.shape:
        raise ValueError(f"logits {tuple(logits.shape)} and tokens {tuple(tokens.shape)} do not fit together")
    pos = tokens.shape[1]
    if pos < 3 or pos % 2 == 0:
        raise ValueError(f"{pos} positions are not 1 + 2 * half")
    half = (pos - 1) // 2
    classes_second = logits[:, :-1].movedim(-1, 1)  # [batch, d_vocab, pos - 1]
    loss = torch.nn.functional.cross_entropy(classes_second, tokens[:, 1:].long().to(logits.device), reduction="none")
    return loss, torch.stack([loss[:, : half + 1].mean(), loss[:, half + 1 :].mean()])
