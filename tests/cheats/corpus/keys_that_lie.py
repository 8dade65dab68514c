"""Keys whose hash changes at each look."""
# expect: wrong or raised
# levels: full

import itertools

count = itertools.count()


class Key(str):
    def __hash__(self):
        return next(count)

    def __eq__(self, other):
        return True


def find_heads(scores, threshold):
    return {Key("heads"): []}
