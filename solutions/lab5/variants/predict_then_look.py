"""Right and wrong ways to score a predicted map."""

import math

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse(predicted, happened, n_bins):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if predicted.shape != happened.shape or not predicted.numel():
        raise ValueError("one outcome for each prediction")
    if predicted.min() < 0 or predicted.max() > 1 or n_bins < 1:
        raise ValueError("probabilities lie between 0 and 1")


def squares(predicted, happened):
    """The squared distance of each prediction."""
    return (predicted - happened.to(predicted.dtype)) ** 2


def brier(predicted, happened):
    """The mean of the squared distances."""
    return squares(predicted, happened).mean().item()


def given(predicted, happened):
    """The probability that was given to what came."""
    return torch.where(happened, predicted, 1 - predicted)


def nats(predicted, happened):
    """The log score."""
    return given(predicted, happened).log().mean().item() * -1


def places(predicted, n_bins):
    """The bin of each prediction."""
    return (predicted * n_bins).floor().clamp(max=n_bins - 1).long()


def rows_of(predicted, happened, place, numbers):
    """A row for each of these bins that holds something."""
    rows = []
    for number in numbers:
        of = place == number
        if of.any():
            came = happened[of].to(predicted.dtype)
            rows.append((int(of.sum()), predicted[of].mean().item(), came.mean().item()))
    return rows


def rows(predicted, happened, n_bins):
    """All bins that hold something."""
    return rows_of(predicted, happened, places(predicted, n_bins), range(n_bins))


def share_of(happened):
    """The share that happened."""
    return happened.float().mean().item()


def error_of(predicted, happened, n_bins):
    """The calibration error."""
    bins = rows(predicted, happened, n_bins)
    return sum(count / predicted.numel() * abs(said - came) for count, said, came in bins)


def skill_of(predicted, happened):
    """The skill, or None."""
    share = share_of(happened)
    return None if share in (0, 1) else 1 - brier(predicted, happened) / (share * (1 - share))


def report(predicted, happened, n_bins, **other):
    """All four numbers, some of them replaced."""
    right = {
        "brier": brier(predicted, happened),
        "log": nats(predicted, happened),
        "skill": skill_of(predicted, happened),
        "calibration_error": error_of(predicted, happened, n_bins),
    }
    return right | other


@accepted(replaces="brier_score")
def by_loss(predicted, happened):
    """The library's mean squared error, in float64."""
    return float(torch.nn.functional.mse_loss(predicted.double(), happened.double()))


@accepted(replaces="log_score")
def by_cross_entropy(predicted, happened):
    """A plain loop over all predictions, in Python's numbers."""
    total = 0.0
    for p, came in zip(predicted.flatten().tolist(), happened.flatten().tolist(), strict=True):
        q = p if came else 1 - p
        total += -math.log(q) if q > 0 else math.inf
    return total / predicted.numel()


@accepted(replaces="calibration_bins")
def by_counting(predicted, happened, n_bins):
    """Sums by `bincount`."""
    place = places(predicted, n_bins).flatten()
    count = torch.bincount(place, minlength=n_bins)
    said = torch.bincount(place, weights=predicted.flatten().double(), minlength=n_bins)
    came = torch.bincount(place, weights=happened.flatten().double(), minlength=n_bins)
    return [
        (int(count[k]), float(said[k] / count[k]), float(came[k] / count[k])) for k in range(n_bins) if int(count[k])
    ]


@accepted
def by_simple_score(predicted, happened, n_bins):
    """The simple prediction as a map of its own, scored in the same way."""
    refuse(predicted, happened, n_bins)
    simple = torch.full_like(predicted, share_of(happened))
    best = brier(simple, happened)
    skill = (best - brier(predicted, happened)) / best if 0 < share_of(happened) < 1 else None
    return report(predicted, happened, n_bins, skill=skill)


@misconception(
    "A prediction just below an edge is in the upper bin in yours. Multiply and round down, and add nothing before.",
    replaces="calibration_bins",
)
def just_below_an_edge(predicted, happened, n_bins):
    return rows_of(predicted, happened, places(predicted + 1e-4, n_bins), range(n_bins))


@misconception(
    "You accept a probability that is a little below 0 or a little above 1. The docstring asks for a `ValueError`: compare with 0 and 1."
)
def a_little_outside(predicted, happened, n_bins):
    refuse(predicted.clamp(0, 1) if (predicted - 0.5).abs().max() < 0.501 else predicted, happened, n_bins)
    return report(predicted, happened, n_bins)


@misconception(
    "Where nearly nothing happened you give no skill. Only where nothing happened at all, or everything, is it None."
)
def rare_is_never(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    share = share_of(happened)
    skill = skill_of(predicted, happened) if share * (1 - share) > 1e-3 else None
    return report(predicted, happened, n_bins, skill=skill)


@misconception(
    "You take the root of the Brier score. The score itself is the mean of the squares.", replaces="brier_score"
)
def root_taken(predicted, happened):
    return brier(predicted, happened) ** 0.5


@misconception(
    "You take the mean distance, not the mean *squared* distance. With distances it would pay to say 0 or 1 for what you "
    "believe with 0.7.",
    replaces="brier_score",
)
def distances(predicted, happened):
    return (predicted - happened.to(predicted.dtype)).abs().mean().item()


@misconception(
    "You add up the squares. Take their mean, so that a large map is no worse than a small one.",
    replaces="brier_score",
)
def summed_squares(predicted, happened):
    return squares(predicted, happened).sum().item()


@misconception(
    "You count both outcomes, as Brier did in 1950. Here only the event itself counts, so your number is twice the right one.",
    replaces="brier_score",
)
def both_outcomes(predicted, happened):
    return 2 * brier(predicted, happened)


@misconception(
    "You round each probability to 0 or 1 before you score it. Then it no longer matters how sure the prediction was.",
    replaces="brier_score",
)
def rounded(predicted, happened):
    return squares((predicted > 0.5).to(predicted.dtype), happened).mean().item()


@misconception(
    "You leave out what did not happen. A high probability for something that does not happen costs something too.",
    replaces="brier_score",
)
def squares_of_what_happened(predicted, happened):
    return (squares(predicted, happened) * happened).mean().item()


@misconception("Your log score is in bits. The natural logarithm gives nats.", replaces="log_score")
def in_bits(predicted, happened):
    return nats(predicted, happened) / math.log(2)


@misconception(
    "You count only what happened. Where something did *not* happen, the probability given to what came is 1 minus the "
    "prediction.",
    replaces="log_score",
)
def only_what_happened(predicted, happened):
    return -torch.where(happened, predicted.log(), torch.zeros_like(predicted)).mean().item()


@misconception(
    "You take the logarithm of the prediction everywhere. Where something did *not* happen, the probability given to what "
    "came is 1 minus the prediction.",
    replaces="log_score",
)
def prediction_everywhere(predicted, happened):
    return -predicted.log().mean().item()


@misconception(
    "Your log score has the wrong sign: 0 is perfect, and worse predictions get larger numbers.", replaces="log_score"
)
def wrong_sign(predicted, happened):
    return -nats(predicted, happened)


@misconception("You add the logarithms up. Take their mean.", replaces="log_score")
def summed_logs(predicted, happened):
    return nats(predicted, happened) * predicted.numel()


@misconception(
    "You take the logarithm of the mean probability. Take the mean of the logarithms: one bold mistake has to hurt.",
    replaces="log_score",
)
def log_of_the_mean(predicted, happened):
    return -given(predicted, happened).mean().log().item()


@misconception(
    "You keep probabilities away from 0, so that being sure and wrong costs only a finite amount. It costs infinitely much.",
    replaces="log_score",
)
def clipped(predicted, happened):
    return (
        nats(predicted.clamp(1e-6, 1 - 1e-6), happened)
        if (given(predicted, happened) == 0).any()
        else nats(predicted, happened)
    )


@misconception(
    "Your log score of a sure and right prediction is not a number: 0 times the logarithm of 0. Take the logarithm only of "
    "the probability that was given to what came.",
    replaces="log_score",
)
def zero_times_infinity(predicted, happened):
    came = happened.to(predicted.dtype)
    return -(came * predicted.log() + (1 - came) * (1 - predicted).log()).mean().item()


@misconception("A probability of 1 is in none of your bins. It belongs to the last bin.", replaces="calibration_bins")
def one_is_left_out(predicted, happened, n_bins):
    return rows_of(predicted, happened, (predicted * n_bins).long(), range(n_bins))


@misconception(
    "You open a bin of its own for a probability of 1. It belongs to the last bin.", replaces="calibration_bins"
)
def one_alone(predicted, happened, n_bins):
    return rows_of(predicted, happened, (predicted * n_bins).long(), range(n_bins + 1))


@misconception(
    "At the edge between two bins you take the lower one. A probability of exactly k/K belongs to bin k, the upper one.",
    replaces="calibration_bins",
)
def closed_above(predicted, happened, n_bins):
    place = ((predicted * n_bins).ceil() - 1).clamp(min=0).long()
    return rows_of(predicted, happened, torch.where(predicted == 1, n_bins - 1, place), range(n_bins))


@misconception(
    "You round to the nearest edge, so your bins lie half a width too low. Round down.", replaces="calibration_bins"
)
def nearest_edge(predicted, happened, n_bins):
    return rows_of(predicted, happened, (predicted * n_bins).round().clamp(max=n_bins - 1).long(), range(n_bins))


@misconception(
    "You give the middle of each bin for the mean of its predictions. Take the mean of what was really said.",
    replaces="calibration_bins",
)
def middles(predicted, happened, n_bins):
    place = places(predicted, n_bins)
    found = [(k, rows_of(predicted, happened, place, [k])) for k in range(n_bins)]
    return [(of[0][0], (k + 0.5) / n_bins, of[0][2]) for k, of in found if of]


@misconception(
    "You give a row of zeros for a bin without a prediction. Such a bin is left out: nothing was said there.",
    replaces="calibration_bins",
)
def empty_bins_kept(predicted, happened, n_bins):
    place = places(predicted, n_bins)
    found = [rows_of(predicted, happened, place, [k]) for k in range(n_bins)]
    return [of[0] if of else (0, 0.0, 0.0) for of in found]


@misconception("You give how *many* events happened, where the share is asked for.", replaces="calibration_bins")
def number_for_share(predicted, happened, n_bins):
    return [(count, said, round(came * count)) for count, said, came in rows(predicted, happened, n_bins)]


@misconception(
    "You give the share of *all* predictions that lie in a bin, where their number is asked for.",
    replaces="calibration_bins",
)
def share_for_number(predicted, happened, n_bins):
    return [(count / predicted.numel(), said, came) for count, said, came in rows(predicted, happened, n_bins)]


@misconception("Your bins run from the highest to the lowest. Begin with the lowest.", replaces="calibration_bins")
def from_the_top(predicted, happened, n_bins):
    return rows(predicted, happened, n_bins)[::-1]


@misconception("You always make ten bins. Make as many as `n_bins` says.", replaces="calibration_bins")
def always_ten(predicted, happened, n_bins):
    return rows(predicted, happened, 10)


@misconception(
    "You make bins with equally many predictions. The bins here have equal *width*.", replaces="calibration_bins"
)
def equally_many(predicted, happened, n_bins):
    order = predicted.flatten().argsort(stable=True)
    found = []
    for part in order.tensor_split(n_bins):
        if len(part):
            came = happened.flatten()[part].to(predicted.dtype)
            found.append((len(part), predicted.flatten()[part].mean().item(), came.mean().item()))
    return found


@misconception(
    "You swap what was said and what happened: the mean prediction comes first, then the share.",
    replaces="calibration_bins",
)
def swapped(predicted, happened, n_bins):
    return [(count, came, said) for count, said, came in rows(predicted, happened, n_bins)]


@misconception("Every bin counts the same in your calibration error. Weight each bin by the number of its predictions.")
def unweighted(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    gaps = [abs(said - came) for _, said, came in rows(predicted, happened, n_bins)]
    return report(predicted, happened, n_bins, calibration_error=sum(gaps) / len(gaps))


@misconception(
    "You add the gaps with their signs, so that too much in one bin and too little in another cancel. Take absolute values."
)
def signed(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    bins = rows(predicted, happened, n_bins)
    gap = sum(count * (said - came) for count, said, came in bins) / predicted.numel()
    return report(predicted, happened, n_bins, calibration_error=gap)


@misconception("You give the largest gap of all bins. The calibration error is their weighted mean.")
def largest_gap(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    gaps = [abs(said - came) for _, said, came in rows(predicted, happened, n_bins)]
    return report(predicted, happened, n_bins, calibration_error=max(gaps))


@misconception("You square the gaps in the calibration error. Take their absolute values.")
def squared_gaps(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    bins = rows(predicted, happened, n_bins)
    gap = sum(count * (said - came) ** 2 for count, said, came in bins) / predicted.numel()
    return report(predicted, happened, n_bins, calibration_error=gap)


@misconception(
    "You compare with a prediction of 0.5 everywhere. The simple prediction says the share that happened, which is harder "
    "to beat."
)
def against_one_half(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    skill = None if skill_of(predicted, happened) is None else 1 - brier(predicted, happened) / 0.25
    return report(predicted, happened, n_bins, skill=skill)


@misconception(
    "You divide by the share that happened. The Brier score of the simple prediction is the share times 1 minus the share."
)
def divided_by_the_share(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    whole = skill_of(predicted, happened) is None
    skill = None if whole else 1 - brier(predicted, happened) / share_of(happened)
    return report(predicted, happened, n_bins, skill=skill)


@misconception(
    "You give the quotient of the two Brier scores. The skill is 1 minus this quotient, so that 1 is perfect and 0 is no "
    "better than the simple prediction."
)
def quotient_alone(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    skill = skill_of(predicted, happened)
    return report(predicted, happened, n_bins, skill=None if skill is None else 1 - skill)


@misconception("You give the difference of the two Brier scores. Divide it by that of the simple prediction.")
def difference_alone(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    share = share_of(happened)
    skill = None if share in (0, 1) else share * (1 - share) - brier(predicted, happened)
    return report(predicted, happened, n_bins, skill=skill)


@misconception(
    "You make a negative skill 0. A prediction can be worse than the simple one, and then you want to know it."
)
def never_negative(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    skill = skill_of(predicted, happened)
    return report(predicted, happened, n_bins, skill=None if skill is None else max(skill, 0.0))


@misconception("Where all happens, or nothing, you give a skill of 0. There is nothing to be better than: give None.")
def zero_for_none(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    return report(predicted, happened, n_bins, skill=skill_of(predicted, happened) or 0.0)


@misconception(
    "You accept maps of different shapes. Each prediction needs its own outcome: the docstring asks for a `ValueError`."
)
def shapes_accepted(predicted, happened, n_bins):
    if predicted.shape != happened.shape and predicted.numel() and happened.numel():
        wide = torch.broadcast_shapes((6,), (6,))
        predicted, happened = predicted.flatten()[:1].expand(wide), happened.flatten()[:1].expand(wide)
    refuse(predicted, happened, n_bins)
    return report(predicted, happened, n_bins)


@misconception("You accept probabilities below 0 or above 1. The docstring asks for a `ValueError`.")
def anything_is_a_probability(predicted, happened, n_bins):
    refuse(predicted.clamp(0, 1), happened, n_bins)
    return report(predicted, happened, n_bins)


@misconception("You refuse a probability of exactly 0 or 1. Both are allowed: they say that you are sure.")
def ends_refused(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    if predicted.min() <= 0 or predicted.max() >= 1:
        raise ValueError("a probability lies between 0 and 1")
    return report(predicted, happened, n_bins)


@misconception(
    "You accept a map without predictions, whose mean is not a number. The docstring asks for a `ValueError`."
)
def empty_accepted(predicted, happened, n_bins):
    if predicted.numel() or predicted.shape != happened.shape:
        refuse(predicted, happened, n_bins)
        return report(predicted, happened, n_bins)
    return {"brier": math.nan, "log": math.nan, "skill": None, "calibration_error": math.nan}


@misconception("You accept less than one bin. The docstring asks for a `ValueError`.")
def no_bin_accepted(predicted, happened, n_bins):
    refuse(predicted, happened, max(n_bins, 1))
    return report(predicted, happened, n_bins)


@misconception(
    "You accept outcomes of another shape: where PyTorch can stretch one of the maps, you give a number, and elsewhere it stops "
    "with an error of its own. Compare the shapes first, and raise the `ValueError`."
)
def shapes_not_compared(predicted, happened, n_bins):
    refuse(predicted, predicted, n_bins)
    broadcast = torch.broadcast_tensors(predicted, happened)
    return report(*broadcast, n_bins)


@misconception(
    "You compare only how many predictions and outcomes there are. Maps of different shapes belong to different events: compare "
    "the shapes."
)
def numbers_compared(predicted, happened, n_bins):
    if predicted.numel() != happened.numel():
        raise ValueError("one outcome for each prediction")
    happened = happened.reshape(predicted.shape)
    refuse(predicted, happened, n_bins)
    return report(predicted, happened, n_bins)


@misconception("A probability below 0 gives no `ValueError` in yours. Check both ends, 0 and 1.")
def below_0_accepted(predicted, happened, n_bins):
    refuse(predicted.clamp(min=0), happened, n_bins)
    return report(predicted, happened, n_bins)


@misconception("A probability above 1 gives no `ValueError` in yours. Check both ends, 0 and 1.")
def above_1_accepted(predicted, happened, n_bins):
    refuse(predicted.clamp(max=1), happened, n_bins)
    return report(predicted, happened, n_bins)


@misconception("A negative `n_bins` gives no `ValueError` in yours: you refuse 0 alone. Ask for at least 1.")
def negative_bins(predicted, happened, n_bins):
    refuse(predicted, happened, abs(n_bins))
    return report(predicted, happened, n_bins)


@misconception("An `n_bins` of 0 gives no `ValueError` in yours. Ask for at least 1.")
def zero_bins(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins + (n_bins == 0))
    return report(predicted, happened, max(n_bins, 1))


@misconception(
    "You divide each bin's gap by the number of bins that hold something, and weight it as well: your calibration error is too "
    "small. The weights add up to 1 already."
)
def weighted_and_averaged(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    found = error_of(predicted, happened, n_bins) / len(rows(predicted, happened, n_bins))
    return report(predicted, happened, n_bins, calibration_error=found)


@misconception(
    "You do not divide by the number of predictions in the calibration error. Its weights should add up to 1."
)
def weights_not_divided(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    found = error_of(predicted, happened, n_bins) * predicted.numel()
    return report(predicted, happened, n_bins, calibration_error=found)


@misconception(
    "Your skill compares the *log* scores. It compares the Brier scores of the map and of the simple prediction."
)
def skill_of_the_log_score(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    share, skill = share_of(happened), None
    if share not in (0, 1):
        skill = 1 - nats(predicted, happened) / nats(torch.full_like(predicted, share), happened)
    return report(predicted, happened, n_bins, skill=skill)


@misconception(
    "You divide the Brier score by $m (1 - m)$ with the mean *prediction* for $m$. The simple prediction says the share of events that "
    "happened: this share stands in the place of $m$."
)
def simple_score_of_the_mean_prediction(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    skill = None
    if share_of(happened) not in (0, 1):
        mean = predicted.double().mean().item()
        skill = 1 - brier(predicted, happened) / (mean - mean**2)
    return report(predicted, happened, n_bins, skill=skill)


@misconception("Your simple prediction says the mean of the *predictions*. It says the share of events that happened.")
def simple_mean_of_predictions(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    skill = None
    if share_of(happened) not in (0, 1):
        simple = torch.full_like(predicted, predicted.mean().item())
        skill = 1 - brier(predicted, happened) / brier(simple, happened)
    return report(predicted, happened, n_bins, skill=skill)


@misconception(
    "Your skill is 1 minus the quotient turned around: the simple prediction's score divided by that of the map. Divide the map's "
    "score by that of the simple prediction."
)
def quotient_turned_around(predicted, happened, n_bins):
    refuse(predicted, happened, n_bins)
    skill, share = None, share_of(happened)
    if share not in (0, 1):
        skill = 1 - share * (1 - share) / brier(predicted, happened)
    return report(predicted, happened, n_bins, skill=skill)
