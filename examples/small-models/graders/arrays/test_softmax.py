"""Grader of `softmax`: random scores, and the extremes of what may be given."""

from mechgrade.grading.functions import checks_of_function, reals

checks_of_function(__name__, 5, scores=reals("row", "column", also=["large"]))
