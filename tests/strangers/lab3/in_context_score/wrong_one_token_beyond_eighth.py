# WRONG: lets the late window end one token beyond the text, and the slice is silently shorter; promised: ValueError when 'the late window goes beyond the last token'
import torch


def in_context_score(logits, tokens, early, late, width):
    if early < 1 or late <= early or width < 1 or late + width - 1 > tokens.shape[1]:
        raise ValueError("bad windows")
    log_p = logits[:, :-1].log_softmax(dim=-1)
    loss = -log_p.gather(-1, tokens[:, 1:].unsqueeze(-1)).squeeze(-1)
    late_loss = loss[:, late - 1 : late + width - 1].mean()
    early_loss = loss[:, early - 1 : early + width - 1].mean()
    return (late_loss - early_loss).item()
