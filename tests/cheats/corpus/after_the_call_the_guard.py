"""It replaces what looks whether something was replaced."""
# expect: wrong
# levels: full

import torch

from mechgrade.worker.exercise import Exercise
from mechgrade.worker.intact import Intact


def find_heads(scores, threshold):
    Exercise.look = lambda self: None
    Intact.changed = lambda self: ""
    torch.equal = lambda *args: True
    return [(50, 50)]
