"""A list whose length, items and equality are whatever the reader hopes for."""
# expect: wrong
# levels: full


class Liar(list):
    def __eq__(self, other):
        return True

    def __ne__(self, other):
        return False

    def __len__(self):
        return 8

    def __iter__(self):
        return iter([(0, 0)] * 8)

    __hash__ = None


def find_heads(scores, threshold):
    return Liar()
