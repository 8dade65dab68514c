"""A dict that answers each question anew."""
# expect: wrong
# levels: full


class Liar(dict):
    def items(self):
        return [("heads", [(0, 0)])]

    def __getitem__(self, key):
        return self

    def __eq__(self, other):
        return True

    __hash__ = None


def find_heads(scores, threshold):
    return Liar()
