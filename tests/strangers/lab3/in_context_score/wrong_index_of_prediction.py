# WRONG: takes the windows in the list of losses by the position that predicts, one token too late; promised: 'the tokens at positions late ... late + width - 1' are the predicted ones
import torch


def in_context_score(logits, tokens, early, late, width):
    if early < 1 or late <= early or width < 1 or late + width > tokens.shape[1]:
        raise ValueError("bad windows")
    log_p = logits[:, :-1].log_softmax(dim=-1)
    loss = -log_p.gather(-1, tokens[:, 1:].unsqueeze(-1)).squeeze(-1)
    return (loss[:, late : late + width].mean() - loss[:, early : early + width].mean()).item()
