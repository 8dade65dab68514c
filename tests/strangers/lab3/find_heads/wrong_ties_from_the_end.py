# WRONG: sorts (score, layer, head) in reverse, so equal scores come in descending order of (layer, head); promised: 'Equal scores are in ascending order of (layer, head)'
import torch


def find_heads(scores, threshold):
    if scores.dim() != 2:
        raise ValueError("two axes please")
    found = []
    for layer in range(scores.shape[0]):
        for head in range(scores.shape[1]):
            if scores[layer, head] > threshold:
                found.append((scores[layer, head].item(), layer, head))
    found.sort(reverse=True)
    return [(layer, head) for _, layer, head in found]
