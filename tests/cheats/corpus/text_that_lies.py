"""Texts of a class of its own, equal to everything."""
# expect: wrong
# levels: full


class Text(str):
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


def find_heads(scores, threshold):
    return [Text("x")]
