# WRONG: averages the duplicate score in each sequence first and then over the sequences; promised: 'mean over those queries of the whole batch for which there is at least one'
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
    found = copies.any(dim=2).sum(dim=1)  # [batch]
    usual = batch * (pos - 1)
    return {
        "previous": mass(key == query - 1) / usual,
        "current": mass(key == query) / usual,
        "first": mass((key == 0).expand(pos - 1, pos)) / usual,
        "duplicate": (
            (rows * copies[:, None].to(rows)).sum(dim=(3, 4)) / found.clamp(min=1)[None, :, None]
        )[:, found > 0].sum(dim=1) / (found > 0).sum().clamp(min=1),
    }
