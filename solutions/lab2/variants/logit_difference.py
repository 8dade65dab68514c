"""Right and wrong ways to measure a logit difference, and to put it on a scale from corrupted to clean."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_misfits(logits, answer, wrong, end):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if not all(tuple(given.shape) == (logits.shape[0],) for given in (answer, wrong, end)):
        raise ValueError("one answer, one wrong answer and one end for each prompt")


def at_end(values, end):
    """The values at each prompt's end: [batch, d_vocab]."""
    return values[torch.arange(len(values), device=values.device), end]


def between(final, answer, wrong):
    """The difference of two tokens' values: [batch]."""
    rows = torch.arange(len(final), device=final.device)
    return final[rows, answer] - final[rows, wrong]


def mean_or_each(difference, per_prompt):
    """All differences, or their mean."""
    return difference if per_prompt else difference.mean()


def difference_of(logits, answer, wrong, end, per_prompt):
    """The right answer, with its refusals."""
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(at_end(logits, end), answer, wrong), per_prompt)


def spread(logits, *given):
    """A single entry, used for every prompt."""
    return [one.expand(len(logits)) if len(one) == 1 else one for one in given]


@accepted
def by_loop(logits, answer, wrong, end, per_prompt=False):
    """One prompt at a time."""
    refuse_misfits(logits, answer, wrong, end)
    found = [logits[row, end[row], answer[row]] - logits[row, end[row], wrong[row]] for row in range(logits.shape[0])]
    return torch.stack(found) if per_prompt else torch.stack(found).mean()


@accepted
def by_gather(logits, answer, wrong, end, per_prompt=False):
    """`gather` along the positions, then along the vocabulary."""
    refuse_misfits(logits, answer, wrong, end)
    final = logits.gather(1, end[:, None, None].expand(-1, 1, logits.shape[2]))[:, 0]
    pair = final.gather(1, torch.stack([answer, wrong], dim=1))
    difference = pair[:, 0] - pair[:, 1]
    return difference if per_prompt else difference.sum() / len(difference)


@accepted
def by_log_probabilities(logits, answer, wrong, end, per_prompt=False):
    """Log-probabilities in float64: the normalisation cancels."""
    refuse_misfits(logits, answer, wrong, end)
    logs = at_end(logits, end).double().log_softmax(-1)
    return mean_or_each(between(logs, answer, wrong), per_prompt).to(logits.dtype)


@accepted
def by_one_hot(logits, answer, wrong, end, per_prompt=False):
    """A sparse direction in the space of logits, contracted."""
    refuse_misfits(logits, answer, wrong, end)
    _, pos, d_vocab = logits.shape
    tokens = torch.nn.functional.one_hot(answer, d_vocab) - torch.nn.functional.one_hot(wrong, d_vocab)
    places = torch.nn.functional.one_hot(end, pos).to(logits.dtype)
    difference = torch.einsum("bpv,bp,bv->b", logits, places, tokens.to(logits.dtype))
    return mean_or_each(difference, per_prompt)


@misconception(
    "You subtract probabilities, not logits. A probability depends on every other token that competes for the place, "
    "and is squeezed between 0 and 1. Take the logits as the model gives them."
)
def probabilities(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(at_end(logits.softmax(-1), end), answer, wrong), per_prompt)


@misconception(
    "Your difference has the wrong sign: you subtract the answer from the wrong name. It should be positive where the "
    "model prefers the answer."
)
def sign_turned(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(at_end(logits, end), wrong, answer), per_prompt)


@misconception(
    "You read the last position of the batch, `logits[:, -1]`. Shorter prompts are padded on the right, so for them "
    "this is padding. Each prompt's own last position is in `end`."
)
def last_of_the_batch(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(logits[:, -1], answer, wrong), per_prompt)


@misconception(
    "You read the first position. There the model has seen BOS only; the answer is predicted from the prompt's *last* "
    "token."
)
def first_position(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(logits[:, 0], answer, wrong), per_prompt)


@misconception(
    "You read one position too early, before the prompt's last token. What stands at position `end` of the logits is "
    "already the prediction for the token after it: no shift is needed."
)
def one_too_early(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(at_end(logits, end - 1), answer, wrong), per_prompt)


@misconception(
    "You average the logits over all positions. The question is only put at the end of the prompt; what the model "
    "thinks of the two names in the middle of the sentence, or on padding, does not count."
)
def all_positions(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(logits.mean(1), answer, wrong), per_prompt)


@misconception(
    "You average the logits over the prompts before you look up the names. Every prompt has its own answer: take the "
    "difference prompt by prompt first, then the mean."
)
def mean_before_difference(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    average = at_end(logits, end).mean(0).expand(len(logits), -1)
    return mean_or_each(between(average, answer, wrong), per_prompt)


@misconception(
    "You use the first prompt's end for all prompts. The prompts differ in length; `end` has an entry for each."
)
def first_end_for_all(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(logits[:, end[0]], answer, wrong), per_prompt)


@misconception(
    "You use the first prompt's two names for all prompts. `answer` and `wrong` have an entry for each prompt."
)
def first_names_for_all(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(at_end(logits, end), answer[[0] * len(logits)], wrong[[0] * len(logits)]), per_prompt)


@misconception(
    "You compare the answer with the strongest other token instead of the given wrong one. That is a margin against "
    "the whole vocabulary; the question here is only which of the two names wins."
)
def against_the_strongest(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    final = at_end(logits, end)
    rows = torch.arange(len(final), device=final.device)
    others = final.clone()
    others[rows, answer] = -torch.inf
    return mean_or_each(final[rows, answer] - others.amax(-1), per_prompt)


@misconception(
    "You return the absolute difference. Then a model that is sure of the wrong name scores as well as one that is "
    "sure of the answer. Keep the sign."
)
def absolute(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(at_end(logits, end), answer, wrong).abs(), per_prompt)


@misconception("You sum over the prompts where the mean is asked for, so your number grows with the batch.")
def summed(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    difference = between(at_end(logits, end), answer, wrong)
    return difference if per_prompt else difference.sum()


@misconception(
    "`per_prompt` makes no difference in your function: it always returns the mean. With `per_prompt=True` the "
    "differences of the single prompts are wanted, `[batch]`."
)
def always_the_mean(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return between(at_end(logits, end), answer, wrong).mean()


@misconception(
    "Your numbers are right, but no gradient can be taken of them: `detach`, `.item()` or a new tensor made from "
    "numbers cuts the result off from the logits. Return what the computation gives."
)
def cut_off(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(at_end(logits.detach(), end), answer, wrong), per_prompt)


@misconception(
    "Your differences are right, but an answer or end too few or too many goes through. The docstring asks for a "
    "`ValueError` there."
)
def broadcast(logits, answer, wrong, end, per_prompt=False):
    batch = len(logits)
    rows = torch.arange(batch, device=logits.device)
    answer, wrong, end = (given.expand(batch) if len(given) == 1 else given[:batch] for given in (answer, wrong, end))
    return mean_or_each(logits[rows, end, answer] - logits[rows, end, wrong], per_prompt)


@misconception(
    "Your differences are right, but a single answer or end for many prompts is silently used for all of them. The "
    "docstring asks for a `ValueError` there."
)
def one_for_all(logits, answer, wrong, end, per_prompt=False):
    return difference_of(logits, *spread(logits, answer, wrong, end), per_prompt)


@misconception(
    "Your differences are right, and you refuse misfits for the mean, but not with `per_prompt=True`: there a single "
    "entry is used for all prompts. The docstring asks for a `ValueError` in both cases."
)
def refuses_for_the_mean_only(logits, answer, wrong, end, per_prompt=False):
    if not per_prompt:
        refuse_misfits(logits, answer, wrong, end)
    rows = torch.arange(len(logits), device=logits.device)
    return mean_or_each(logits[rows, end, answer] - logits[rows, end, wrong], per_prompt)


@misconception(
    "Your differences are right, but the length of `end` is not checked. A single end for many prompts goes through; "
    "the docstring asks for a `ValueError`."
)
def end_not_checked(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, answer)
    rows = torch.arange(len(logits), device=logits.device)
    return mean_or_each(logits[rows, end, answer] - logits[rows, end, wrong], per_prompt)


@misconception(
    "With `per_prompt=True` no gradient can be taken of your result. The docstring promises one for the mean and for "
    "the differences of single prompts."
)
def each_cut_off(logits, answer, wrong, end, per_prompt=False):
    found = difference_of(logits, answer, wrong, end, per_prompt)
    return found.detach() if per_prompt else found


@misconception(
    "Your result is not finite where a third token beats both names: their probabilities are 0 there, and 0 has no "
    "logarithm. Subtract the logits, which stay finite."
)
def log_of_the_ratio(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    rows = torch.arange(len(logits), device=logits.device)
    chance = at_end(logits, end).softmax(-1)
    return mean_or_each((chance[rows, answer] / chance[rows, wrong]).log(), per_prompt)


@misconception(
    "You read every prompt at the end of the *longest* one. Shorter prompts are padding there. Each prompt's own last "
    "position is in `end`."
)
def longest_end_for_all(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    return mean_or_each(between(logits[:, end.max()], answer, wrong), per_prompt)


@misconception("You return the median over the prompts where the mean is asked for.")
def median(logits, answer, wrong, end, per_prompt=False):
    found = difference_of(logits, answer, wrong, end, per_prompt=True)
    return found if per_prompt else found.median()


@misconception(
    "Each of your differences is a mean over the names of *all* prompts: `final[:, answer]` takes every prompt's answer "
    "from each row. Walk the two axes together, with `torch.arange(batch)` for the rows."
)
def every_pair(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    final = at_end(logits, end)
    return mean_or_each((final[:, answer] - final[:, wrong]).mean(1), per_prompt)


@misconception("Your mean has shape `[1]`, a list of one number. A single number has shape `[]`.")
def mean_keeps_an_axis(logits, answer, wrong, end, per_prompt=False):
    found = difference_of(logits, answer, wrong, end, per_prompt=True)
    return found if per_prompt else found.mean(0, keepdim=True)


@misconception(
    "For a batch of one prompt your `per_prompt` result has shape `[]`: `squeeze` takes away every axis of length 1. "
    "It should have one entry, shape `[1]`."
)
def one_prompt_squeezed(logits, answer, wrong, end, per_prompt=False):
    return difference_of(logits, answer, wrong, end, per_prompt).squeeze()


@misconception(
    "You return Python numbers. The result has to be a tensor of the same computation, so that a gradient can be taken "
    "of it: leave out `.item()` and `.tolist()`."
)
def python_numbers(logits, answer, wrong, end, per_prompt=False):
    return difference_of(logits, answer, wrong, end, per_prompt).tolist()


@misconception(
    "Your mean is not finite where a third token beats both names, although the differences of the single prompts are. "
    "Take the mean of the differences of logits, not of logarithms of probabilities."
)
def mean_of_probabilities_not_finite(logits, answer, wrong, end, per_prompt=False):
    each = difference_of(logits, answer, wrong, end, per_prompt=True)
    chance = at_end(logits, end).softmax(-1)
    rows = torch.arange(len(logits), device=logits.device)
    return each if per_prompt else (chance[rows, answer] / chance[rows, wrong]).log().mean()


@misconception(
    "Your differences are right, but the length of `wrong` is not checked. A single wrong name for many prompts goes "
    "through; the docstring asks for a `ValueError`."
)
def wrong_not_checked(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, answer, end)
    rows = torch.arange(len(logits), device=logits.device)
    return mean_or_each(logits[rows, end, answer] - logits[rows, end, wrong], per_prompt)


@misconception(
    "Your differences are right, but the length of `answer` is not checked. A single answer for many prompts goes "
    "through; the docstring asks for a `ValueError`."
)
def answer_not_checked(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, wrong, wrong, end)
    rows = torch.arange(len(logits), device=logits.device)
    return mean_or_each(logits[rows, end, answer] - logits[rows, end, wrong], per_prompt)


@misconception(
    "Your differences are right, and you refuse misfits with `per_prompt=True`, but not for the mean: there a single "
    "entry is used for all prompts. The docstring asks for a `ValueError` in both cases."
)
def refuses_for_each_only(logits, answer, wrong, end, per_prompt=False):
    if per_prompt:
        refuse_misfits(logits, answer, wrong, end)
    rows = torch.arange(len(logits), device=logits.device)
    return mean_or_each(logits[rows, end, answer] - logits[rows, end, wrong], per_prompt)


# --- the scale ---


def refuse_equal(clean, corrupted):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if torch.isclose(clean, corrupted, atol=0):
        raise ValueError("the ends are the same")


@accepted(replaces="normalised_metric")
def from_the_clean_end(value, clean, corrupted):
    """One, less what is lost."""
    refuse_equal(clean, corrupted)
    return 1 - (clean - value) / (clean - corrupted)


@accepted(replaces="normalised_metric")
def one_by_one(value, clean, corrupted):
    """Python floats."""
    low, high = float(corrupted), float(clean)
    if abs(high - low) <= 1e-6 * max(abs(high), abs(low)):
        raise ValueError("the ends are the same")
    numbers = [(number - low) / (high - low) for number in value.flatten().tolist()]
    return torch.tensor(numbers, dtype=value.dtype, device=value.device).reshape(value.shape)


@accepted(replaces="normalised_metric")
def slope_and_offset(value, clean, corrupted):
    """The straight line through the two known points, in float64."""
    refuse_equal(clean, corrupted)
    slope = 1 / (clean.double() - corrupted.double())
    return (slope * value.double() - slope * corrupted.double()).to(value.dtype)


@misconception(
    "Your scale is upside down: the clean run comes out as 0 and the corrupted one as 1. That is the share that is "
    "still *missing*. Put `value = corrupted` into your formula; it should give 0.",
    replaces="normalised_metric",
)
def ends_swapped(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return (value - clean) / (corrupted - clean)


@misconception(
    "You take the absolute value. A patch that makes the result worse than the corrupted run should come out below 0; "
    "yours makes it look like an improvement.",
    replaces="normalised_metric",
)
def absolute_value_on_the_scale(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return ((value - corrupted) / (clean - corrupted)).abs()


@misconception(
    "You divide by the absolute distance of the two ends. Where the clean value is the smaller one, as with a loss, "
    "your scale turns round, and the clean run comes out as -1.",
    replaces="normalised_metric",
)
def absolute_distance(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return (value - corrupted) / (clean - corrupted).abs()


@misconception(
    "You cut the result off at 0 and 1. Values beyond the ends are real: a patch may do worse than the corrupted run, "
    "or better than the clean one, and the map should show it.",
    replaces="normalised_metric",
)
def clamped(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return ((value - corrupted) / (clean - corrupted)).clamp(0, 1)


@misconception(
    "You divide by the clean value alone. The scale's unit is the distance between the two ends: put in "
    "`value = clean`, and see that the result is not 1.",
    replaces="normalised_metric",
)
def divided_by_clean(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return (value - corrupted) / torch.where(clean == 0, torch.ones_like(clean), clean)


@misconception(
    "You divide by the right distance, but do not move the zero: the corrupted run should come out as 0. Subtract "
    "what the corrupted run has without any patch.",
    replaces="normalised_metric",
)
def not_shifted(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return value / (clean - corrupted)


@misconception(
    "You measure from the clean end: clean comes out as 0, and corrupted as -1. The unit is right; the zero belongs to "
    "the corrupted run.",
    replaces="normalised_metric",
)
def measured_from_clean(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return (value - clean) / (clean - corrupted)


@misconception(
    "You stretch the values that you were given between their own minimum and maximum. Then every map has a 0 and a 1, "
    "even one in which nothing happens. The ends of the scale are the two runs without a patch.",
    replaces="normalised_metric",
)
def own_minimum_and_maximum(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    width = value.max() - value.min()
    return (value - value.min()) / torch.where(width == 0, torch.ones_like(width), width)


@misconception(
    "You average over the map. Each entry should be put on the scale by itself, and the result has the shape of "
    "`value`.",
    replaces="normalised_metric",
)
def averaged(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return ((value - corrupted) / (clean - corrupted)).mean()


@misconception(
    'Where the ends coincide you return zeros. That says "no patch restores anything", but the truth is that the '
    "question makes no sense: raise a `ValueError`, so that nobody takes it for a result.",
    replaces="normalised_metric",
)
def zero_without_a_word(value, clean, corrupted):
    if torch.isclose(clean, corrupted, atol=0):
        return torch.zeros_like(value)
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "Where the ends coincide your function divides by zero, or by almost nothing, and gives numbers that look like "
    "results or like nothing at all. The docstring asks for a `ValueError` there.",
    replaces="normalised_metric",
)
def nothing_refused(value, clean, corrupted):
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse ends that are exactly equal, but two values that differ by a rounding error go through, and fill the "
    "map with huge numbers. Compare them against their size.",
    replaces="normalised_metric",
)
def exactly_equal_only(value, clean, corrupted):
    if clean == corrupted:
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse ends that are close together but not the same: your bound is a fixed distance. A metric may live on a "
    "small scale (a probability, say). Compare the distance with the size of the two values.",
    replaces="normalised_metric",
)
def fixed_bound(value, clean, corrupted):
    if (clean - corrupted).abs() < 1e-3 or torch.isclose(clean, corrupted, atol=0):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse very small ends that are not the same, such as 3e-9 and 1e-9. `torch.isclose` adds a fixed distance "
    "of 1e-8, `atol`, unless you set it to 0. Hold the distance against the size of the two values alone.",
    replaces="normalised_metric",
)
def default_atol(value, clean, corrupted):
    if torch.isclose(clean, corrupted, rtol=1e-6):
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse ends that differ by a thousandth of their size. That is a real difference, far more than a rounding "
    "error, which is about a ten-millionth in float32.",
    replaces="normalised_metric",
)
def bound_too_wide(value, clean, corrupted):
    if (clean - corrupted).abs() <= 1e-2 * torch.maximum(clean.abs(), corrupted.abs()):
        raise ValueError("clean and corrupted are the same: there is nothing to restore")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "Two ends that are both 0 go through. They are the same, and the docstring asks for a `ValueError`: with "
    "`distance < share * size` both sides are 0, and `<` does not hold.",
    replaces="normalised_metric",
)
def zeros_go_through(value, clean, corrupted):
    if (clean - corrupted).abs() < 1e-6 * torch.maximum(clean.abs(), corrupted.abs()):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "Two *negative* ends that differ by a rounding error go through. Take the size of the ends by `abs()`, so that the "
    "size is not negative.",
    replaces="normalised_metric",
)
def size_with_its_sign(value, clean, corrupted):
    if (clean - corrupted).abs() <= 1e-6 * torch.maximum(clean, corrupted).clamp(min=0):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "For ends that are the same you raise a `ZeroDivisionError`. The docstring asks for a `ValueError`.",
    replaces="normalised_metric",
)
def zero_division(value, clean, corrupted):
    if torch.isclose(clean, corrupted, atol=0):
        raise ZeroDivisionError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You cut the result off at 0. A patch may do worse than the corrupted run, and its value below 0 should be seen.",
    replaces="normalised_metric",
)
def clamped_below(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return ((value - corrupted) / (clean - corrupted)).clamp(min=0)


@misconception(
    "A single number comes back with shape `[1]`. The result has the shape of `value`, which is `[]` there.",
    replaces="normalised_metric",
)
def number_gets_an_axis(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return torch.atleast_1d((value - corrupted) / (clean - corrupted))


@misconception(
    "A map of more than three axes comes back with fewer. The result has the shape of `value`, whatever that is.",
    replaces="normalised_metric",
)
def flattened(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    found = (value - corrupted) / (clean - corrupted)
    return found.flatten(2) if found.ndim > 2 else found


@misconception(
    "Your scale is not linear between the two ends: you compare magnitudes. Where one end is negative, the values between "
    "the ends come out wrong. Subtract the values as they are.",
    replaces="normalised_metric",
)
def magnitudes_for_values(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    width = clean.abs() - corrupted.abs()
    return (value.abs() - corrupted.abs()) / torch.where(width == 0, torch.ones_like(width), width)


@misconception(
    "Your result never exceeds 1: you measure how *near* a value is to the clean run. A patch can do better than the "
    "clean run, and then the result is larger than 1.",
    replaces="normalised_metric",
)
def nearness_to_clean(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return 1 - (value - clean).abs() / (clean - corrupted).abs()


@misconception(
    "Ends that differ by half a millionth of their size go through. The docstring calls them the same up to rounding: "
    "rounding errors add up in a model, and one of them alone is about a ten-millionth in float32.",
    replaces="normalised_metric",
)
def bound_too_narrow(value, clean, corrupted):
    if (clean - corrupted).abs() <= 1.2e-7 * torch.maximum(clean.abs(), corrupted.abs()):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "You refuse ends that differ by three hundred-thousandths of their size. The docstring draws the line at about a "
    "millionth, and these are not the same.",
    replaces="normalised_metric",
)
def bound_of_a_ten_thousandth(value, clean, corrupted):
    if (clean - corrupted).abs() <= 1e-4 * torch.maximum(clean.abs(), corrupted.abs()):
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception("You give the answer's logit alone. The difference to the wrong name's logit is asked for.")
def answer_alone(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    final = at_end(logits, end)
    return mean_or_each(final[torch.arange(len(final), device=final.device), answer], per_prompt)


@misconception("You divide the one logit by the other. The difference is asked for.")
def ratio_of_logits(logits, answer, wrong, end, per_prompt=False):
    refuse_misfits(logits, answer, wrong, end)
    final = at_end(logits, end)
    rows = torch.arange(len(final), device=final.device)
    return mean_or_each(final[rows, answer] / final[rows, wrong], per_prompt)


@misconception(
    "You count in how many prompts the answer wins. The difference says by *how much*: give it as a number, with its sign."
)
def share_of_right_prompts(logits, answer, wrong, end, per_prompt=False):
    difference = difference_of(logits, answer, wrong, end, per_prompt=True)
    return mean_or_each((difference > 0).to(logits.dtype), per_prompt)


@misconception(
    "You always return the difference of each prompt. Without `per_prompt` the mean over the prompts is asked for."
)
def always_each(logits, answer, wrong, end, per_prompt=False):
    return difference_of(logits, answer, wrong, end, per_prompt=True)


@misconception("`per_prompt` works the other way round in yours: with it you return the mean.")
def per_prompt_turned_round(logits, answer, wrong, end, per_prompt=False):
    return difference_of(logits, answer, wrong, end, not per_prompt)


@misconception(
    "Nothing is checked: tensors that have not one entry for each prompt end in an error of PyTorch's, and a single entry is "
    "used for all prompts. The docstring asks for a `ValueError`."
)
def nothing_checked(logits, answer, wrong, end, per_prompt=False):
    rows = torch.arange(len(logits), device=logits.device)
    return mean_or_each(logits[rows, end, answer] - logits[rows, end, wrong], per_prompt)


@misconception(
    "Tensors that have not one entry for each prompt end in an `AssertionError`. The docstring asks for a `ValueError`: use "
    "`if` and `raise`."
)
def asserted(logits, answer, wrong, end, per_prompt=False):
    assert all(len(given) == len(logits) for given in (answer, wrong, end))
    return difference_of(logits, answer, wrong, end, per_prompt)


@misconception(
    "Your bound is a fixed distance, such as 1e-6: large ends that differ by a rounding error go through, and small ends that "
    "are not the same are refused. Compare the distance with the size of the two numbers.",
    replaces="normalised_metric",
)
def fixed_bound_of_a_millionth(value, clean, corrupted):
    if (clean - corrupted).abs() <= 1e-6:
        raise ValueError("the ends are the same")
    return (value - corrupted) / (clean - corrupted)


@misconception(
    "Your result is the value divided by the clean one. The scale begins at the corrupted run: subtract it first, above and "
    "below the line.",
    replaces="normalised_metric",
)
def share_of_clean(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return value / torch.where(clean == 0, torch.ones_like(clean), clean)


@misconception("Your result is in per cent. The clean run is 1 on this scale.", replaces="normalised_metric")
def percent(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return 100 * (value - corrupted) / (clean - corrupted)


@misconception(
    "You cut the result off at 1. A patch can do better than the clean run, and that should be seen.",
    replaces="normalised_metric",
)
def clamped_above(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return ((value - corrupted) / (clean - corrupted)).clamp(max=1)


@misconception(
    "Ends that are the same end in an `AssertionError`. The docstring asks for a `ValueError`: use `if` and `raise`.",
    replaces="normalised_metric",
)
def ends_asserted(value, clean, corrupted):
    assert not torch.isclose(clean, corrupted, rtol=1e-6, atol=0)
    return (value - corrupted) / (clean - corrupted)


@misconception("Your scale runs from -1 to 1: the corrupted run is -1 in yours. It is 0.", replaces="normalised_metric")
def from_minus_one(value, clean, corrupted):
    refuse_equal(clean, corrupted)
    return 2 * (value - corrupted) / (clean - corrupted) - 1
