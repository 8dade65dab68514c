# RIGHT: correct in every promise
import functools

import torch


def difference_of_means(positive, negative):
    if 0 in (len(positive), len(negative)):
        raise ValueError("one of the sets is empty")
    return positive.mean(dim=0).sub(negative.mean(dim=0))


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
