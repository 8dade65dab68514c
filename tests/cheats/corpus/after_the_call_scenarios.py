"""While it is called it replaces the functions of the grader's module that are still to run."""
# expect: wrong
# levels: full

import sys


def find_heads(scores, threshold):
    grader = sys.modules["grader.test_find_heads"]
    for name in [name for name in vars(grader) if name.startswith("on_")]:
        setattr(grader, name, lambda exercise, bench, **inputs: {"heads": []})
    return [(50, 50)]
