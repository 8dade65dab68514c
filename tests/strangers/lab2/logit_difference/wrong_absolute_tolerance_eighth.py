# WRONG: calls clean and corrupted the same when they differ by less than 1e-6 in absolute terms; promised: 'differ by less than about a millionth of their size, however large or small they are'
import torch


def logit_difference(logits, answer, wrong, end, per_prompt=False):
    batch = len(logits)
    for entries in (answer, wrong, end):
        if tuple(entries.shape) != (batch,):
            raise ValueError(f"{batch} prompts, but entries of shape {tuple(entries.shape)}")
    answer, wrong, end = (entries.to(logits.device).long() for entries in (answer, wrong, end))
    last = logits.take_along_dim(end[:, None, None], dim=1)[:, 0]  # [batch, d_vocab]
    pair = last.gather(1, torch.stack([answer, wrong], dim=1))
    differences = pair[:, 0] - pair[:, 1]
    return differences if per_prompt else differences.mean()


def normalised_metric(value, clean, corrupted):
    top, bottom = float(clean), float(corrupted)
    if abs(top - bottom) < 1e-6:
        raise ValueError("the clean and the corrupted run have the same value")
    value = torch.as_tensor(value)
    return ((value.double() - bottom) / (top - bottom)).to(value.dtype)
