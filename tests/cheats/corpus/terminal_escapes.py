"""Control sequences that wipe the instructor's screen and write another score."""
# expect: wrong
# levels: full

SHOW = "\x1b[2J\x1b[H\x9b32m Score 5 / 5   all exercises passed\x1b]0;passed\x07\u202e"


class Oops(Exception):
    pass


Oops.__name__ = SHOW


def find_heads(scores, threshold):
    print(SHOW)
    if threshold > 0.1:
        return {SHOW: SHOW}
    return [SHOW]
