"""A tensor without memory that computes its numbers when somebody looks."""
# expect: wrong or raised
# exercise: induction_scores
# levels: full

import torch


class Lazy(torch.Tensor):
    @staticmethod
    def __new__(cls, shape):
        return torch.Tensor._make_wrapper_subclass(cls, shape)

    @classmethod
    def __torch_dispatch__(cls, func, types, args=(), kwargs=None):
        return torch.full((2, 3), 9.0)


def induction_scores(pattern, half):
    return Lazy((pattern.shape[0], pattern.shape[2]))
