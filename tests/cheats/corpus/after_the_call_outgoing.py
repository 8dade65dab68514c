"""What turns results into bytes is replaced when it is called."""
# expect: wrong or crashed
# levels: full

from mechgrade.worker import outgoing, runner


def find_heads(scores, threshold):
    runner.to_tree = outgoing.to_tree = lambda value, device: {"heads": []}
    return [(50, 50)]
