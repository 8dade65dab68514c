"""Takes the first highest score again and again until none is above the threshold."""


def find_heads(scores, threshold):
    if scores.dim() != 2:
        raise ValueError("not a table of scores")
    left = {(layer, head): score for layer, row in enumerate(scores.tolist()) for head, score in enumerate(row)}
    found = []
    while left:
        best = max(left, key=left.__getitem__)
        if not left.pop(best) > threshold:
            break
        found.append(best)
    return found
