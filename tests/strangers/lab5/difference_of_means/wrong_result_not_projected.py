# WRONG: projects the direction out of what enters each block, but not of the result; promised: 'projected out of what enters each block, and of the result'
import torch


def difference_of_means(positive, negative):
    if positive.shape[0] == 0 or negative.shape[0] == 0:
        raise ValueError("empty set")
    return positive.mean(0) - negative.mean(0)


def project_out(activations, direction):
    if (direction == 0).all():
        raise ValueError("zero direction")
    unit = direction / direction.norm()
    return activations - (activations @ unit).unsqueeze(-1) * unit


def stream_without(blocks, stream, direction):
    for block in blocks:
        stream = project_out(stream, direction)
        stream = stream + block(stream)
    return stream
