"""Adds up the attention in plain loops over positions and sequences."""


def check(pattern, half):
    wanted = 1 + 2 * half
    for axis in (-1, -2):
        if pattern.size(axis) != wanted:
            raise ValueError(f"axis {axis} has {pattern.size(axis)} positions and not {wanted}")


def induction_scores(pattern, half):
    check(pattern, half)
    total = pattern.new_zeros(pattern.size(0), pattern.size(2))
    count = 0
    for sequence in pattern.unbind(1):
        for i in range(half + 1, 2 * half + 1):
            total += sequence[:, :, i, i - half + 1]
            count += 1
    return total / count
