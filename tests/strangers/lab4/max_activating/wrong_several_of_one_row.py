# WRONG: takes the k largest activations of all positions, several of a row; promised: 'at most one from each row'
import torch


def max_activating(activations, tokens, text, k, window):
    values = activations.masked_fill(~text, 0)
    order = values.flatten().argsort(descending=True, stable=True)[:k].tolist()
    width = tokens.shape[1]
    examples = []
    for place in order:
        row, position = divmod(place, width)
        if values[row, position] <= 0:
            break
        around = [p for p in range(max(0, position - window), min(width, position + window + 1)) if text[row, p]]
        examples.append(
            {
                "activation": values[row, position].item(),
                "row": row,
                "position": position,
                "window": tokens[row, around].tolist(),
                "peak": around.index(position),
            }
        )
    return examples
