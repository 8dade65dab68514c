# WRONG: lists a head that scores exactly the threshold; promised: 'a score strictly above it'
import torch


def find_heads(scores, threshold):
    if scores.ndim != 2:
        raise ValueError("scores must be [layer, head]")
    places = [tuple(place) for place in (scores >= threshold).nonzero().tolist()]  # in order of layer, then head
    return sorted(places, key=lambda place: scores[place].item(), reverse=True)  # reverse keeps equals in their order
