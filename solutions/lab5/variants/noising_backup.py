"""Right and wrong ways to patch sets of heads, to test a circuit for completeness, and to look for backup."""

import itertools

import torch

from mechgrade.authoring.variants import accepted, misconception


def ends(denoised, noised):
    """The metric of the clean and of the corrupted run, or the error that the exercise asks for."""
    clean, corrupted = noised([]), denoised([])
    if clean == corrupted:
        raise ValueError("the metric is the same in both runs")
    return clean, corrupted


def back(denoised, noised, heads):
    """The share that comes back."""
    clean, corrupted = ends(denoised, noised)
    return (denoised(heads) - corrupted) / (clean - corrupted)


def lost(denoised, noised, heads):
    """The share that is lost."""
    clean, corrupted = ends(denoised, noised)
    return (clean - noised(heads)) / (clean - corrupted)


def refuse(model, circuit):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if not set(circuit) <= set(model):
        raise ValueError("a head of the circuit is not in the model")


def without(heads, removed):
    """Heads that are left."""
    return [head for head in heads if head not in removed]


def subsets(heads, sizes):
    """All sets of these sizes, the smallest first."""
    return [list(each) for size in sizes for each in itertools.combinations(sorted(heads), size)]


def widest(gaps):
    """The first of the largest gaps, and its set."""
    best = max(range(len(gaps)), key=lambda i: gaps[i][0])
    return gaps[best]


def gap(only, model, circuit, removed):
    """What circuit and model differ by without some heads."""
    return only(without(circuit, removed)) - only(without(model, removed))


def split(before, after, scale_before, scale_after, removed, **other):
    """The reference's result, some of it replaced."""
    rescaled = (before * (1 / scale_after - 1 / scale_before)).mean(1)
    rewritten = ((after - before) / scale_after).mean(1)
    return filled(rescaled, rewritten, removed) | other


def filled(rescaled, rewritten, removed):
    """A result from the two terms of all components."""
    total = rescaled + rewritten
    keep = torch.tensor([float(place not in removed) for place in range(len(total))]).to(total)
    gone = float((total * (1 - keep)).sum()) * -1
    return {
        "lost": gone,
        "rescaled": rescaled * keep,
        "rewritten": rewritten * keep,
        "share": float((total * keep).sum()) / gone if gone else None,
    }


@accepted(replaces="patching_shares")
def by_a_line(denoised, noised, heads):
    """Both shares by one function, from the end where the patching starts."""
    clean, corrupted = ends(denoised, noised)

    def way(start, end, value):
        return (value - start) / (end - start)

    return way(corrupted, clean, denoised(set(heads))), way(clean, corrupted, noised(tuple(heads)))


@accepted(replaces="incompleteness")
def by_bitmask(only, model, circuit, most):
    """All subsets by counting, and the best one kept in a variable."""
    refuse(model, circuit)
    order, best = sorted(circuit), (-1.0, 0, [])
    for number in range(2 ** len(order)):
        removed = {head for place, head in enumerate(order) if number >> place & 1}
        if len(removed) <= most:
            wide = abs(only(set(circuit) - removed) - only(set(model) - removed))
            if wide > best[0] or (wide == best[0] and len(removed) < best[1]):
                best = (wide, len(removed), sorted(removed))
    return best[0], best[2]


@accepted(replaces="backup")
def by_loop(before, after, scale_before, scale_after, removed):
    """Component by component; the rewritten part is what rescaling does not explain."""
    rescaled, rewritten = torch.zeros_like(before[:, 0]), torch.zeros_like(before[:, 0])
    gone = 0.0
    for place in range(len(before)):
        change = (after[place] / scale_after - before[place] / scale_before).mean()
        if place in removed:
            gone -= float(change)
        else:
            rescaled[place] = (before[place] / scale_after - before[place] / scale_before).mean()
            rewritten[place] = change - rescaled[place]
    share = float((rescaled + rewritten).sum()) / gone if gone else None
    return {"lost": gone, "rescaled": rescaled, "rewritten": rewritten, "share": share}


@misconception(
    "Your second share says what is *left* when the heads are noised. Give what is lost: begin at the clean run.",
    replaces="patching_shares",
)
def what_is_left(denoised, noised, heads):
    clean, corrupted = ends(denoised, noised)
    return back(denoised, noised, heads), (noised(heads) - corrupted) / (clean - corrupted)


@misconception(
    "You divide by the clean value. Divide by the distance between the clean and the corrupted value.",
    replaces="patching_shares",
)
def divided_by_clean(denoised, noised, heads):
    clean, corrupted = ends(denoised, noised)
    return (denoised(heads) - corrupted) / clean, (clean - noised(heads)) / clean


@misconception(
    "You swap the two shares: first what denoising brings back, then what noising loses.", replaces="patching_shares"
)
def swapped_shares(denoised, noised, heads):
    return lost(denoised, noised, heads), back(denoised, noised, heads)


@misconception(
    "You never run the noised model: your second share is 1 minus the first one. In an OR both runs are needed to see that "
    "a head is enough and not needed.",
    replaces="patching_shares",
)
def one_minus_the_first(denoised, noised, heads):
    share = back(denoised, noised, heads)
    return share, 1 - share


@misconception(
    "You take denoising for noising: the share that is lost is the share that came back. The two are different runs.",
    replaces="patching_shares",
)
def the_same_twice(denoised, noised, heads):
    share = back(denoised, noised, heads)
    return share, share


@misconception(
    "You patch one head at a time and add the shares up. Patch all heads of the set together: they may do the same job.",
    replaces="patching_shares",
)
def added_up(denoised, noised, heads):
    ends(denoised, noised)
    return sum(back(denoised, noised, [h]) for h in heads), sum(lost(denoised, noised, [h]) for h in heads)


@misconception(
    "You cut the shares off at 0 and 1. Values outside are real: a set may do harm, or more than the whole model.",
    replaces="patching_shares",
)
def cut_off(denoised, noised, heads):
    shares = back(denoised, noised, heads), lost(denoised, noised, heads)
    return tuple(min(max(share, 0.0), 1.0) for share in shares)


@misconception(
    "You divide by the *size* of the distance, without its sign. Where the clean value is the lower one, your shares have "
    "the wrong sign.",
    replaces="patching_shares",
)
def distance_without_sign(denoised, noised, heads):
    clean, corrupted = ends(denoised, noised)
    span = abs(clean - corrupted)
    return (denoised(heads) - corrupted) / span, (clean - noised(heads)) / span


@misconception(
    "Where the metric is the same in both runs, your function returns all the same. There is nothing to bring back or to lose: the docstring asks for a `ValueError`.",
    replaces="patching_shares",
)
def zero_for_a_flat_metric(denoised, noised, heads):
    if noised([]) == denoised([]):
        return 0.0, 0.0
    return back(denoised, noised, heads), lost(denoised, noised, heads)


@misconception(
    "You refuse a metric that is 0 in one of the runs. Only two *equal* values leave nothing to measure.",
    replaces="patching_shares",
)
def zero_refused(denoised, noised, heads):
    if not all(ends(denoised, noised)):
        raise ValueError("a metric of 0")
    return back(denoised, noised, heads), lost(denoised, noised, heads)


@misconception(
    "You refuse runs whose values are nearly the same. Only where both are *equal* is there nothing to measure: compare with `==`.",
    replaces="patching_shares",
)
def nearly_flat_refused(denoised, noised, heads):
    if abs(noised([]) - denoised([])) < 1e-6:
        raise ValueError("the metric is nearly the same")
    return back(denoised, noised, heads), lost(denoised, noised, heads)


@misconception(
    "You take gaps that are nearly the same for equal. A gap that is larger by next to nothing is larger: compare the numbers as they "
    "are.",
    replaces="incompleteness",
)
def nearly_equal_gaps(only, model, circuit, most):
    refuse(model, circuit)
    best = (-1.0, [])
    for removed in subsets(circuit, range(most + 1)):
        wide = abs(gap(only, model, circuit, removed))
        if wide > best[0] + 1e-6:
            best = (wide, removed)
    return best


@misconception(
    "Your function changes its argument `circuit` in place: the caller's list is in another order afterwards. `sorted(circuit)` makes "
    "a new list, and `circuit.sort()` does not.",
    replaces="incompleteness",
)
def sorted_in_place(only, model, circuit, most):
    refuse(model, circuit)
    found = widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(most + 1))])
    circuit.sort()
    return found


@misconception(
    "You compare circuit and model only as they are. That is faithfulness. Take sets of heads away from both.",
    replaces="incompleteness",
)
def nothing_taken_away(only, model, circuit, most):
    refuse(model, circuit)
    return abs(gap(only, model, circuit, [])), []


@misconception(
    "You take one head away at a time. Take away all sets of at most `most` heads.", replaces="incompleteness"
)
def one_at_a_time(only, model, circuit, most):
    refuse(model, circuit)
    return widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(min(most, 1) + 1))])


@misconception("You look only at sets of exactly `most` heads. Smaller sets count too.", replaces="incompleteness")
def exactly_most(only, model, circuit, most):
    refuse(model, circuit)
    return widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, [min(most, len(circuit))])])


@misconception(
    "You leave out the sets with exactly `most` heads. They count, too: `range(most)` ends at `most - 1`.",
    replaces="incompleteness",
)
def one_too_few(only, model, circuit, most):
    refuse(model, circuit)
    return widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(max(most, 1)))])


@misconception(
    "You take away sets of any size. At most `most` heads are taken away at once.", replaces="incompleteness"
)
def any_size(only, model, circuit, most):
    refuse(model, circuit)
    return widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(len(circuit) + 1))])


@misconception(
    "You leave out the empty set. Circuit and model can differ most when nothing is taken away.",
    replaces="incompleteness",
)
def without_the_empty_set(only, model, circuit, most):
    refuse(model, circuit)
    sizes = range(1, most + 1) if most and circuit else [0]
    return widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, sizes)])


@misconception(
    "You take away heads of the whole model. Take away heads of the *circuit*: the question is what the circuit says of "
    "its own heads.",
    replaces="incompleteness",
)
def heads_of_the_model(only, model, circuit, most):
    refuse(model, circuit)
    return widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(model, range(most + 1))])


@misconception(
    "You keep the sign of the gap, so that you miss sets without which the circuit does *worse* than the model. Take the "
    "absolute value.",
    replaces="incompleteness",
)
def signed_gap(only, model, circuit, most):
    refuse(model, circuit)
    return widest([(gap(only, model, circuit, k), k) for k in subsets(circuit, range(most + 1))])


@misconception(
    "You take the heads away from the circuit and leave the model whole. Take them away from both.",
    replaces="incompleteness",
)
def model_left_whole(only, model, circuit, most):
    refuse(model, circuit)
    found = [(abs(only(without(circuit, k)) - only(model)), k) for k in subsets(circuit, range(most + 1))]
    return widest(found)


@misconception(
    "You run the taken-away heads alone where the circuit without them is asked for. Compare what is *left* of the circuit "
    "with what is left of the model.",
    replaces="incompleteness",
)
def the_removed_alone(only, model, circuit, most):
    refuse(model, circuit)
    return widest([(abs(only(k) - only(without(model, k))), k) for k in subsets(circuit, range(most + 1))])


@misconception(
    "You divide the gap by what the model has. The gap is in the metric's own unit.", replaces="incompleteness"
)
def relative_gap(only, model, circuit, most):
    refuse(model, circuit)
    found = [
        (abs(gap(only, model, circuit, k) / only(without(model, k))), k) for k in subsets(circuit, range(most + 1))
    ]
    return widest(found)


@misconception("You give the mean of all gaps. Give the largest one.", replaces="incompleteness")
def mean_gap(only, model, circuit, most):
    refuse(model, circuit)
    found = [(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(most + 1))]
    return sum(each[0] for each in found) / len(found), widest(found)[1]


@misconception(
    "Of several sets with the same gap you give one of the largest. Give one with the fewest heads.",
    replaces="incompleteness",
)
def most_heads_of_equals(only, model, circuit, most):
    refuse(model, circuit)
    return widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(most + 1))[::-1]])


@misconception(
    "You give the heads in the order of the circuit. The docstring asks for a sorted list.", replaces="incompleteness"
)
def order_of_the_circuit(only, model, circuit, most):
    refuse(model, circuit)
    wide, removed = widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(most + 1))])
    return wide, [head for head in circuit if head in removed]


@misconception(
    "You accept a circuit with a head that the model does not have. The docstring asks for a `ValueError`.",
    replaces="incompleteness",
)
def foreign_heads_accepted(only, model, circuit, most):
    return widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(most + 1))])


@misconception(
    "You refuse a circuit of which no head is in the model. Where some heads are in the model and one is not, you raise no `ValueError`: ask "
    "whether *all* of them are.",
    replaces="incompleteness",
)
def one_known_head_is_enough(only, model, circuit, most):
    if circuit and all(head not in model for head in circuit):
        raise ValueError("no head of the circuit is in the model")
    return widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(most + 1))])


@misconception(
    "You leave the scales out. A direct effect is what a component writes, divided by the scale of the final LayerNorm.",
    replaces="backup",
)
def no_scales(before, after, scale_before, scale_after, removed):
    return filled(torch.zeros_like(before[:, 0]), (after - before).mean(1), removed)


@misconception(
    "You divide means by means. Each prompt has its own scale: divide first, then take the mean over prompts.",
    replaces="backup",
)
def means_first(before, after, scale_before, scale_after, removed):
    one, two = scale_before.mean(), scale_after.mean()
    return filled(before.mean(1) * (1 / two - 1 / one), (after - before).mean(1) / two, removed)


@misconception(
    "You rescale what is written *after*, and divide the change by the scale *before*. The sum is the same, and the two "
    "parts are not those of the formula.",
    replaces="backup",
)
def other_split(before, after, scale_before, scale_after, removed):
    rescaled = (after * (1 / scale_after - 1 / scale_before)).mean(1)
    return filled(rescaled, ((after - before) / scale_before).mean(1), removed)


@misconception(
    "You divide the change by the scale *before*, and rescale what was written before. Then the two parts do not add up to "
    "the change of the direct effect.",
    replaces="backup",
)
def change_by_the_old_scale(before, after, scale_before, scale_after, removed):
    rescaled = (before * (1 / scale_after - 1 / scale_before)).mean(1)
    return filled(rescaled, ((after - before) / scale_before).mean(1), removed)


@misconception(
    "The removed components stand in your two terms. They do not make up for themselves: put 0 in their places.",
    replaces="backup",
)
def removed_among_the_others(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    whole = split(before, after, scale_before, scale_after, [])
    total = float((whole["rescaled"] + whole["rewritten"]).sum())
    return right | {
        "rescaled": whole["rescaled"],
        "rewritten": whole["rewritten"],
        "share": total / right["lost"] if right["lost"] else None,
    }


@misconception(
    "You count all that the removed components wrote as lost. They may still write something, such as a mean: subtract it.",
    replaces="backup",
)
def all_is_lost(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    gone = float((before / scale_before).mean(1)[list(removed)].sum())
    total = float((right["rescaled"] + right["rewritten"]).sum())
    return right | {"lost": gone, "share": total / gone if gone else None}


@misconception(
    "`lost` has the wrong sign: it is what the removed components had before, minus what they have after.",
    replaces="backup",
)
def lost_with_the_wrong_sign(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    share = right["share"]
    return right | {"lost": -right["lost"], "share": None if share is None else -share}


@misconception(
    "Your share counts only what is rewritten. The sum of *both* terms is divided by what is lost.", replaces="backup"
)
def rewritten_alone(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    total = float(right["rewritten"].sum())
    return right | {"share": total / right["lost"] if right["lost"] else None}


@misconception(
    "You add the gains up without their signs. A component that works against the repair makes the share smaller.",
    replaces="backup",
)
def gains_without_sign(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    total = float((right["rescaled"] + right["rewritten"]).abs().sum())
    return right | {"share": total / right["lost"] if right["lost"] else None}


@misconception("You add up over prompts. Everything is a mean over prompts.", replaces="backup")
def summed_over_prompts(before, after, scale_before, scale_after, removed):

    return filled(
        (before * (1 / scale_after - 1 / scale_before)).sum(1), ((after - before) / scale_after).sum(1), removed
    )


@misconception(
    "You take the mean of what the removed components lose. Add up what they lose together.", replaces="backup"
)
def mean_of_the_lost(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    n = max(len(removed), 1)
    share = right["share"]
    return right | {"lost": right["lost"] / n, "share": None if share is None else share * n}


@misconception(
    "Where little is lost you give no share. Only where `lost` is 0 is the share None: compare with 0.",
    replaces="backup",
)
def little_is_nothing(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    return right | {"share": right["share"] if abs(right["lost"]) > 1e-6 else None}


@misconception("Where nothing is lost you give a share of 0. The share is then None.", replaces="backup")
def zero_for_no_share(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    return right | {"share": right["share"] or 0.0}


@misconception(
    "`removed` may be a tuple. PyTorch reads a tuple in brackets as one place on several axes. Turn it into a list first.",
    replaces="backup",
)
def tuple_as_axes(before, after, scale_before, scale_after, removed):
    rescaled = (before / scale_after - before / scale_before).mean(dim=1)
    rewritten = ((after - before) / scale_after).mean(dim=1)
    gained = rescaled + rewritten
    lost = -gained[removed].sum().item()
    others = torch.ones_like(gained)
    others[removed] = 0
    return {
        "lost": lost,
        "rescaled": rescaled * others,
        "rewritten": rewritten * others,
        "share": (gained * others).sum().item() / lost if lost else None,
    }


@misconception(
    "You take the means over prompts first and divide them afterwards in your two terms. Each prompt has its own scale: divide "
    "for each prompt, then take the mean.",
    replaces="backup",
)
def means_first_in_the_terms(before, after, scale_before, scale_after, removed):
    one, two = scale_before.mean(), scale_after.mean()
    lost = split(before, after, scale_before, scale_after, removed)["lost"]
    found = filled(before.mean(1) * (1 / two - 1 / one), (after - before).mean(1) / two, removed)
    total = float((found["rescaled"] + found["rewritten"]).sum())
    return found | {"lost": lost, "share": total / lost if lost else None}


@misconception(
    "You give the heads that are *left* of the circuit. Give the set that is taken away.",
    replaces="incompleteness",
)
def what_is_left_of_the_circuit(only, model, circuit, most):
    refuse(model, circuit)
    wide, removed = widest([(abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(most + 1))])
    return wide, sorted(without(circuit, removed))


@misconception("You square the gap. Give its size, in the metric's own unit.", replaces="incompleteness")
def squared_gap(only, model, circuit, most):
    refuse(model, circuit)
    return widest([(gap(only, model, circuit, k) ** 2, k) for k in subsets(circuit, range(most + 1))])


@misconception("You look for the smallest gap. Find the set for which it is largest.", replaces="incompleteness")
def smallest_gap(only, model, circuit, most):
    refuse(model, circuit)
    found = [(-abs(gap(only, model, circuit, k)), k) for k in subsets(circuit, range(most + 1))]
    wide, removed = widest(found)
    return -wide, removed


@misconception(
    "Your `rescaled` has the wrong sign: it is what was written before, times the new reciprocal scale minus the old one.",
    replaces="backup",
)
def rescaled_with_the_wrong_sign(before, after, scale_before, scale_after, removed):
    rescaled = (before * (1 / scale_before - 1 / scale_after)).mean(1)
    lost = split(before, after, scale_before, scale_after, removed)["lost"]
    found = filled(rescaled, ((after - before) / scale_after).mean(1), removed)
    total = float((found["rescaled"] + found["rewritten"]).sum())
    return found | {"lost": lost, "share": total / lost if lost else None}


@misconception("You multiply by the scales. LayerNorm *divides* by its scale.", replaces="backup")
def multiplied_by_scales(before, after, scale_before, scale_after, removed):
    return split(before, after, 1 / scale_before, 1 / scale_after, removed)


@misconception(
    "Your share counts only what is rescaled. The sum of *both* terms is divided by what is lost.", replaces="backup"
)
def rescaled_alone(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    total = float(right["rescaled"].sum())
    return right | {"share": total / right["lost"] if right["lost"] else None}


@misconception("`rescaled` and `rewritten` are exchanged in yours.", replaces="backup")
def terms_exchanged(before, after, scale_before, scale_after, removed):
    right = split(before, after, scale_before, scale_after, removed)
    return right | {"rescaled": right["rewritten"], "rewritten": right["rescaled"]}
