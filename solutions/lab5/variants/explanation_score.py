"""Right and wrong ways to score a description of a latent."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def balance(said, true):
    """Balanced accuracy."""
    if true.all() or not true.any():
        raise ValueError("one kind is missing")
    return (said[true].double().mean().item() + (~said[~true]).double().mean().item()) / 2


def bins_of(activations, n_bins):
    """The bin of every context."""
    strength = activations.amax(1)
    rows = (strength > 0).nonzero()[:, 0]
    if len(rows) < n_bins:
        raise ValueError("too few active contexts")
    found = torch.full((len(strength),), -1, device=strength.device)
    order = rows[strength[rows].argsort(stable=True)]
    for rank, row in enumerate(order.tolist()):
        found[row] = rank * n_bins // len(order)
    return found


def half(fits, marks):
    """Whether more than half of the marked tokens fit."""
    return (fits & marks).sum(1) * 2 > marks.sum(1)


def both_markings(accepted_right, accepted_decoys):
    """The balanced accuracy of two lists of answers: the first should be yes, the second no."""
    truth = torch.arange(2 * len(accepted_right)) < len(accepted_right)
    return balance(torch.cat([accepted_right, accepted_decoys]).cpu(), truth)


def scores(description, tokens, activations, decoys, n_bins, *, fits=None, **changed):
    """All four scores, with one part changed.

    Args:
        fits: where the description fits, if not as it says of all tokens.
        changed: `answer` (of detection, from where it fits), `truth` (of detection, from where the latent is active),
            `accept` (of fuzzing, from where it fits and marks), `right` and `wrong` (markings, from where the latent is
            active and decoys), `silent` (which silent contexts are used), `bins`, `shown` (which bins' contexts a bin's
            detection has), `marked` (which contexts fuzzing has).
    """
    fits, active = description(tokens) if fits is None else fits, activations > 0
    bins = changed.get("bins", bins_of)(activations, n_bins)
    said = changed.get("answer", lambda fits: fits.any(1))(fits)
    true = changed.get("truth", lambda active: active.any(1))(active)
    accept = changed.get("accept", half)
    right = accept(fits, changed.get("right", lambda active, decoys: active)(active, decoys))
    wrong = accept(fits, changed.get("wrong", lambda active, decoys: decoys)(active, decoys))
    shown = changed.get("shown", lambda bins, b: (bins == b) | (bins == -1))
    marked = changed.get("marked", lambda bins: bins >= 0)(bins)
    return {
        "detection": balance(said, true),
        "fuzzing": both_markings(right[marked], wrong[marked]),
        "detection_by_bin": [balance(said[shown(bins, b)], true[shown(bins, b)]) for b in range(n_bins)],
        "fuzzing_by_bin": [both_markings(right[bins == b], wrong[bins == b]) for b in range(n_bins)],
    }


@accepted(replaces="balanced_accuracy")
def by_counting(said, true):
    """The four counts of a table, as Python numbers."""
    pairs = list(zip(said.tolist(), true.tolist(), strict=True))
    positive, negative = sum(t for _, t in pairs), sum(not t for _, t in pairs)
    if not positive or not negative:
        raise ValueError("the truth has one kind only")
    hits, rejections = sum(s and t for s, t in pairs), sum(not s and not t for s, t in pairs)
    return 0.5 * hits / positive + 0.5 * rejections / negative


@accepted(replaces="strength_bins")
def by_sorting_in_python(activations, n_bins):
    """Contexts as a sorted list of pairs of strength and number."""
    strength = activations.max(dim=1).values.tolist()
    order = sorted((s, row) for row, s in enumerate(strength) if s > 0)
    if len(order) < n_bins:
        raise ValueError("fewer active contexts than bins")
    found = [-1] * len(strength)
    for rank, (_, row) in enumerate(order):
        found[row] = rank * n_bins // len(order)
    return torch.tensor(found, device=activations.device)


@accepted
def context_by_context(description, tokens, activations, decoys, n_bins):
    """A list of answers for each context."""
    bins = bins_of(activations, n_bins).tolist()
    fits, active = description(tokens).tolist(), (activations > 0).tolist()

    def accepts(row, marks):
        chosen = [f for f, m in zip(fits[row], marks[row], strict=True) if m]
        return sum(chosen) / len(chosen) > 0.5

    def score(answers):
        return balance(torch.tensor([a for a, _ in answers]), torch.tensor([t for _, t in answers]))

    def detection(wanted):
        return score([(any(fits[row]), any(active[row])) for row, b in enumerate(bins) if b in wanted])

    def fuzzing(wanted):
        rows = [row for row, b in enumerate(bins) if b in wanted]
        return score(
            [(accepts(row, active), True) for row in rows] + [(accepts(row, decoys.tolist()), False) for row in rows]
        )

    every = range(n_bins)
    return {
        "detection": detection([-1, *every]),
        "fuzzing": fuzzing(every),
        "detection_by_bin": [detection([-1, b]) for b in every],
        "fuzzing_by_bin": [fuzzing([b]) for b in every],
    }


@accepted
def by_shares(description, tokens, activations, decoys, n_bins):
    """Hit rates and false alarm rates, without lists of answers."""
    bins, fits, active = bins_of(activations, n_bins), description(tokens), activations > 0
    silent = bins < 0
    if not silent.any():
        raise ValueError("no context is silent")
    said = fits.sum(dim=1) > 0
    alarms = said[silent].double().mean().item()
    shares = [(fits & marks).sum(dim=1).double() / marks.sum(dim=1) for marks in (active, decoys)]
    right, wrong = (share > 0.5 for share in shares)

    def detection(rows):
        return (1 + said[rows].double().mean().item() - alarms) / 2

    def fuzzing(rows):
        return (1 + right[rows].double().mean().item() - wrong[rows].double().mean().item()) / 2

    each = [bins == b for b in range(n_bins)]
    return {
        "detection": detection(~silent),
        "fuzzing": fuzzing(~silent),
        "detection_by_bin": [detection(rows) for rows in each],
        "fuzzing_by_bin": [fuzzing(rows) for rows in each],
    }


# --- balanced accuracy ---


@misconception(
    "You give the share of right answers. Where one kind is rare, a constant answer would do well: take the mean of the two "
    "kinds' shares.",
    replaces="balanced_accuracy",
)
def plain_accuracy(said, true):
    balance(said, true)
    return (said == true).double().mean().item()


@misconception(
    "You give the share of yes answers among what is true, and leave out what is not true.",
    replaces="balanced_accuracy",
)
def recall_alone(said, true):
    balance(said, true)
    return said[true].double().mean().item()


@misconception(
    "You give F1. The text asks for the mean of two shares: right where the truth is yes, and right where it is no.",
    replaces="balanced_accuracy",
)
def f1(said, true):
    balance(said, true)
    return (2 * (said & true).sum() / (said.sum() + true.sum())).item()


@misconception(
    "You divide by the number of yes *answers*. The shares are among what is true, and among what is not.",
    replaces="balanced_accuracy",
)
def among_the_answers(said, true):
    balance(said, true)
    return (true[said].double().mean().nan_to_num() + (~true[~said]).double().mean().nan_to_num()).item() / 2


@misconception("You add the two shares. Their mean is asked for.", replaces="balanced_accuracy")
def added_shares(said, true):
    return 2 * balance(said, true)


@misconception(
    "A truth that is always yes, or always no, gives no `ValueError` in yours. The docstring asks for one.",
    replaces="balanced_accuracy",
)
def one_kind_is_enough(said, true):
    if true.all() or not true.any():
        return (said == true).double().mean().item()
    return balance(said, true)


# --- bins ---


@misconception(
    "You compute a context's bin from the fraction `rank / n`, which is rounded, so some contexts come one bin too low. "
    "Multiply first, and divide whole numbers.",
    replaces="strength_bins",
)
def bin_from_a_fraction(activations, n_bins):
    found = bins_of(activations, n_bins)
    rows = (found >= 0).nonzero()[:, 0]
    order = rows[activations.amax(1)[rows].argsort(stable=True)]
    for rank, row in enumerate(order.tolist()):
        found[row] = int(rank / len(order) * n_bins)
    return found


@misconception("Your bin 0 has the strongest contexts. It should have the weakest.", replaces="strength_bins")
def strongest_first(activations, n_bins):
    found = bins_of(activations, n_bins)
    return torch.where(found < 0, found, n_bins - 1 - found)


@misconception(
    "You sort by the sum of a context's activations, or by their mean. A context's strength is its largest activation.",
    replaces="strength_bins",
)
def by_the_sum(activations, n_bins):
    return bins_of(activations.sum(1, keepdim=True), n_bins)


@misconception(
    "Your bins are equally wide in strength. They should hold equally many contexts: cut the order, not the range.",
    replaces="strength_bins",
)
def equally_wide(activations, n_bins):
    bins_of(activations, n_bins)
    strength = activations.amax(1)
    found = (strength / strength.max() * n_bins).ceil().long() - 1
    return torch.where(strength > 0, found, -1)


@misconception("Your silent contexts are in the bins too. A silent context has -1.", replaces="strength_bins")
def silent_in_bins(activations, n_bins):
    bins_of(activations, n_bins)
    return bins_of(activations + 1, n_bins)


@misconception(
    "Of equally strong contexts you take the later one as weaker. The earlier one counts as weaker: sort stably from the weakest "
    "up, and do not turn the order around afterwards.",
    replaces="strength_bins",
)
def later_is_weaker(activations, n_bins):
    return bins_of(activations.flip(0), n_bins).flip(0)


@misconception(
    "Where bins do not come out even, yours have other contexts: the bin is `rank * n_bins // n`.",
    replaces="strength_bins",
)
def rest_in_the_last(activations, n_bins):
    found = bins_of(activations, n_bins)
    strength = activations.amax(1)
    rows = (strength > 0).nonzero()[:, 0]
    order = rows[strength[rows].argsort(stable=True)]
    size = len(order) // n_bins
    for rank, row in enumerate(order.tolist()):
        found[row] = min(rank // size, n_bins - 1)
    return found


@misconception("Your bins are counted from 1. The weakest bin is 0.", replaces="strength_bins")
def counted_from_one(activations, n_bins):
    found = bins_of(activations, n_bins)
    return torch.where(found < 0, found, found + 1)


@misconception(
    "Fewer active contexts than bins give no `ValueError` in yours. Some bins would be empty.", replaces="strength_bins"
)
def empty_bins(activations, n_bins):
    if not (activations > 0).any():
        return torch.full((len(activations),), -1)
    if int((activations > 0).any(1).sum()) >= n_bins:
        return bins_of(activations, n_bins)
    strength = activations.amax(1)
    rows = (strength > 0).nonzero()[:, 0]
    found = torch.full((len(strength),), -1)
    for rank, row in enumerate(rows[strength[rows].argsort(stable=True)].tolist()):
        found[row] = rank * n_bins // len(rows)
    return found


@misconception(
    "You refuse as many active contexts as bins. Each bin then has one context, and this is enough.",
    replaces="strength_bins",
)
def two_in_each_bin(activations, n_bins):
    if int((activations > 0).any(1).sum()) <= n_bins:
        raise ValueError("too few active contexts")
    return bins_of(activations, n_bins)


@misconception(
    "Contexts in which the latent is only weakly active are silent in yours. Active is all that is above 0: compare with 0.",
    replaces="strength_bins",
)
def weak_contexts_silent(activations, n_bins):
    return bins_of(activations * (activations > 1e-3), n_bins)


# --- detection ---


@misconception(
    "In detection you ask for a description that fits at *every* token. It says yes if it fits at any token of the context."
)
def fits_everywhere(description, tokens, activations, decoys, n_bins):
    return scores(description, tokens, activations, decoys, n_bins, answer=lambda fits: fits.all(1))


@misconception(
    "In detection you say yes only where the description fits at an *active* token. Detection must not look at the activations: "
    "the description fits at any token of the context."
)
def fits_at_active_tokens(description, tokens, activations, decoys, n_bins):
    active = activations > 0
    return scores(description, tokens, activations, decoys, n_bins, answer=lambda fits: (fits & active).any(1))


@misconception(
    "In detection a token is one question. A context is one question: does the latent react to it, anywhere?"
)
def token_by_token(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    bins, fits, active = bins_of(activations, n_bins), description(tokens), activations > 0

    def detection(rows):
        return balance(fits[rows].flatten(), active[rows].flatten())

    by_bin = [detection((bins == b) | (bins < 0)) for b in range(n_bins)]
    return found | {"detection": detection(bins >= -1), "detection_by_bin": by_bin}


@misconception(
    "You score a bin's detection beside all other contexts. Beside it stand the silent ones alone; the other bins are left out."
)
def beside_all_others(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    bins, said = bins_of(activations, n_bins), description(tokens).any(1)
    return found | {"detection_by_bin": [balance(said, bins == b) for b in range(n_bins)]}


@misconception(
    "You give each bin of detection a part of the silent contexts. Score each bin beside *all* silent contexts."
)
def silent_ones_shared_out(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    bins, said = bins_of(activations, n_bins), description(tokens).any(1)
    silent = (bins < 0).nonzero()[:, 0]
    if len(silent) < n_bins:
        return found
    by_bin = []
    for b, part in enumerate(silent.tensor_split(n_bins)):
        rows = torch.cat([(bins == b).nonzero()[:, 0], part])
        by_bin.append(balance(said[rows], bins[rows] >= 0))
    return found | {"detection_by_bin": by_bin}


@misconception(
    "Your detection over all contexts is the score of the strongest bin. This is what a list of top examples would say: take all "
    "contexts."
)
def strongest_bin_alone(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    return found | {"detection": found["detection_by_bin"][-1], "fuzzing": found["fuzzing_by_bin"][-1]}


@misconception(
    "The description sees only one token at a time in yours. It may need the whole context: call it with `tokens` as they are."
)
def one_token_at_a_time(description, tokens, activations, decoys, n_bins):
    fits = torch.cat([description(tokens[:, [place]]) for place in range(tokens.shape[1])], dim=1)
    return scores(description, tokens, activations, decoys, n_bins, fits=fits)


@misconception("Only strong activations count as active in yours. Active is all that is above 0.")
def half_of_the_peak(description, tokens, activations, decoys, n_bins):
    strong = activations * (activations > activations.max() / 2)
    found = scores(description, tokens, activations, decoys, n_bins)
    said, true = description(tokens).any(1), (strong > 0).any(1)
    return found | {"detection": balance(said, true) if true.any() and not true.all() else found["detection"]}


@misconception(
    "Tokens at which the latent is only weakly active are not marked in yours. Active is all that is above 0: compare with 0."
)
def weak_tokens_not_marked(description, tokens, activations, decoys, n_bins):
    return scores(
        description, tokens, activations, decoys, n_bins, right=lambda active, decoys: active & (activations > 1e-3)
    )


@misconception(
    "Your `explanation_score` takes weak activations for none: what it says of contexts and of tokens leaves them out. Active is all "
    "that is above 0: compare with 0."
)
def weak_is_nothing(description, tokens, activations, decoys, n_bins):
    return scores(description, tokens, activations * (activations > 1e-3), decoys, n_bins)


# --- fuzzing ---


@misconception(
    "In fuzzing you accept marks of which only one token fits. More than half of the marked tokens have to fit."
)
def any_marked_token(description, tokens, activations, decoys, n_bins):
    return scores(
        description, tokens, activations, decoys, n_bins, accept=lambda fits, marks: (fits & marks).any(dim=1)
    )


@misconception("In fuzzing you accept only marks of which every token fits. More than half is enough.")
def every_marked_token(description, tokens, activations, decoys, n_bins):
    return scores(
        description, tokens, activations, decoys, n_bins, accept=lambda fits, marks: (fits | ~marks).all(dim=1)
    )


@misconception("In fuzzing you accept marks of which exactly half fit. It has to be *more* than half.")
def half_is_enough(description, tokens, activations, decoys, n_bins):
    return scores(
        description,
        tokens,
        activations,
        decoys,
        n_bins,
        accept=lambda fits, marks: (fits & marks).sum(1) * 2 >= marks.sum(1),
    )


@misconception(
    "In fuzzing you reject marks of which a little more than half fit: your bound is above one half. Ask for more than half and no more, best "
    "in whole numbers."
)
def a_little_above_half(description, tokens, activations, decoys, n_bins):
    return scores(
        description,
        tokens,
        activations,
        decoys,
        n_bins,
        accept=lambda fits, marks: (fits & marks).sum(1) > (0.5 + 1e-3) * marks.sum(1),
    )


@misconception(
    "In fuzzing you accept marks of which a little less than half fit: your bound is below one half. It has to be *more* than half."
)
def a_little_below_half(description, tokens, activations, decoys, n_bins):
    return scores(
        description,
        tokens,
        activations,
        decoys,
        n_bins,
        accept=lambda fits, marks: (fits & marks).sum(1) > (0.5 - 1e-3) * marks.sum(1),
    )


@misconception(
    "In fuzzing you compare with half of the *context*. The question is about the marked tokens: more than half of them."
)
def half_of_the_context(description, tokens, activations, decoys, n_bins):
    return scores(
        description,
        tokens,
        activations,
        decoys,
        n_bins,
        accept=lambda fits, marks: (fits & marks).sum(1) * 2 > fits.shape[1],
    )


@misconception("You have no decoys in fuzzing: all inactive tokens are marked in yours. The wrong marks are `decoys`.")
def all_inactive_tokens(description, tokens, activations, decoys, n_bins):
    return scores(description, tokens, activations, decoys, n_bins, wrong=lambda active, decoys: ~active)


@misconception(
    "In fuzzing you show silent contexts too. Nothing is marked right there: take the active contexts alone."
)
def decoys_of_silent_contexts(description, tokens, activations, decoys, n_bins):
    return scores(description, tokens, activations, decoys, n_bins, marked=lambda bins: bins >= -1)


@misconception(
    "Your fuzzing score is 1 minus the right one. Marks of active tokens should be accepted, and the decoys rejected."
)
def markings_exchanged(description, tokens, activations, decoys, n_bins):
    return scores(
        description,
        tokens,
        activations,
        decoys,
        n_bins,
        right=lambda active, decoys: decoys,
        wrong=lambda active, decoys: active,
    )


@misconception(
    "Your fuzzing is 0.5 everywhere: both markings of a context get the same answer. Mark the active tokens once and the decoys "
    "once, and look at the *marked* tokens alone."
)
def marks_ignored(description, tokens, activations, decoys, n_bins):
    return scores(description, tokens, activations, decoys, n_bins, accept=lambda fits, marks: fits.any(dim=1))


# --- how it is handed back ---


@misconception("Your lists run from the strongest bin to the weakest. They should begin with the weakest.")
def lists_from_the_strongest(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    return {name: value[::-1] if isinstance(value, list) else value for name, value in found.items()}


@misconception(
    "Your score of all contexts is the mean of the bins' scores. Bins can differ in size: score all contexts at once."
)
def mean_over_bins(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    for kind in ("detection", "fuzzing"):
        found[kind] = sum(found[f"{kind}_by_bin"]) / n_bins
    return found


@misconception("You give tensors where lists of numbers are asked for.")
def tensors_for_lists(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    return {name: torch.tensor(value) if isinstance(value, list) else value for name, value in found.items()}


@misconception("No silent context gives no `ValueError` in yours. Nothing then says what the description gets wrong.")
def no_silent_context_needed(description, tokens, activations, decoys, n_bins):
    if (activations > 0).any(1).all():
        bins_of(activations, n_bins)
        return {"detection": 1.0, "fuzzing": 1.0, "detection_by_bin": [], "fuzzing_by_bin": []}
    return scores(description, tokens, activations, decoys, n_bins)


@misconception(
    "In fuzzing over all contexts you show the decoys of silent contexts, too. Nothing is marked right there: take the active "
    "contexts alone."
)
def decoys_of_silent_contexts_shown(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    fits, bins = description(tokens), bins_of(activations, n_bins)
    right, wrong = half(fits, activations > 0), half(fits, decoys)

    def fuzzing(chosen):
        shown = chosen | ((bins < 0) & decoys.any(1))
        answers = torch.cat([right[chosen], wrong[shown]])
        return balance(answers.cpu(), torch.arange(len(answers)) < int(chosen.sum()))

    return found | {
        "fuzzing": fuzzing(bins >= 0),
        "fuzzing_by_bin": [fuzzing(bins == b) for b in range(n_bins)],
    }


@misconception(
    "Your fuzzing asks whether the description fits more *active* tokens than decoys. Each marking is a question of its own, asked "
    "of its marked tokens."
)
def markings_compared(description, tokens, activations, decoys, n_bins):
    fits = description(tokens)
    more = (fits & (activations > 0)).sum(1) > (fits & decoys).sum(1)
    return scores(
        description,
        tokens,
        activations,
        decoys,
        n_bins,
        right=lambda active, decoys: True,
        wrong=lambda active, decoys: False,
        accept=lambda fits, marks: more if marks else ~more,
    )


@misconception(
    "In detection you say yes where the description fits at *more than half* of the tokens. It is enough that it fits at any token of "
    "the context."
)
def more_than_half_in_detection(description, tokens, activations, decoys, n_bins):
    return scores(description, tokens, activations, decoys, n_bins, answer=lambda fits: fits.sum(1) * 2 > fits.shape[1])


@misconception("Your scores are plain shares of right answers. Both are *balanced*: use your `balanced_accuracy`.")
def plain_shares(description, tokens, activations, decoys, n_bins):
    bins = bins_of(activations, n_bins)
    if (bins >= 0).all():
        raise ValueError("no silent context")
    fits, active = description(tokens), activations > 0
    hit = (fits.any(1) == active.any(1)).double()
    marks = torch.stack([half(fits, active), ~half(fits, decoys)]).double()

    def of(chosen):
        return hit[chosen | (bins == -1)].mean().item(), marks[:, chosen].mean().item()

    each = [of(bins == b) for b in range(n_bins)]
    detection, fuzzing = of(bins >= 0)
    return {
        "detection": detection,
        "fuzzing": fuzzing,
        "detection_by_bin": [pair[0] for pair in each],
        "fuzzing_by_bin": [pair[1] for pair in each],
    }


@misconception("Your lists hold the scores up to each bin, all weaker bins included. Score each bin by itself.")
def bins_pile_up(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    bins = bins_of(activations, n_bins)
    fits, active = description(tokens), activations > 0
    for b in range(n_bins):
        shown = bins <= b
        found["detection_by_bin"][b] = balance(fits.any(1)[shown], active.any(1)[shown])
    return found


@misconception(
    "Your detection and fuzzing by bin are exchanged. `detection_by_bin` and `fuzzing_by_bin` are lists of the two scores."
)
def lists_exchanged(description, tokens, activations, decoys, n_bins):
    found = scores(description, tokens, activations, decoys, n_bins)
    by_bin = {"detection_by_bin": found["fuzzing_by_bin"], "fuzzing_by_bin": found["detection_by_bin"]}
    return found | by_bin


@misconception(
    "A truth that is never no gives no `ValueError` in yours. Both kinds are needed: refuse a truth without a no as well.",
    replaces="balanced_accuracy",
)
def always_yes_accepted(said, true):
    if not true.any():
        raise ValueError("never yes")
    shares = [(said[true]).double().mean().item(), (~said[~true]).double().sum().item() / max(int((~true).sum()), 1)]
    return sum(shares) / 2


@misconception(
    "A truth that is never yes gives no `ValueError` in yours. Both kinds are needed: refuse a truth without a yes as well.",
    replaces="balanced_accuracy",
)
def always_no_accepted(said, true):
    if true.all():
        raise ValueError("never no")
    shares = [(said[true]).double().sum().item() / max(int(true.sum()), 1), (~said[~true]).double().mean().item()]
    return sum(shares) / 2
