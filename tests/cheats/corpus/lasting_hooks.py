"""Hooks on every point of the model, that stay when the call is over."""
# expect: wrong
# levels: full
# lasts: perhaps

import sys

from transformer_lens.hook_points import HookPoint


def bench():
    frame = sys._getframe()
    while frame is not None:
        if "bench" in frame.f_locals:
            return frame.f_locals["bench"]
        frame = frame.f_back


def find_heads(scores, threshold):
    for point in bench().model.hook_dict.values():
        assert isinstance(point, HookPoint)
        point.add_hook(lambda value, hook: value * 0, is_permanent=True)
    return []
