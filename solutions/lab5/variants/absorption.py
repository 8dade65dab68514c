"""Right and wrong ways to keep a batch's largest values, to sum nested errors, and to measure absorption."""

import itertools

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_k(k):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if k < 0:
        raise ValueError("k cannot be negative")


def refuse_prefixes(prefixes, count):
    """The same for the prefixes."""
    ends = [0, *prefixes]
    if len(ends) < 2 or ends[-1] != count or any(a >= b for a, b in itertools.pairwise(ends)):
        raise ValueError("the prefixes should rise to the number of latents")


def keep(before, number, by=None):
    """The positive ones among the `number` largest values of a batch, largest by another measure where one is given."""
    flat = before.flatten()
    number = max(0, min(number, len(flat)))
    places = (flat if by is None else by(flat)).topk(number).indices
    return torch.zeros_like(flat).scatter(0, places, flat[places].relu()).view_as(before)


def squared(error):
    """A squared error, summed over its dimensions and averaged over the samples."""
    return error.square().sum(1).mean()


def rebuilt(latents, W_dec, b_dec, start, end):
    """What the latents from `start` to `end` reconstruct."""
    return latents[:, start:end] @ W_dec[start:end] + b_dec


def similarities(W_dec, directions):
    """Cosine similarities, [latent, feature]."""
    return torch.nn.functional.normalize(W_dec, dim=1) @ torch.nn.functional.normalize(directions, dim=1).T


def rates(latents, active, W_dec, directions, parents, level, *, absorbed=None, among=None):
    """The rates, with another rule for what is absorbed, or for the samples that count."""
    similar = similarities(W_dec, directions)
    latent_of = similar.argmax(0).tolist()
    found = {}
    for child, parent in enumerate(parents):
        if parent is None:
            continue
        own, theirs = latents[:, latent_of[child]], latents[:, latent_of[parent]]
        along = similar[latent_of[child], parent] >= level
        hit = absorbed(own, theirs, along) if absorbed else (theirs == 0) & (own > 0) & along
        counted = among(active, own, child, parent) if among else active[:, child]
        hits = (
            (hit & active[:, child]) if among is None or among is every_sample or among is of_parent else hit & counted
        )
        found[child] = (hits.sum() / counted.sum().clamp_min(1)).item()
    return found


def every_sample(active, own, child, parent):
    """All samples count."""
    return torch.ones_like(active[:, child])


def of_parent(active, own, child, parent):
    """The samples with the parent on count."""
    return active[:, parent]


@accepted(replaces="batch_topk")
def by_threshold_and_order(before, k):
    """All values in order; the places beyond the last kept one are emptied."""
    refuse_k(k)
    order = before.flatten().argsort(descending=True)
    mask = torch.zeros(before.numel(), dtype=torch.bool, device=before.device)
    mask[order[: k * before.shape[0]]] = True
    return torch.where(mask.view(before.shape) & (before > 0), before, 0.0)


@accepted(replaces="matryoshka_loss")
def by_running_sum(x, latents, W_dec, b_dec, prefixes):
    """What each group of latents adds, to what came before it."""
    refuse_prefixes(prefixes, latents.shape[1])
    reconstruction, total, start = b_dec.expand_as(x), 0.0, 0
    for end in prefixes:
        reconstruction = reconstruction + torch.einsum("nl,ld->nd", latents[:, start:end], W_dec[start:end])
        total = total + (x - reconstruction).pow(2).sum() / len(x)
        start = end
    return total


@accepted(replaces="match_latents")
def by_loop(W_dec, directions):
    """Feature by feature, with the library's cosine similarity."""
    return torch.stack([torch.cosine_similarity(W_dec, direction[None], dim=1).argmax() for direction in directions])


@accepted
def by_samples(latents, active, W_dec, directions, parents, level):
    """Sample by sample, in plain Python."""
    similar = similarities(W_dec, directions)
    latent_of = similar.argmax(dim=0)
    found = {}
    for child, parent in enumerate(parents):
        if parent is None:
            continue
        own, theirs = int(latent_of[child]), int(latent_of[parent])
        points_along = bool(similar[own, parent] >= level)
        on = [sample for sample in range(len(latents)) if active[sample, child]]
        hits = [s for s in on if latents[s, theirs] == 0 and latents[s, own] > 0 and points_along]
        found[child] = len(hits) / len(on) if on else 0.0
    return found


@misconception(
    "You keep the k largest values of every sample. BatchTopK looks at the whole batch, so one sample may keep more than "
    "another.",
    replaces="batch_topk",
)
def for_each_sample(before, k):
    refuse_k(k)
    largest = before.topk(min(k, before.shape[1]), dim=1)
    return torch.zeros_like(before).scatter(1, largest.indices, largest.values.relu())


@misconception(
    "You keep k values of the whole batch. With B samples, B times k values are kept, k for each sample on average.",
    replaces="batch_topk",
)
def k_in_all(before, k):
    refuse_k(k)
    return keep(before, k)


@misconception(
    "Your result has values below 0. Only positive values are kept, even where fewer than B times k are positive.",
    replaces="batch_topk",
)
def negatives_kept(before, k):
    refuse_k(k)
    flat = before.flatten()
    places = flat.topk(min(k * len(before), len(flat))).indices
    return torch.zeros_like(flat).scatter(0, places, flat[places]).view_as(before)


@misconception(
    "You choose values by their size without the sign, so values below 0 take places that belong to positive ones.",
    replaces="batch_topk",
)
def chosen_by_size(before, k):
    refuse_k(k)
    return keep(before, k * len(before), by=torch.abs)


@misconception(
    "Your code breaks where k is larger than the number of latents. Then all positive values are kept.",
    replaces="batch_topk",
)
def too_many_asked(before, k):
    refuse_k(k)
    flat = before.flatten()
    largest = flat.topk(k * len(before))
    return torch.zeros_like(flat).scatter(0, largest.indices, largest.values.relu()).view_as(before)


@misconception(
    "You keep all values that equal the smallest kept one, so more than B times k are kept.", replaces="batch_topk"
)
def all_equal_ones_kept(before, k):
    refuse_k(k)
    number = min(k * len(before), before.numel())
    if not number:
        return torch.zeros_like(before)
    lowest = before.flatten().topk(number).values[-1]
    return torch.where(before >= lowest, before, 0.0).relu()


@misconception("You keep a value where k is 0. Then nothing is kept.", replaces="batch_topk")
def one_at_least(before, k):
    refuse_k(k)
    return keep(before, max(1, k * len(before)))


@misconception("Your result says which values are kept. It should hold the values themselves.", replaces="batch_topk")
def ones_for_values(before, k):
    refuse_k(k)
    return (keep(before, k * len(before)) > 0).to(before.dtype)


@misconception(
    "No gradient passes through the kept values, so nothing before them can be trained.", replaces="batch_topk"
)
def without_gradient(before, k):
    refuse_k(k)
    return keep(before.detach(), k * len(before))


@misconception(
    "The gradient passes through the values that are not kept, too. What is set to 0 has no influence on the result.",
    replaces="batch_topk",
)
def gradient_everywhere(before, k):
    refuse_k(k)
    return before + (keep(before, k * len(before)) - before).detach()


@misconception("You accept a negative k. The docstring asks for a `ValueError`.", replaces="batch_topk")
def negative_k_accepted(before, k):
    return keep(before, k * len(before))


@misconception(
    "You take the mean over the prefixes. Their errors are summed.",
    replaces="matryoshka_loss",
)
def mean_of_the_prefixes(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    return torch.stack([squared(x - rebuilt(latents, W_dec, b_dec, 0, end)) for end in prefixes]).mean()


@misconception(
    "Only the last prefix counts in your loss. Every prefix has to reconstruct the activation by itself.",
    replaces="matryoshka_loss",
)
def the_last_prefix_alone(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    return squared(x - rebuilt(latents, W_dec, b_dec, 0, None))


@misconception(
    "You cut the latents into separate groups. Prefixes are nested: each one begins with latent 0.",
    replaces="matryoshka_loss",
)
def groups_apart(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    pairs = itertools.pairwise([0, *prefixes])
    return sum(squared(x - rebuilt(latents, W_dec, b_dec, start, end)) for start, end in pairs)


@misconception(
    "Your prefixes have one latent too few. A prefix of m latents has the latents 0 to m − 1.",
    replaces="matryoshka_loss",
)
def one_latent_less(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    return sum(squared(x - rebuilt(latents, W_dec, b_dec, 0, end - 1)) for end in prefixes)


@misconception(
    "Your reconstructions lack the decoder bias. It is a part of every one of them.",
    replaces="matryoshka_loss",
)
def without_bias(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    return sum(squared(x - rebuilt(latents, W_dec, 0 * b_dec, 0, end)) for end in prefixes)


@misconception(
    "Only the reconstruction of the last prefix has the decoder bias in your loss. All prefixes have it.",
    replaces="matryoshka_loss",
)
def bias_at_the_end(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    return sum(squared(x - rebuilt(latents, W_dec, b_dec * (end == len(W_dec)), 0, end)) for end in prefixes)


@misconception("You average the squared error over `d_in`. It is summed over `d_in`.", replaces="matryoshka_loss")
def mean_over_dimensions(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    return sum((x - rebuilt(latents, W_dec, b_dec, 0, end)).square().mean() for end in prefixes)


@misconception(
    "You sum the squared error over the samples. It is averaged over the samples, or a larger batch has a larger loss.",
    replaces="matryoshka_loss",
)
def sum_over_samples(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    return sum((x - rebuilt(latents, W_dec, b_dec, 0, end)).square().sum() for end in prefixes)


@misconception("You average the lengths of the errors. The loss has squared lengths.", replaces="matryoshka_loss")
def lengths_not_squared(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    return sum((x - rebuilt(latents, W_dec, b_dec, 0, end)).norm(dim=1).mean() for end in prefixes)


@misconception(
    "In your loss a longer prefix trains only the latents that a shorter one does not have. Its error has a gradient for "
    "all of its latents.",
    replaces="matryoshka_loss",
)
def earlier_latents_detached(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    reconstruction, total = b_dec.expand_as(x), 0.0
    for start, end in itertools.pairwise([0, *prefixes]):
        reconstruction = reconstruction + latents[:, start:end] @ W_dec[start:end]
        total = total + squared(x - reconstruction)
        reconstruction = reconstruction.detach()
    return total


@misconception(
    "Your loss has no gradient: nothing can be trained with it. Return the scalar tensor.", replaces="matryoshka_loss"
)
def loss_without_gradient(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, len(W_dec))
    return sum(squared(x - rebuilt(latents, W_dec, b_dec, 0, end)) for end in prefixes).detach()


@misconception(
    "You accept prefixes that do not rise from each to the next. The docstring asks for a `ValueError`.",
    replaces="matryoshka_loss",
)
def prefixes_that_fall(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(sorted(set(prefixes)), len(W_dec))
    return sum(squared(x - rebuilt(latents, W_dec, b_dec, 0, end)) for end in prefixes)


@misconception(
    "You accept prefixes that do not end with all latents. Some latents would never be trained: raise a `ValueError`.",
    replaces="matryoshka_loss",
)
def any_end(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(prefixes, prefixes[-1] if prefixes else 1)
    return sum(squared(x - rebuilt(latents, W_dec, b_dec, 0, end)) for end in prefixes)


@misconception(
    "You accept a prefix that has no latents. The docstring asks for a `ValueError`.", replaces="matryoshka_loss"
)
def empty_prefix_accepted(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes([end for end in prefixes if end != 0], len(W_dec))
    return sum(squared(x - rebuilt(latents, W_dec, b_dec, 0, end)) for end in prefixes)


@misconception(
    "You compare dot products with the decoder rows as they are, so a long row wins. Cosine similarity does not depend on "
    "the length.",
    replaces="match_latents",
)
def by_dot_product(W_dec, directions):
    return (W_dec @ directions.T).argmax(0)


@misconception(
    "You take the similarity without its sign. A row that points away from the direction does not stand for the feature.",
    replaces="match_latents",
)
def without_sign(W_dec, directions):
    return similarities(W_dec, directions).abs().argmax(0)


@misconception(
    "You find the feature of each latent. The question is the latent of each feature.", replaces="match_latents"
)
def feature_of_each_latent(W_dec, directions):
    return similarities(W_dec, directions).argmax(1)


@misconception(
    "You give each latent to one feature only. Two features may have the same latent.", replaces="match_latents"
)
def each_latent_once(W_dec, directions):
    similar, found = similarities(W_dec, directions), []
    for feature in range(len(directions)):
        free = [latent for latent in range(len(W_dec)) if latent not in found] or list(range(len(W_dec)))
        found.append(max(free, key=lambda latent: float(similar[latent, feature])))
    return torch.tensor(found, device=W_dec.device)


@misconception(
    "You count a sample where the latents of parent and child are both silent. Then nothing stands in for the parent: it "
    "is missed, and not absorbed."
)
def child_may_be_silent(latents, active, W_dec, directions, parents, level):
    def rule(own, theirs, along):
        return (theirs == 0) & along

    return rates(latents, active, W_dec, directions, parents, level, absorbed=rule)


@misconception(
    "You count a sample where the parent's latent is active beside the child's. Absorption means that the parent's latent "
    "is silent."
)
def parent_may_be_active(latents, active, W_dec, directions, parents, level):
    def rule(own, theirs, along):
        return (own > 0) & along

    return rates(latents, active, W_dec, directions, parents, level, absorbed=rule)


@misconception(
    "You do not look where the child's latent points. If its decoder row does not point along the parent, it does not "
    "stand in for the parent."
)
def direction_ignored(latents, active, W_dec, directions, parents, level):
    def rule(own, theirs, along):
        return (theirs == 0) & (own > 0)

    return rates(latents, active, W_dec, directions, parents, level, absorbed=rule)


@misconception(
    "You count a parent's latent as silent where its value is only small. A latent is silent where its value is 0.",
    replaces="absorption",
)
def almost_silent(latents, active, W_dec, directions, parents, level):
    return rates(torch.where(latents < 0.001, 0, latents), active, W_dec, directions, parents, level)


@misconception("You refuse a decoder row whose cosine similarity is exactly the level. At the level is enough.")
def strictly_above(latents, active, W_dec, directions, parents, level):
    similar = similarities(W_dec, directions)
    just_above = torch.nextafter(similar.new_tensor(level), similar.new_tensor(2.0)).item()
    return rates(latents, active, W_dec, directions, parents, just_above)


@misconception(
    "You count decoder rows whose cosine similarity is a little below the level. Compare with `level` itself: `>= level`."
)
def a_little_below(latents, active, W_dec, directions, parents, level):
    return rates(latents, active, W_dec, directions, parents, level - 1e-4)


@misconception(
    "You count a child's latent as silent where its value is only small. A latent is active where its value is above 0.",
    replaces="absorption",
)
def small_is_not_active(latents, active, W_dec, directions, parents, level):
    def rule(own, theirs, along):
        return (theirs == 0) & (own > 1e-3) & along

    return rates(latents, active, W_dec, directions, parents, level, absorbed=rule)


@misconception(
    "Positive values that are very small become 0 in yours. All that is above 0 is positive, and may be kept.",
    replaces="batch_topk",
)
def small_ones_not_kept(before, k):
    refuse_k(k)
    return keep(torch.where(before > 1e-3, before, -1), k * len(before))


@misconception(
    "You compare the row of the child's latent with the child's own direction. Compare it with the parent's direction."
)
def along_the_child(latents, active, W_dec, directions, parents, level):
    similar = similarities(W_dec, directions)
    found = {}
    for child, parent in enumerate(parents):
        if parent is not None:
            latent = int(similar[:, child].argmax())
            own, theirs = latents[:, latent], latents[:, int(similar[:, parent].argmax())]
            hit = (theirs == 0) & (own > 0) & (similar[latent, child] >= level) & active[:, child]
            found[child] = (hit.sum() / active[:, child].sum().clamp_min(1)).item()
    return found


@misconception("You divide by the number of all samples. Divide by the number of samples in which the child is on.")
def of_all_samples(latents, active, W_dec, directions, parents, level):
    return rates(latents, active, W_dec, directions, parents, level, among=every_sample)


@misconception(
    "You divide by the number of samples in which the parent is on. Divide by the number in which the child is on."
)
def of_the_parents_samples(latents, active, W_dec, directions, parents, level):
    return rates(latents, active, W_dec, directions, parents, level, among=of_parent)


@misconception(
    "You look at the samples in which the child's *latent* is active. The rate is about the samples in which the child is "
    "on, whatever its latent does."
)
def where_the_latent_is_active(latents, active, W_dec, directions, parents, level):
    def counted(active, own, child, parent):
        return own > 0

    return rates(latents, active, W_dec, directions, parents, level, among=counted)


@misconception(
    "Your rate is not a number for a child that is never on. By the docstring it is 0 then.",
)
def nan_for_none(latents, active, W_dec, directions, parents, level):
    found = rates(latents, active, W_dec, directions, parents, level)
    return {child: rate if active[:, child].any() else float("nan") for child, rate in found.items()}


@misconception("You take the first ancestor of a child, the parent's parent for instance. Take the child's own parent.")
def the_first_ancestor(latents, active, W_dec, directions, parents, level):
    def top(feature):
        return feature if parents[feature] is None else top(parents[feature])

    first = [None if parent is None else top(parent) for parent in parents]
    return rates(latents, active, W_dec, directions, first, level)


@misconception("Your result has features without a parent too. It has a rate for every feature that has a parent.")
def with_features_that_have_no_parent(latents, active, W_dec, directions, parents, level):
    return dict.fromkeys(range(len(parents)), 0.0) | rates(latents, active, W_dec, directions, parents, level)


@misconception("Your rates are named by the parents. Name each rate by the number of the child.")
def named_by_parents(latents, active, W_dec, directions, parents, level):
    found = rates(latents, active, W_dec, directions, parents, level)
    children = {parent: [c for c in found if parents[c] == parent] for parent in {parents[c] for c in found}}
    return {parent: sum(found[c] for c in each) / len(each) for parent, each in children.items()}


@misconception(
    "A child that is on in no sample stops your function with a `ZeroDivisionError`. By the docstring its rate is 0."
)
def divided_by_no_samples(latents, active, W_dec, directions, parents, level):
    found = rates(latents, active, W_dec, directions, parents, level)
    return {child: rate * int(active[:, child].sum()) / int(active[:, child].sum()) for child, rate in found.items()}


@misconception(
    "A negative k stops your function with a `RuntimeError` of PyTorch. The docstring asks for a `ValueError`: check before you "
    "select.",
    replaces="batch_topk",
)
def negative_k_for_topk(before, k):
    flat = before.flatten()
    places = flat.topk(min(k * len(before), len(flat))).indices
    return torch.zeros_like(flat).scatter(0, places, flat[places].relu()).view_as(before)


@misconception(
    "You accept prefixes that stay the same from one to the next, such as (2, 2, 5). Each should be larger than the one before.",
    replaces="matryoshka_loss",
)
def equal_prefixes_accepted(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes(list(dict.fromkeys(prefixes)), len(W_dec))
    return sum(squared(x - rebuilt(latents, W_dec, b_dec, 0, end)) for end in prefixes)


@misconception(
    "You check only that the last prefix has all latents: prefixes that do not rise, or begin below 1, give no `ValueError`.",
    replaces="matryoshka_loss",
)
def end_alone_checked(x, latents, W_dec, b_dec, prefixes):
    if not prefixes or prefixes[-1] != len(W_dec):
        raise ValueError("the last prefix should have all latents")
    return sum(squared(x - rebuilt(latents, W_dec, b_dec, 0, end)) for end in prefixes)


@misconception(
    "You check that prefixes rise, but not where they begin: a first prefix of 0, or below 0, gives no `ValueError`.",
    replaces="matryoshka_loss",
)
def beginning_not_checked(x, latents, W_dec, b_dec, prefixes):
    refuse_prefixes([end for end in prefixes[:1] if end > 0] + list(prefixes[1:]), len(W_dec))
    return sum(squared(x - rebuilt(latents, W_dec, b_dec, 0, end)) for end in prefixes)


@misconception(
    "You keep the *smallest* positive values of the batch. Keep the largest.",
    replaces="batch_topk",
)
def smallest_kept(before, k):
    refuse_k(k)
    return keep(before, k * len(before), by=lambda flat: -flat.masked_fill(flat <= 0, torch.inf))


@misconception(
    "You divide by the number of samples in which the child is on and its parent's latent is silent. Divide by the number of all "
    "samples in which the child is on."
)
def where_the_parent_is_silent(latents, active, W_dec, directions, parents, level):
    found, similar = {}, similarities(W_dec, directions)
    for child, parent in enumerate(parents):
        if parent is not None:
            latent = int(similar[:, child].argmax())
            own, theirs = latents[:, latent], latents[:, int(similar[:, parent].argmax())]
            missed = (theirs == 0) & active[:, child]
            hit = missed & (own > 0) & (similar[latent, parent] >= level)
            found[child] = (hit.sum() / missed.sum().clamp_min(1)).item()
    return found


@misconception(
    "You ask that the decoder row of the *parent's* latent points along the child. Ask whether the row of the child's latent points "
    "along the parent."
)
def parents_row_along_the_child(latents, active, W_dec, directions, parents, level):
    found, similar = {}, similarities(W_dec, directions)
    for child, parent in enumerate(parents):
        if parent is not None:
            theirs = int(similar[:, parent].argmax())
            hit = (latents[:, theirs] == 0) & (latents[:, int(similar[:, child].argmax())] > 0) & active[:, child]
            found[child] = (hit & (similar[theirs, child] >= level)).sum().item() / max(int(active[:, child].sum()), 1)
    return found


@misconception(
    "You look at the latents with the numbers of the features. A feature's latent is the one that `match_latents` finds."
)
def numbers_of_features(latents, active, W_dec, directions, parents, level):
    found, similar = {}, similarities(W_dec, directions)
    for child, parent in enumerate(parents):
        if parent is not None:
            own, theirs = (latents[:, min(place, latents.shape[1] - 1)] for place in (child, parent))
            along = similar[min(child, len(similar) - 1), parent] >= level
            hit = (theirs == 0) & (own > 0) & active[:, child] & along
            found[child] = hit.sum().item() / max(int(active[:, child].sum()), 1)
    return found
