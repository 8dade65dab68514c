"""Broken: "`half_means`, shape `[2]`" The two means come as a list of Python floats, which has no shape."""

from jaxtyping import Float, Int
from torch import Tensor


def loss_by_position(
    logits: Float[Tensor, "batch pos d_vocab"], tokens: Int[Tensor, "batch pos"]
) -> tuple[Float[Tensor, "batch pos-1"], Float[Tensor, "half=2"]]:
    if logits.shape[:2] != tokens.shape:
        raise ValueError("logits and tokens do not have the same batch and pos")
    pos = tokens.shape[1]
    if pos < 3 or pos % 2 == 0:
        raise ValueError("pos is not 1 + 2 * half")
    half = pos // 2
    log_probs = logits[:, :-1].log_softmax(dim=-1)
    loss = -log_probs.gather(-1, tokens[:, 1:].unsqueeze(-1)).squeeze(-1)
    half_means = [loss[:, :half].mean().item(), loss[:, half:].mean().item()]
    return loss, half_means
