# WRONG: adds 1e-9 to the probability before the log, so no loss is above 20.7; promised: the negative log-probability, 'A loss can be very large, but it is finite'
import torch


def loss_by_position(logits, tokens):
    if logits.shape[:2] != tokens.shape:
        raise ValueError("shapes")
    pos = tokens.shape[1]
    if pos < 3 or pos % 2 == 0:
        raise ValueError("pos")
    half = (pos - 1) // 2
    p = logits.softmax(-1)[:, :-1].gather(2, tokens[:, 1:, None])[:, :, 0]
    loss = -torch.log(p + 1e-9)
    return loss, torch.stack([loss[:, :half].mean(), loss[:, half:].mean()])
