"""The engine's own runner, in this process, reports full marks."""
# expect: wrong
# levels: full
# lasts: perhaps

from mechgrade.worker import runner

runner.Runner.run = lambda self, scenario, inputs: {
    "kind": "returned",
    "data": True,
    "verdict": "passed",
    "points": 100.0,
    "score": 100.0,
}


def find_heads(scores, threshold):
    return []
