"""Weights that the worker shares with its forks are written through their address in memory."""
# expect: wrong or crashed
# lasts: perhaps

import ctypes
import gc

import torch


def find_heads(scores, threshold):
    for thing in gc.get_objects():
        if isinstance(thing, torch.nn.Module):
            for parameter in thing.parameters():
                ctypes.memset(parameter.data_ptr(), 0, parameter.nbytes)
    return []
