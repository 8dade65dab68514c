"""Reads both windows from the running sum of the losses averaged over the batch."""

import torch


@torch.no_grad()
def in_context_score(logits, tokens, early, late, width):
    batch, pos = tokens.shape
    for wrong, why in (
        (early < 1, "BOS cannot be predicted"),
        (late <= early, "late must come after early"),
        (width < 1, "a window holds at least one token"),
        (late > pos - width, "the text is too short"),
    ):
        if wrong:
            raise ValueError(why)
    sums = [0.0]
    total = 0.0
    for i in range(1, pos):
        before = logits[:, i - 1].double()
        total -= before.log_softmax(dim=1)[range(batch), tokens[:, i]].mean().item()
        sums.append(total)
    gained = [sums[start + width - 1] - sums[start - 1] for start in (early, late)]
    return (gained[1] - gained[0]) / width
