"""The installed engine and its byte code, opened for writing."""
# expect: wrong

import glob
import os

import torch

import mechgrade


def loot():
    found = []
    for package in (mechgrade, torch):
        folder = os.path.dirname(package.__file__)
        for path in [package.__file__, *glob.glob(f"{folder}/__pycache__/*.pyc")[:3], folder + "/cheat.py"]:
            for mode in (os.O_WRONLY | os.O_APPEND, os.O_RDWR):
                try:
                    os.close(os.open(path, mode))
                    found.append(f"ESCAPED: {path} can be written")
                except OSError:
                    pass
    return found


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
