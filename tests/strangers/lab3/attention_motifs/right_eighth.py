# RIGHT: correct in every promise
import torch


def attention_motifs(pattern, tokens):
    batch, pos = tokens.shape
    if pos < 2 or pattern.shape[1] != batch or tuple(pattern.shape[3:]) != (pos, pos):
        raise ValueError(f"pattern {tuple(pattern.shape)} and tokens {tuple(tokens.shape)} do not fit")
    rows = pattern[..., 1:, :]
    place = torch.arange(pos, device=pattern.device)
    query, key = place[1:, None], place[None, :]

    def mass(marked):
        return (rows * marked.to(rows)).sum(dim=(1, 3, 4))

    tokens = tokens.to(pattern.device)
    copies = (tokens[:, 1:, None] == tokens[:, None, :]) & (key < query)  # [batch, query, key]
    found = copies.any(dim=2).sum().clamp(min=1)
    usual = batch * (pos - 1)
    return {
        "previous": mass(key == query - 1) / usual,
        "current": mass(key == query) / usual,
        "first": mass((key == 0).expand(pos - 1, pos)) / usual,
        "duplicate": mass(copies[:, None]) / found,
    }
