# WRONG: subtracts sums that are both divided by the number of all activations; promised: mean with the behaviour minus mean without it, 'the two numbers of activations may differ'
import functools

import torch


def difference_of_means(positive, negative):
    if 0 in (len(positive), len(negative)):
        raise ValueError("one of the sets is empty")
    n = (len(positive) + len(negative)) / 2
    return (positive.sum(dim=0) - negative.sum(dim=0)) / n


def project_out(activations, direction):
    if not bool(direction.any()):
        raise ValueError("the direction is zero")
    exact = direction.double()
    unit = (exact / torch.linalg.vector_norm(exact)).to(activations.dtype)
    along = torch.tensordot(activations, unit, dims=([-1], [0]))
    return activations - along[..., None] * unit


def stream_without(blocks, stream, direction):
    def step(clean, block):
        return project_out(clean + block(clean), direction)

    return functools.reduce(step, blocks, project_out(stream, direction))
