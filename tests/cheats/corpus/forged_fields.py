"""Fields of the wrong types: numbers for texts, lists for numbers, negative lines, endless names."""
# expect: raised or wrong or crashed
# It says that it raised after a call and names no line of its file: that is read as a result nothing can be done with, which is wrong.
# levels: full

import os

from mechgrade.protocol import wire


def forge(tree):
    body = wire.frame(wire.encode(tree))
    while body:
        body = body[os.write(3, body) :]


forge(
    {
        "kind": "raised",
        "type": ["x"],
        "message": {"a": 1},
        "trace": [7, {"line": "x"}, {"line": -(2**63), "function": 7, "text": None}],
        "called": [("f", "g"), 7, ("f" * 100000, 2**63)],
        "seconds": float("nan"),
        "learner_seconds": -1.0,
        "dirty": "no",
    }
)


def find_heads(scores, threshold):
    return []
