# RIGHT: correct in every promise
import torch


def top_next_tokens(model, prompt, k):
    tokens = model.to_tokens(prompt)
    with torch.no_grad():
        logits = model(tokens)[0].select(0, -1)
    if k < 1 or k > logits.numel():
        raise ValueError(f"k must be from 1 to {logits.numel()}, not {k}")
    log_p = logits - logits.logsumexp(dim=0)
    order = log_p.argsort(descending=True)[:k]
    texts = (model.tokenizer.decode([index], clean_up_tokenization_spaces=False) for index in order.tolist())
    return list(zip(texts, log_p[order].exp().tolist(), strict=True))
