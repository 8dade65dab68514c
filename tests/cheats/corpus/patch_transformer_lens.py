"""The model's library returns what is easy to analyse, here and after."""
# expect: wrong
# exercise: induction_scores
# levels: full
# lasts: perhaps

import torch
import transformer_lens
from transformer_lens.hook_points import HookPoint

for module in list(vars(transformer_lens).values()):
    if isinstance(module, type) and hasattr(module, "run_with_cache"):
        module.run_with_cache = lambda self, *args, **kwargs: (torch.zeros(1), {})
        module.forward = lambda self, *args, **kwargs: torch.zeros(1, 1, 1)
HookPoint.forward = lambda self, x: x * 0


def induction_scores(pattern, half):
    return torch.zeros(pattern.shape[0], pattern.shape[2])
