# WRONG: cuts the window at the edges of the row and not at those of the text, so BOS and padding are shown; promised: special positions 'do not appear in windows', tokens 'as far as there is text'
import torch


def max_activating(activations, tokens, text, k, window):
    values = torch.where(text, activations, torch.zeros_like(activations))
    examples = []
    for row in range(values.shape[0]):
        best = values[row].max()
        if best <= 0:
            continue
        position = (values[row] == best).nonzero()[0].item()
        start = max(0, position - window)
        examples.append(
            {
                "activation": best.item(),
                "row": row,
                "position": position,
                "window": tokens[row, start : position + window + 1].tolist(),
                "peak": position - start,
            }
        )
    return sorted(examples, key=lambda e: e["activation"], reverse=True)[:k]
