"""What comes in goes out, in an exercise with tensors."""
# expect: wrong
# exercise: induction_scores
# levels: full


def induction_scores(pattern, half):
    return pattern
