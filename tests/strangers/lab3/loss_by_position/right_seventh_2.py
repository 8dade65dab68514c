# RIGHT: cross_entropy in float64 with the classes on axis 1, the halves as an axis of a view
import torch.nn.functional as F
import torch
from jaxtyping import Float, Int
from torch import Tensor


def loss_by_position(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "batch pos-1"], Float[Tensor, "half=2"]]:
    """Compute the next-token loss of every prediction, and its mean over each half of a repeated sequence.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895; Elhage et al. 2021,
    https://transformer-circuits.pub/2021/framework/index.html

    Args:
        logits: the model's output, shape `[batch, pos, d_vocab]`.
        tokens: the model's input, shape `[batch, pos]` with `pos = 1 + 2 * half`: BOS, the first half, the second half.

    Returns:
        A tuple `(loss, half_means)`. `loss`, shape `[batch, pos - 1]`, in nats: entry `[b, i]` is the negative
        log-probability that the logits at position `i` give to the token at position `i + 1`. A loss can be very large,
        but it is finite, also where logits are in the hundreds. `half_means`, shape `[2]`: the mean loss, over the batch
        and the positions, of the tokens of the first half and of the second half, in this order.

    Raises:
        ValueError: `logits` and `tokens` do not have the same batch and pos, or `pos` is not `1 + 2 * half` with `half`
            at least 1.

    """
    batch, pos, _ = logits.shape
    if (batch, pos) != tuple(tokens.shape):
        raise ValueError("logits and tokens must have the same batch and pos")
    if pos < 3 or pos % 2 == 0:
        raise ValueError("pos must be 1 + 2 * half, with half at least 1")
    predictions = logits.double().movedim(-1, 1)[..., :-1]
    loss = F.cross_entropy(predictions, tokens[:, 1:].to(torch.int64), reduction="none")
    half_means = loss.unflatten(1, (2, pos // 2)).mean(dim=(0, 2))
    return loss.to(logits.dtype), half_means.to(logits.dtype)
