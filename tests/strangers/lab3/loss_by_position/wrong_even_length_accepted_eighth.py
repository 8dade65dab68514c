# WRONG: takes half = (pos - 1) // 2 without asking whether pos is odd; promised: ValueError when 'pos is not 1 + 2 * half'
import torch


def loss_by_position(logits, tokens):
    if logits.shape[:2] != tokens.shape:
        raise ValueError("shapes")
    half = (tokens.shape[1] - 1) // 2
    if half < 1:
        raise ValueError("too short")
    log_p = logits[:, :-1].log_softmax(dim=-1)
    loss = -log_p.gather(2, tokens[:, 1:, None]).squeeze(2)
    return loss, torch.stack([loss[:, :half].mean(), loss[:, half:].mean()])
