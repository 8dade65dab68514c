# WRONG: counts the first token of the second half with the first half; promised: 'The first token of the second half counts as second half'
import torch


def loss_by_position(logits, tokens):
    if logits.shape[:2] != tokens.shape:
        raise ValueError("shapes")
    pos = tokens.shape[1]
    if pos < 3 or pos % 2 == 0:
        raise ValueError("pos")
    half = (pos - 1) // 2
    log_p = logits.log_softmax(-1)
    loss = -log_p[:, :-1].gather(2, tokens[:, 1:, None])[:, :, 0]
    return loss, torch.stack([loss[:, : half + 1].mean(), loss[:, half + 1 :].mean()])
