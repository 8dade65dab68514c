# WRONG: the softmax is taken over the k best logits alone; promised: 'from the softmax over the whole vocabulary'
import torch


def top_next_tokens(model, prompt, k):
    if not 1 <= k <= model.cfg.d_vocab:
        raise ValueError("k out of range")
    with torch.no_grad():
        logits = model(model.to_tokens(prompt))[0, -1]
    values, ids = logits.topk(k)
    probabilities = values.softmax(dim=-1)
    return [(model.to_string(token), p.item()) for token, p in zip(ids, probabilities)]
