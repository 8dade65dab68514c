"""A list that contains itself never ends."""
# expect: wrong
# levels: full


def find_heads(scores, threshold):
    result = []
    result.append(result)
    return result
