"""Pads all prompts on the right into one batch, reads each row at its own last token and writes the next one there."""

import torch
from torch.nn.utils.rnn import pad_sequence


@torch.inference_mode()
def predict_repeat(model, prompts, n_tokens):
    if n_tokens < 1:
        raise ValueError(f"{n_tokens} tokens cannot be added")
    if not prompts:
        return []
    rows = [model.to_tokens(prompt)[0] for prompt in prompts]
    ends = torch.tensor([len(row) for row in rows], device=rows[0].device)
    room = torch.zeros(n_tokens, dtype=rows[0].dtype, device=rows[0].device)
    batch = pad_sequence([torch.cat([row, room]) for row in rows], batch_first=True)
    every = torch.arange(len(rows), device=batch.device)
    for step in range(n_tokens):
        logits = model(batch[:, : int(ends.max()) + step])
        batch[every, ends + step] = logits[every, ends + step - 1].argmax(-1)
    return [model.to_string(row[end : end + n_tokens]) for row, end in zip(batch, ends.tolist(), strict=True)]
