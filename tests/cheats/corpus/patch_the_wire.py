"""What is sent is not what was returned: a tree with fields that the grader never asked for."""
# expect: wrong
# levels: full

from mechgrade.worker import runner

runner.to_tree = lambda value, device: {"passed": True, "points": 5, "__class__": "Outcome", "__proto__": {"points": 5}}


def find_heads(scores, threshold):
    return []
