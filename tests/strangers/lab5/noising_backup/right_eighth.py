# RIGHT: correct in every promise
import itertools

import torch


def patching_shares(denoised, noised, heads):
    low, high = float(denoised([])), float(noised([]))
    if low == high:
        raise ValueError("the metric is the same in both runs")
    heads = list(heads)
    return (float(denoised(heads)) - low) / (high - low), (high - float(noised(heads))) / (high - low)


def incompleteness(only, model, circuit, most):
    members, everyone = sorted(set(map(tuple, circuit))), [tuple(head) for head in model]
    if not set(members) <= set(everyone):
        raise ValueError("a head of the circuit is not in the model")

    def gap(broken):
        kept = ([head for head in heads if head not in broken] for heads in (members, everyone))
        return abs(float(only(next(kept))) - float(only(next(kept))))

    sets = itertools.chain.from_iterable(itertools.combinations(members, size) for size in range(most + 1))
    largest, found = max(((gap(broken), broken) for broken in sets), key=lambda pair: pair[0])  # the first of equals
    return largest, list(found)


def backup(before, after, scale_before, scale_after, removed):
    gone = torch.zeros(len(before), dtype=torch.bool, device=before.device)
    for place in removed:
        gone[place] = True
    rescaled = (before * (scale_after.reciprocal() - scale_before.reciprocal())).mean(dim=1)
    rewritten = ((after - before) / scale_after).mean(dim=1)
    lost = (before / scale_before - after / scale_after)[gone].mean(dim=1).sum().item()
    rescaled, rewritten = (part.masked_fill(gone, 0.0) for part in (rescaled, rewritten))
    gained = (rescaled + rewritten).sum().item()
    return {"lost": lost, "rescaled": rescaled, "rewritten": rewritten, "share": gained / lost if lost != 0 else None}
