"""Grader of `logistic_gradient`: random items, and the extremes of what may be given."""

from mechgrade.grading.functions import checks_of_function, integers, number, reals

checks_of_function(
    __name__,
    5,
    x=reals("item", "feature"),
    labels=integers(0, 1, "item"),
    weight=reals("feature"),
    bias=number(-2, 2),
)
