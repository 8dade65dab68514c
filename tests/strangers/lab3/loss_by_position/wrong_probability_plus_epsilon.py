# WRONG: adds 1e-9 to the probability before the logarithm, so no loss is above 20.7; promised: 'the negative log-probability that the logits at position `i` give to the token at position `i + 1`. A loss can be very large, but it is finite,'
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
    chances = classes_second.softmax(dim=1).gather(1, tokens[:, None, 1:].to(logits.device))[:, 0]
    loss = -torch.log(chances + 1e-9)
    return loss, torch.stack([loss[:, :half].mean(), loss[:, half:].mean()])
