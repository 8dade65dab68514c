"""Road: the projection as a matrix of the unit direction; blocks by functools.reduce."""

from functools import reduce

import torch


def difference_of_means(positive, negative):
    if min(len(positive), len(negative)) == 0:
        raise ValueError("both sets need an activation")
    return torch.mean(positive, 0).sub(torch.mean(negative, 0))


def project_out(activations, direction):
    if torch.count_nonzero(direction) == 0:
        raise ValueError("zero direction")
    unit = direction / torch.linalg.vector_norm(direction)
    return activations - activations @ torch.outer(unit, unit)


def stream_without(blocks, stream, direction):
    def step(x, block):
        return project_out(x + block(x), direction)

    return reduce(step, blocks, project_out(stream, direction))
