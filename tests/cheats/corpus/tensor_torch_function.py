"""A tensor subclass that answers `allclose`, `equal`, `isfinite` and everything else with yes."""
# expect: wrong
# exercise: induction_scores
# levels: full

import torch


class Yes(torch.Tensor):
    @classmethod
    def __torch_function__(cls, func, types, args=(), kwargs=None):
        if func.__name__ in ("__get__", "detach", "cpu", "numpy", "resolve_conj", "resolve_neg"):
            return super().__torch_function__(func, types, args, kwargs or {})
        return True


def induction_scores(pattern, half):
    return torch.full(pattern.shape[:1] + pattern.shape[2:3], 9.0).as_subclass(Yes)
