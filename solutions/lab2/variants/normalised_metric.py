"""Right and wrong ways to put a metric on a scale from corrupted to clean."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_equal(clean, corrupted):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if torch.isclose(clean, corrupted, atol=0):
        raise ValueError("the ends are the same")


@accepted
def from_the_clean_end(value, clean, corrupted):
    """One, less what is lost."""
    refuse_equal(clean, corrupted)
    return 1 - (clean - value) / (clean - corrupted)


@accepted
def one_by_one(value, clean, corrupted):
    """Python floats."""
    low, high = float(corrupted), float(clean)
    if abs(high - low) <= 1e-6 * max(abs(high), abs(low)):
        raise ValueError("the ends are the same")
    numbers = [(number - low) / (high - low) for number in value.flatten().tolist()]
    return torch.tensor(numbers, dtype=value.dtype, device=value.device).reshape(value.shape)


@accepted
def slope_and_offset(value, clean, corrupted):
    """The straight line through the two known points, in float64."""
    refuse_equal(clean, corrupted)
    slope = 1 / (clean.double() - corrupted.double())
    return (slope * value.double() - slope * corrupted.double()).to(value.dtype)


@misconception(
    "Your scale is upside down: the clean run comes out as 0 and the corrupted one as 1. That is the share that is "
    "still *missing*. Put `value = corrupted` into your formula; it should give 0."
)
def ends_swapped(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return (value - clean) / (corrupted - clean)


@misconception(
    "You take the absolute value. A patch that makes the result worse than the corrupted run should come out below 0; "
    "yours makes it look like an improvement."
)
def absolute(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return ((value - corrupted) / (clean - corrupted)).abs()


@misconception(
    "You divide by the absolute distance of the two ends. Where the clean value is the smaller one, as with a loss, "
    "your scale turns round, and the clean run comes out as -1."
)
def absolute_distance(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return (value - corrupted) / (clean - corrupted).abs()


@misconception(
    "You cut the result off at 0 and 1. Values beyond the ends are real: a patch may do worse than the corrupted run, "
    "or better than the clean one, and the map should show it."
)
def clamped(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return ((value - corrupted) / (clean - corrupted)).clamp(0, 1)


@misconception(
    "You divide by the clean value alone. The scale's unit is the distance between the two ends: put in "
    "`value = clean`, and see that the result is not 1."
)
def divided_by_clean(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return (value - corrupted) / torch.where(clean == 0, torch.ones_like(clean), clean)


@misconception(
    "You divide by the right distance, but do not move the zero: the corrupted run should come out as 0. Subtract "
    "what the corrupted run has without any patch."
)
def not_shifted(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return value / (clean - corrupted)


@misconception(
    "You measure from the clean end: clean comes out as 0, and corrupted as -1. The unit is right; the zero belongs to "
    "the corrupted run."
)
def measured_from_clean(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return (value - clean) / (clean - corrupted)


@misconception(
    "You stretch the values that you were given between their own minimum and maximum. Then every map has a 0 and a 1, "
    "even one in which nothing happens. The ends of the scale are the two runs without a patch."
)
def own_minimum_and_maximum(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    width = value.max() - value.min()
    return (value - value.min()) / torch.where(width == 0, torch.ones_like(width), width)


@misconception(
    "You average over the map. Each entry should be put on the scale by itself, and the result has the shape of "
    "`value`."
)
def averaged(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return ((value - corrupted) / (clean - corrupted)).mean()


@misconception(
    'Where the ends coincide you return zeros. That says "no patch restores anything", but the truth is that the '
    "question makes no sense: raise a `ValueError`, so that nobody takes it for a result."
)
def zero_without_a_word(value, clean, corrupted):
    if torch.isclose(clean, corrupted, atol=0):
        return torch.zeros_like(value)
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "Where the ends coincide your function divides by zero, or by almost nothing, and gives numbers that look like "
    "results or like nothing at all. The docstring asks for a `ValueError` there."
)
def nothing_refused(value, clean, corrupted):
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse ends that are exactly equal, but two values that differ by a rounding error go through, and fill the "
    "map with huge numbers. Compare them against their size."
)
def exactly_equal_only(value, clean, corrupted):
    if clean == corrupted:
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse ends that are close together but not the same: your bound is a fixed distance. A metric may live on a "
    "small scale (a probability, say). Compare the distance with the size of the two values."
)
def fixed_bound(value, clean, corrupted):
    if (clean - corrupted).abs() < 1e-3 or torch.isclose(clean, corrupted, atol=0):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse very small ends that are not the same, such as 3e-9 and 1e-9. `torch.isclose` adds a fixed distance "
    "of 1e-8, `atol`, unless you set it to 0. Hold the distance against the size of the two values alone."
)
def default_atol(value, clean, corrupted):
    if torch.isclose(clean, corrupted, rtol=1e-6):
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse ends that differ by a thousandth of their size. That is a real difference, far more than a rounding "
    "error, which is about a ten-millionth in float32."
)
def bound_too_wide(value, clean, corrupted):
    if (clean - corrupted).abs() <= 1e-2 * torch.maximum(clean.abs(), corrupted.abs()):
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "Two ends that are both 0 go through. They are the same, and the docstring asks for a `ValueError`: with "
    "`distance < share * size` both sides are 0, and `<` does not hold."
)
def zeros_go_through(value, clean, corrupted):
    if (clean - corrupted).abs() < 1e-6 * torch.maximum(clean.abs(), corrupted.abs()):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "Two *negative* ends that differ by a rounding error go through. Take the size of the ends by `abs()`, so that the "
    "size is not negative."
)
def size_with_its_sign(value, clean, corrupted):
    if (clean - corrupted).abs() <= 1e-6 * torch.maximum(clean, corrupted).clamp(min=0):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception("For ends that are the same you raise a `ZeroDivisionError`. The docstring asks for a `ValueError`.")
def zero_division(value, clean, corrupted):
    if torch.isclose(clean, corrupted, atol=0):
        raise ZeroDivisionError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You cut the result off at 0. A patch may do worse than the corrupted run, and its value below 0 should be seen."
)
def clamped_below(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return ((value - corrupted) / (clean - corrupted)).clamp(min=0)


@misconception("A single number comes back with shape `[1]`. The result has the shape of `value`, which is `[]` there.")
def number_gets_an_axis(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return torch.atleast_1d((value - corrupted) / (clean - corrupted))


@misconception(
    "A map of more than three axes comes back with fewer. The result has the shape of `value`, whatever that is."
)
def flattened(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    found = (value - corrupted) / (clean - corrupted)
    return found.flatten(2) if found.ndim > 2 else found


@misconception(
    "Your scale is not linear between the two ends: you compare magnitudes. Where one end is negative, the values between "
    "the ends come out wrong. Subtract the values as they are."
)
def magnitudes_for_values(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    width = clean.abs() - corrupted.abs()
    return (value.abs() - corrupted.abs()) / torch.where(width == 0, torch.ones_like(width), width)


@misconception(
    "Your result never exceeds 1: you measure how *near* a value is to the clean run. A patch can do better than the "
    "clean run, and then the result is larger than 1."
)
def nearness_to_clean(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return 1 - (value - clean).abs() / (clean - corrupted).abs()


@misconception(
    "Ends that differ by half a millionth of their size go through. The docstring calls them the same up to rounding: "
    "rounding errors add up in a model, and one of them alone is about a ten-millionth in float32."
)
def bound_too_narrow(value, clean, corrupted):
    if (clean - corrupted).abs() <= 1.2e-7 * torch.maximum(clean.abs(), corrupted.abs()):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse ends that differ by three hundred-thousandths of their size. The docstring draws the line at about a "
    "millionth, and these are not the same."
)
def bound_of_a_ten_thousandth(value, clean, corrupted):
    if (clean - corrupted).abs() <= 1e-4 * torch.maximum(clean.abs(), corrupted.abs()):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)
