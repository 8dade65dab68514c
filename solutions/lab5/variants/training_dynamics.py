"""Right and wrong ways to read three numbers off the curves of a training."""

import itertools

import numpy as np
import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse(steps):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if len(steps) < 2 or any(a >= b for a, b in itertools.pairwise(steps)):
        raise ValueError("steps should rise")


def rise(steps, scores, level):
    """The step at which a curve reaches a level, or None."""
    curve = scores.tolist()
    place = next((i for i, score in enumerate(curve) if score >= level), None)
    if place is None:
        return None
    if place == 0:
        return float(steps[0])
    share = (level - curve[place - 1]) / (curve[place] - curve[place - 1])
    return steps[place - 1] + share * (steps[place] - steps[place - 1])


def fall_by(steps, rates):
    """The neighbours with the lowest rate, or None where none is below zero."""
    place = int(rates.argmin())
    return (steps[place], steps[place + 1]) if rates[place] < 0 else None


def per_step(steps, losses):
    """The change of a loss per step, between neighbours."""
    return losses.diff() / torch.tensor(steps).to(losses).diff()


def fall(steps, losses):
    """The neighbours around the steepest fall, or None."""
    return fall_by(steps, per_step(steps, losses))


def highest(steps, heights):
    """The step of the largest height, and the height."""
    place = int(heights.argmax())
    return steps[place], heights[place].item()


def bump(steps, losses):
    """The step and the height of the bump."""
    return highest(steps, losses - losses.cummin(0).values)


@accepted(replaces="rise_step")
def by_interp(steps, scores, level):
    """The library's interpolation of the step by the score, between the two checkpoints."""
    values = scores.double().cpu().numpy()
    reached = np.flatnonzero(values >= level)
    if not len(reached):
        return None
    place = int(reached[0])
    if place == 0:
        return float(steps[0])
    return float(np.interp(level, values[place - 1 : place + 1], steps[place - 1 : place + 1]))


@accepted(replaces="steepest_fall")
def by_loop(steps, losses):
    """All pairs of neighbours one after the other."""
    best, found = 0.0, None
    values = losses.tolist()
    for i in range(len(steps) - 1):
        rate = (values[i] - values[i + 1]) / (steps[i + 1] - steps[i])
        if rate > best:
            best, found = rate, (steps[i], steps[i + 1])
    return found


@accepted(replaces="loss_bump")
def by_running_minimum(steps, losses):
    """The lowest value kept in a variable."""
    lowest, where, height = float("inf"), steps[0], 0.0
    for step, loss in zip(steps, losses.tolist(), strict=True):
        lowest = min(lowest, loss)
        if loss - lowest > height:
            where, height = step, loss - lowest
    return where, height


@accepted
def by_flattening(steps, first_loss, second_loss, induction, level):
    """The heads of each checkpoint in one row."""
    refuse(steps)
    best = induction.flatten(1).max(dim=1).values
    return {"rise": rise(steps, best, level), "fall": fall(steps, second_loss), "bump": bump(steps, first_loss)}


@misconception(
    "You give the first checkpoint that has reached the level. The curve reached it before: draw a straight line from the "
    "checkpoint before.",
    replaces="rise_step",
)
def the_checkpoint_after(steps, scores, level):
    return next((float(step) for step, score in zip(steps, scores.tolist(), strict=True) if score >= level), None)


@misconception(
    "You count a score that is a little below the level as having reached it. Compare with `level` itself.",
    replaces="rise_step",
)
def a_little_below(steps, scores, level):
    place = next((i for i, score in enumerate(scores.tolist()) if score >= level - 1e-4), None)
    if place is None:
        return None
    found = scores.clone()
    found[place] = max(level, float(scores[place]))
    return rise(steps, found, level)


@misconception(
    "You take falls that are nearly as steep for equally steep, or a slow fall for none. Compare the rates as they are.",
    replaces="steepest_fall",
)
def nearly_equal_falls(steps, losses):
    rates = per_step(steps, losses)
    place = int((rates <= rates.min() + 1e-4).int().argmax())
    return (steps[place], steps[place + 1]) if rates.min() < -1e-4 else None


@misconception(
    "You take bumps that are nearly as high for equally high, or a low one for none. Compare the heights as they are.",
    replaces="loss_bump",
)
def nearly_equal_bumps(steps, losses):
    heights = losses - losses.cummin(0).values
    place = int((heights >= heights.max() - 1e-4).int().argmax())
    return steps[place], heights[place].item()


@misconception(
    "You give the last checkpoint that has *not* reached the level. Draw a straight line from there to the next one.",
    replaces="rise_step",
)
def the_checkpoint_before(steps, scores, level):
    curve = scores.tolist()
    place = next((i for i, score in enumerate(curve) if score >= level), None)
    return None if place is None else float(steps[max(place - 1, 0)])


@misconception(
    "You give the middle between the two checkpoints. The line reaches the level nearer to one of them.",
    replaces="rise_step",
)
def the_middle(steps, scores, level):
    curve = scores.tolist()
    place = next((i for i, score in enumerate(curve) if score >= level), None)
    if place is None or place == 0:
        return None if place is None else float(steps[0])
    return (steps[place - 1] + steps[place]) / 2


@misconception(
    "You interpolate from the wrong end: the share of the way is counted from the earlier checkpoint.",
    replaces="rise_step",
)
def from_the_wrong_end(steps, scores, level):
    curve = scores.tolist()
    place = next((i for i, score in enumerate(curve) if score >= level), None)
    if place is None or place == 0:
        return None if place is None else float(steps[0])
    share = (level - curve[place - 1]) / (curve[place] - curve[place - 1])
    return steps[place] - share * (steps[place] - steps[place - 1])


@misconception(
    "You find the *last* time that the curve reaches the level. A score may sink again later: the question is when it gets "
    "there first.",
    replaces="rise_step",
)
def the_last_time(steps, scores, level):
    curve = scores.tolist()
    places = [i for i, score in enumerate(curve) if score >= level and (i == 0 or curve[i - 1] < level)]
    if not places or places[-1] == 0:
        return float(steps[0]) if places else None
    place = places[-1]
    share = (level - curve[place - 1]) / (curve[place] - curve[place - 1])
    return steps[place - 1] + share * (steps[place] - steps[place - 1])


@misconception(
    "You give the last step where the curve never reaches the level. The answer is then None: it did not happen.",
    replaces="rise_step",
)
def last_step_for_never(steps, scores, level):
    found = rise(steps, scores, level)
    return float(steps[-1]) if found is None else found


@misconception(
    "You look for the largest fall between checkpoints, not the largest fall *per step*. Between checkpoints far apart, a "
    "large fall may be a slow one.",
    replaces="steepest_fall",
)
def not_per_step(steps, losses):
    return fall_by(steps, losses.diff())


@misconception(
    "You find the steepest *rise*. A fall has a negative rate: look for the lowest.", replaces="steepest_fall"
)
def steepest_rise(steps, losses):
    place = int(per_step(steps, losses).argmax())
    return (steps[place], steps[place + 1]) if per_step(steps, losses)[place] > 0 else None


@misconception(
    "You take the steepest change, up or down. The question is about falls: keep the sign.", replaces="steepest_fall"
)
def steepest_change(steps, losses):
    place = int(per_step(steps, losses).abs().argmax())
    return (steps[place], steps[place + 1]) if losses.diff().any() else None


@misconception(
    "You name a pair of checkpoints even where the loss never falls. The answer is then None.", replaces="steepest_fall"
)
def always_a_pair(steps, losses):
    place = int(per_step(steps, losses).argmin())
    return steps[place], steps[place + 1]


@misconception(
    "You divide by the later step itself. The rate is per step *between* the two checkpoints: divide by the difference of "
    "their steps.",
    replaces="steepest_fall",
)
def per_elapsed_step(steps, losses):
    return fall_by(steps, losses.diff() / torch.tensor(steps[1:]).to(losses))


@misconception(
    "You measure the height above the lowest value of the *whole* curve. A loss that only falls would have a large bump then. "
    "Take the lowest value so far.",
    replaces="loss_bump",
)
def above_the_lowest_of_all(steps, losses):
    return highest(steps, losses - losses.min())


@misconception(
    "You measure the height above the first value. If the loss fell before it rose, the bump is larger: take the lowest value "
    "so far.",
    replaces="loss_bump",
)
def above_the_first(steps, losses):
    return highest(steps, (losses - losses[0]).clamp(min=0))


@misconception(
    "You measure the largest rise between neighbours. A bump may take several checkpoints to climb.",
    replaces="loss_bump",
)
def rise_between_neighbours(steps, losses):
    return highest(steps, torch.nn.functional.pad(losses.diff(), (1, 0)).clamp(min=0))


@misconception(
    "You give the highest loss itself. The bump is its height above the lowest value so far.", replaces="loss_bump"
)
def highest_loss(steps, losses):
    return highest(steps, losses)


@misconception(
    "You give the place in the list where a step is asked for: `steps[place]` is the step.", replaces="loss_bump"
)
def place_for_step(steps, losses):
    return highest(range(len(steps)), losses - losses.cummin(0).values)


def answers(steps, first, second, scores, level):
    """The three answers for the curve of one score."""
    return {"rise": rise(steps, scores, level), "fall": fall(steps, second), "bump": bump(steps, first)}


@misconception(
    "You average over the heads. One head of many is enough for induction: take the best head of each checkpoint."
)
def mean_of_the_heads(steps, first_loss, second_loss, induction, level):
    refuse(steps)
    return answers(steps, first_loss, second_loss, induction.mean(dim=(1, 2)), level)


@misconception(
    "You follow the head that is best at the end. Another head may be there first: take the best head of each checkpoint anew."
)
def best_at_the_end(steps, first_loss, second_loss, induction, level):
    refuse(steps)
    rows = induction.flatten(1)
    return answers(steps, first_loss, second_loss, rows[:, rows[-1].argmax()], level)


@misconception(
    "You look at the last layer only. Induction may be in any layer but the first: take the best of all heads."
)
def last_layer_only(steps, first_loss, second_loss, induction, level):
    refuse(steps)
    return answers(steps, first_loss, second_loss, induction[:, -1].amax(dim=1), level)


@misconception("You exchange the two losses: the fall is asked of the second half, and the bump of the first half.")
def losses_exchanged(steps, first_loss, second_loss, induction, level):
    refuse(steps)
    return answers(steps, second_loss, first_loss, induction.amax(dim=(1, 2)), level)


@misconception(
    "Steps that do not rise, or a single checkpoint, give no `ValueError` in yours. The docstring asks for one."
)
def nothing_refused(steps, first_loss, second_loss, induction, level):
    if len(steps) < 2:
        return {"rise": None, "fall": None, "bump": None}
    return answers(steps, first_loss, second_loss, induction.amax(dim=(1, 2)), level)


@misconception(
    "A score that is exactly at the level does not count in yours. The level is reached there: compare with `>=`.",
    replaces="rise_step",
)
def strictly_above(steps, scores, level):
    curve = scores.tolist()
    place = next((i for i, score in enumerate(curve) if score > level), None)
    if not place:
        return None if place is None else float(steps[0])
    share = (level - curve[place - 1]) / (curve[place] - curve[place - 1])
    return steps[place - 1] + share * (steps[place] - steps[place - 1])


@misconception(
    "Your search begins at the second checkpoint. Where the curve begins at the level, the answer is the first checkpoint's step.",
    replaces="rise_step",
)
def nothing_at_the_start(steps, scores, level):
    below = scores.clone()
    below[0] = min(below[0].item(), level - 1)
    return rise(steps, below, level)


@misconception(
    "Of several equal falls you name the last pair of checkpoints. The first one is asked for.",
    replaces="steepest_fall",
)
def last_of_equal_falls(steps, losses):
    rates = per_step(steps, losses)
    place = len(rates) - 1 - int(rates.flip(0).argmin())
    return (steps[place], steps[place + 1]) if rates[place] < 0 else None


@misconception(
    "Where the loss is equally high above its lowest value at several steps, you give the last of them. Give the first.",
    replaces="loss_bump",
)
def last_of_equal_bumps(steps, losses):
    heights = losses - losses.cummin(0).values
    place = len(heights) - 1 - int(heights.flip(0).argmax())
    return steps[place], heights[place].item()


@misconception(
    "Where the curve begins at the level or above, you draw the line all the same: from the last checkpoint, because Python "
    "reads the place -1 from the end. The answer is the first checkpoint's own step.",
    replaces="rise_step",
)
def line_from_the_last(steps, scores, level):
    curve = scores.tolist()
    place = next((i for i, score in enumerate(curve) if score >= level), None)
    if place is None:
        return None
    share = (level - curve[place - 1]) / (curve[place] - curve[place - 1])
    return steps[place - 1] + share * (steps[place] - steps[place - 1])


@misconception(
    "Where the curve begins at the level or above you give None. It is there from the start: give the first checkpoint's own "
    "step.",
    replaces="rise_step",
)
def none_at_the_start(steps, scores, level):
    return None if scores[0] >= level else rise(steps, scores, level)


@misconception(
    "You give 0 where the curve begins at the level or above. Give the first checkpoint's own step.",
    replaces="rise_step",
)
def zero_at_the_start(steps, scores, level):
    return 0.0 if scores[0] >= level else rise(steps, scores, level)


@misconception(
    "You give the step of the *nearest* checkpoint. Draw a straight line between the two checkpoints around the level.",
    replaces="rise_step",
)
def nearest_checkpoint(steps, scores, level):
    found = rise(steps, scores, level)
    return None if found is None else float(min(steps, key=lambda step: abs(step - found)))


@misconception(
    "Your step is rounded to a whole number. The line may reach the level between two steps: give it as it is.",
    replaces="rise_step",
)
def whole_steps(steps, scores, level):
    found = rise(steps, scores, level)
    return None if found is None else float(round(found))


@misconception(
    "You give the places of the two checkpoints in the list. Their steps are asked for: `steps[place]`.",
    replaces="steepest_fall",
)
def places_of_the_fall(steps, losses):
    found = fall(steps, losses)
    return None if found is None else tuple(steps.index(step) for step in found)


@misconception(
    "You name the lowest loss and the checkpoint before it. The steepest fall is where the loss falls most *per step*.",
    replaces="steepest_fall",
)
def before_the_lowest(steps, losses):
    place = int(losses.argmin())
    return (steps[place - 1], steps[place]) if place and (losses.diff() < 0).any() else None


@misconception(
    "You give the steps from where the loss is highest to where it is lowest. Neighbouring checkpoints are asked for.",
    replaces="steepest_fall",
)
def from_highest_to_lowest(steps, losses):
    return (steps[int(losses.argmax())], steps[int(losses.argmin())]) if (losses.diff() < 0).any() else None


@misconception("You give the height first, and then the step. The step comes first.", replaces="loss_bump")
def height_first(steps, losses):
    return bump(steps, losses)[::-1]


@misconception(
    "Your bump is the fall from the highest value so far. It is the climb above the *lowest* value so far.",
    replaces="loss_bump",
)
def below_the_highest(steps, losses):
    return highest(steps, losses.cummax(0).values - losses)


def refuse_if(wrong, steps, first_loss, second_loss, induction, level):
    """The three answers, or the error where something is thought to be wrong."""
    if wrong:
        raise ValueError("steps should rise")
    if len(steps) < 2:
        found = {"rise": rise(steps, induction.amax(dim=(1, 2)), level) if steps else None, "fall": None, "bump": None}
        return found
    return answers(steps, first_loss, second_loss, induction.amax(dim=(1, 2)), level)


@misconception(
    "Two checkpoints with the same step give no `ValueError` in yours. The steps should *rise* from each to the next: refuse "
    "equal ones, too."
)
def equal_steps_accepted(steps, first_loss, second_loss, induction, level):
    wrong = len(steps) < 2 or any(a > b for a, b in itertools.pairwise(steps))
    return refuse_if(wrong, steps, first_loss, second_loss, induction, level)


@misconception(
    "Steps that fall give no `ValueError` in yours: you refuse equal ones alone. Each step should be above the one before."
)
def falling_steps_accepted(steps, first_loss, second_loss, induction, level):
    wrong = len(steps) < 2 or any(a == b for a, b in itertools.pairwise(steps))
    return refuse_if(wrong, steps, first_loss, second_loss, induction, level)


@misconception(
    "Steps that do not rise give no `ValueError` in yours, whether they fall or stay. You check the number of checkpoints alone."
)
def order_not_checked(steps, first_loss, second_loss, induction, level):
    return refuse_if(len(steps) < 2, steps, first_loss, second_loss, induction, level)


@misconception(
    "A single checkpoint gives no `ValueError` in yours. There is nothing between checkpoints then: ask for two or more."
)
def one_checkpoint_accepted(steps, first_loss, second_loss, induction, level):
    wrong = not steps or any(a >= b for a, b in itertools.pairwise(steps))
    return refuse_if(wrong, steps, first_loss, second_loss, induction, level)


@misconception(
    "You follow the best *layer*, the mean over its heads. One head of many is enough: take the best of all heads."
)
def best_mean_of_a_layer(steps, first_loss, second_loss, induction, level):
    refuse(steps)
    return answers(steps, first_loss, second_loss, induction.mean(dim=2).amax(dim=1), level)


@misconception(
    "You ask when *all* heads have reached the level, by the lowest score. One head is enough: take the best of them."
)
def worst_head(steps, first_loss, second_loss, induction, level):
    refuse(steps)
    return answers(steps, first_loss, second_loss, induction.amin(dim=(1, 2)), level)


@misconception(
    "Your answer is wrong where the curve begins at the level or above, sinks below, and reaches the level again: you give the later step. "
    "The curve was there from the start, so give the first checkpoint's own step.",
    replaces="rise_step",
)
def a_later_crossing_first(steps, scores, level):
    reached = (scores >= level).int()
    upwards = (reached.diff() == 1).nonzero()
    if not len(upwards):
        return float(steps[0]) if reached[0] else None
    place = int(upwards[0])
    return rise(steps[place:], scores[place:], level)


@misconception(
    "Two checkpoints with the same step end in a `ZeroDivisionError` in yours: the difference of their steps is 0. Refuse steps that do not "
    "rise with a `ValueError`, before you divide."
)
def equal_steps_divide_by_zero(steps, first_loss, second_loss, induction, level):
    if len(steps) < 2 or any(a > b for a, b in itertools.pairwise(steps)):
        raise ValueError("steps should rise")
    losses = second_loss.tolist()
    rates = [(losses[i] - losses[i - 1]) / (steps[i] - steps[i - 1]) for i in range(1, len(steps))]
    best = induction.amax(dim=(1, 2))
    return {
        "rise": rise(steps, best, level),
        "fall": fall_by(steps, torch.tensor(rates)),
        "bump": bump(steps, first_loss),
    }
