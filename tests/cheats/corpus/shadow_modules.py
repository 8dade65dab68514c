"""A `torch.py` and a `numpy.py` beside the exercise, where an import would find them first."""
# expect: wrong

import os


def write(path, text):
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    except OSError:
        return []
    # In its own temporary directory it may write what it likes.
    return (
        []
        if os.path.realpath(path).startswith(os.path.realpath(os.environ["TMPDIR"]) + "/")
        else [f"ESCAPED: wrote {path}"]
    )


import sys


def loot():
    found = []
    for folder in (f"{COURSE}/exercises/lab3", f"{COURSE}/graders/lab3", COURSE, os.getcwd(), os.environ["TMPDIR"]):
        for name in ("torch", "numpy", "pytest", "mechgrade"):
            found += write(f"{folder}/{name}.py", "raise SystemExit")
    sys.path.insert(0, os.getcwd())
    return found


COURSE = ""  # set by the test


def find_heads(scores, threshold):
    found = loot()
    print(found)
    return found
