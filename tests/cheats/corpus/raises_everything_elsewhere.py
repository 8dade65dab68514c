"""The same in an exercise with a check for clear errors."""
# expect: raised
# exercise: induction_scores
# levels: full


def induction_scores(pattern, half):
    raise ValueError("no")
