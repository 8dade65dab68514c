# WRONG: takes the log of softmax probabilities, which gives -inf minus -inf when both are 0; promised: 'Both are finite, also where a third token is so far above both names that their probabilities are 0'
import torch


def logit_difference(logits, answer, wrong, end, per_prompt=False):
    n = logits.shape[0]
    if not (answer.shape == wrong.shape == end.shape == (n,)):
        raise ValueError("one entry for each prompt")
    rows = torch.arange(n, device=logits.device)
    log_p = logits[rows, end].softmax(dim=-1).log()
    diff = log_p[rows, answer] - log_p[rows, wrong]
    return diff if per_prompt else diff.mean()


def normalised_metric(value, clean, corrupted):
    top, bottom = float(clean), float(corrupted)
    if abs(top - bottom) <= 1e-6 * max(abs(top), abs(bottom)):
        raise ValueError("the clean and the corrupted run have the same value")
    value = torch.as_tensor(value)
    return ((value.double() - bottom) / (top - bottom)).to(value.dtype)
