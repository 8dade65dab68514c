"""Right and wrong ways to find the latent for a concept."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_one_sided(labels):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if labels.all() or not labels.any():
        raise ValueError("tokens of the concept and others are needed")


def pairs(latents, labels):
    """Activations of the concept's tokens and of the others, to be compared: [positive, 1, d_sae], [1, negative, d_sae]."""
    refuse_one_sided(labels)
    return latents[labels][:, None].double(), latents[~labels][None].double()


def right_auroc(latents, labels):
    """The AUROC as it should be. By ranks: a copy of all pairs takes seconds where a device has to move it."""
    refuse_one_sided(labels)
    others, values = latents[~labels].T.contiguous().sort().values, latents[labels].T.contiguous()
    wins = torch.searchsorted(others, values) + torch.searchsorted(others, values, right=True)
    return (wins.double().mean(dim=1) / (2 * others.shape[1])).to(latents.dtype)


def judged(latent, train, test):
    """The three results for latents chosen somehow: train and test are [concept, d_sae]."""
    rows = range(len(latent))
    return {"latent": latent, "train_auroc": train[rows, latent], "test_auroc": test[rows, latent]}


def every(latents, labels):
    """The AUROC for every concept and latent."""
    return torch.stack([right_auroc(latents, row) for row in labels])


@accepted(replaces="auroc")
def by_all_pairs(latents, labels):
    """Every pair compared, as the formula says: the sign of a difference is 1, 0 or -1."""
    refuse_one_sided(labels)
    columns = []
    for column in latents.double().T:
        signs = (column[labels][:, None] - column[~labels]).sign()
        columns.append((signs.mean() + 1) / 2)
    return torch.stack(columns).to(latents.dtype)


@accepted(replaces="auroc")
def by_ranks(latents, labels):
    """The sum of ranks, equal values sharing their mean rank (Mann and Whitney)."""
    refuse_one_sided(labels)
    columns = []
    for column in latents.T:
        _, inverse, counts = torch.unique(column, return_inverse=True, return_counts=True)
        ends = counts.cumsum(0).double()
        ranks = (ends - (counts.double() - 1) / 2)[inverse]
        n, others = int(labels.sum()), int((~labels).sum())
        columns.append((ranks[labels].sum() - n * (n + 1) / 2) / (n * others))
    return torch.stack(columns).to(latents.dtype)


@accepted
def concept_by_concept(train_latents, train_labels, test_latents, test_labels):
    """One concept after the other; only the chosen latent is ever judged."""
    found = {"latent": [], "train_auroc": [], "test_auroc": []}
    for own, other in zip(train_labels, test_labels, strict=True):
        scores = right_auroc(train_latents, own)
        latent = int((scores == scores.max()).nonzero()[0])
        found["latent"].append(latent)
        found["train_auroc"].append(scores[latent].item())
        found["test_auroc"].append(right_auroc(test_latents[:, [latent]], other).item())
    return {
        "latent": torch.tensor(found["latent"], device=train_latents.device),
        "train_auroc": torch.tensor(found["train_auroc"]).to(train_latents),
        "test_auroc": torch.tensor(found["test_auroc"]).to(train_latents),
    }


@misconception(
    "Ties count as lost in your AUROC. A latent is 0 on most tokens, so nearly all pairs of a rare latent are ties: they "
    "count half.",
    replaces="auroc",
)
def ties_are_lost(latents, labels):
    positive, negative = pairs(latents, labels)
    return (positive > negative).double().mean(dim=(0, 1)).to(latents.dtype)


@misconception(
    "Ties count as won in your AUROC, so that a latent which never fires looks perfect. They count half.",
    replaces="auroc",
)
def ties_are_won(latents, labels):
    positive, negative = pairs(latents, labels)
    return (positive >= negative).double().mean(dim=(0, 1)).to(latents.dtype)


@misconception(
    "Your AUROC is upside down: it is the chance that a token of the concept has the *lower* activation.",
    replaces="auroc",
)
def upside_down(latents, labels):
    return 1 - right_auroc(latents, labels)


@misconception(
    "You give every latent whichever of its AUROC and its opposite is larger. A latent that is silent on the concept then "
    "looks as good as one that fires on it.",
    replaces="auroc",
)
def best_of_both_signs(latents, labels):
    found = right_auroc(latents, labels)
    return torch.maximum(found, 1 - found)


@misconception(
    "You return the difference between the mean activations. It is in units of the latent, so that a loud latent beats a "
    "clean one; AUROC counts pairs.",
    replaces="auroc",
)
def difference_of_means(latents, labels):
    refuse_one_sided(labels)
    return latents[labels].mean(dim=0) - latents[~labels].mean(dim=0)


@misconception(
    'You return how often "active" and the label agree. That depends on how rare the concept is, and on a threshold at 0; '
    "AUROC depends on neither.",
    replaces="auroc",
)
def accuracy(latents, labels):
    refuse_one_sided(labels)
    return ((latents > 0) == labels[:, None]).to(latents.dtype).mean(dim=0)


@misconception(
    "Your AUROC goes on when a concept has no token, or all of them. There is no pair to compare then: the docstring asks "
    "for a `ValueError`.",
    replaces="auroc",
)
def nothing_refused(latents, labels):
    positive, negative = latents[labels][:, None].double(), latents[~labels][None].double()
    wins = (positive > negative).double() + (positive == negative).double() / 2
    return (wins.sum(dim=(0, 1)) / max(1, wins.shape[0] * wins.shape[1])).to(latents.dtype)


@misconception(
    "You choose the latent on the *test* set. Its AUROC there is then the luck of the best of many, and no test."
)
def chooses_on_test(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    return judged(test.argmax(dim=1), train, test)


@misconception("You choose by both sets together. The test set must have no part in the choice, or it tests nothing.")
def chooses_on_both(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    both = every(torch.cat([train_latents, test_latents]), torch.cat([train_labels, test_labels], dim=1))
    return judged(both.argmax(dim=1), train, test)


@misconception(
    "Your `test_auroc` is that of the best latent on the test set, and not of the latent that you chose. Judge the latent "
    "that the first set named."
)
def best_on_each(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    return judged(train.argmax(dim=1), train, test) | {"test_auroc": test.max(dim=1).values}


@misconception(
    "Your `test_auroc` is computed on the tokens by which you chose. Use the other set: `test_latents` and `test_labels`."
)
def judged_on_train(train_latents, train_labels, test_latents, test_labels):
    train = every(train_latents, train_labels)
    every(test_latents, test_labels)
    return judged(train.argmax(dim=1), train, train)


@misconception(
    "You choose the latent that is strongest on the concept's tokens. A latent that fires on everything is strong there too; "
    "choose by AUROC."
)
def strongest_on_the_concept(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    strength = torch.stack([train_latents[labels].mean(dim=0) for labels in train_labels])
    return judged(strength.argmax(dim=1), train, test)


@misconception("You choose one latent for all concepts, by the mean of its AUROCs. Each concept has its own.")
def one_for_all(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    best = train.mean(dim=0).argmax()
    return judged(best.expand(len(train)).clone(), train, test)


@misconception(
    "Your AUROC is float64 where the activations are float32. Give the result the type of `latents`.",
    replaces="auroc",
)
def always_float64(latents, labels):
    return right_auroc(latents, labels).double()


@misconception(
    "Your AUROC is float32 where the activations are float64. Give the result the type of `latents`.",
    replaces="auroc",
)
def always_float32(latents, labels):
    return right_auroc(latents, labels).float()


@misconception(
    "You take activations that are close to each other for equal. Only exactly equal ones are ties, however weak "
    "the latent is.",
    replaces="auroc",
)
def nearly_equal_is_equal(latents, labels):
    return right_auroc((latents * 1000).round(), labels)


@misconception(
    "You only look at whether a latent is active. AUROC compares how strongly: two active tokens are a tie only "
    "if they are equal.",
    replaces="auroc",
)
def active_or_not(latents, labels):
    return right_auroc((latents > 0).to(latents.dtype), labels)


@misconception(
    "You leave out the pairs in which both tokens are silent. Such a pair is a tie, and counts half.",
    replaces="auroc",
)
def silent_pairs_left_out(latents, labels):
    positive, negative = pairs(latents, labels)
    counted = ((positive > 0) | (negative > 0)).double()
    wins = ((positive > negative).double() + (positive == negative).double() / 2) * counted
    total = counted.sum(dim=(0, 1))
    return torch.where(total > 0, wins.sum(dim=(0, 1)) / total.clamp(min=1), 0.5).to(latents.dtype)


@misconception(
    "You rank equal activations by their place among the tokens. Equal ones share their mean rank, so that each "
    "tie counts half.",
    replaces="auroc",
)
def ranks_without_ties(latents, labels):
    refuse_one_sided(labels)
    ranks = latents.argsort(dim=0, stable=True).argsort(dim=0).double() + 1
    n, others = labels.sum(), (~labels).sum()
    return ((ranks[labels].sum(dim=0) - n * (n + 1) / 2) / (n * others)).to(latents.dtype)


@misconception(
    "You compare the concept's tokens with all tokens. Compare them with the tokens that do not belong to the concept.",
    replaces="auroc",
)
def against_all_tokens(latents, labels):
    refuse_one_sided(labels)
    positive, everyone = latents[labels][:, None].double(), latents[None].double()
    wins = (positive > everyone).double() + (positive == everyone).double() / 2
    return wins.mean(dim=(0, 1)).to(latents.dtype)


@misconception(
    "You take a latent whose AUROC is nearly the highest. Take the one with the highest: compare the numbers as they are."
)
def nearly_the_highest(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    return judged((train >= train.amax(1, keepdim=True) - 1e-2).int().argmax(1), train, test)


@misconception(
    "Of several latents with the same AUROC you choose the last. The first one is asked for.",
)
def last_of_equals(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    return judged(train.shape[1] - 1 - train.flip(1).argmax(dim=1), train, test)


@misconception(
    "For a single concept your results have lost their axis. They are `[concept]` there too: call no `squeeze`.",
)
def one_concept_squeezed(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    return {name: value.squeeze() for name, value in judged(train.argmax(dim=1), train, test).items()}


@misconception(
    "You give no latent to two concepts. Each concept gets the latent with the highest AUROC, whatever the other "
    "concepts have.",
)
def each_latent_once(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    left, chosen = train.clone(), []
    for row in left:
        chosen.append(row.argmax())
        left[:, chosen[-1]] = -1
    return judged(torch.stack(chosen), train, test)


@misconception(
    "You choose the latent whose AUROC is farthest from one half. It may be upside down, near 0: choose the "
    "highest AUROC.",
)
def farthest_from_half(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    return judged((train - 0.5).abs().argmax(dim=1), train, test)


@misconception(
    "You choose the latent whose mean activation differs most between the two groups. Choose by AUROC.",
)
def largest_difference_of_means(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    gaps = [train_latents[labels].mean(dim=0) - train_latents[~labels].mean(dim=0) for labels in train_labels]
    return judged(torch.stack(gaps).argmax(dim=1), train, test)


@misconception(
    "Where no token belongs to the concept you return a number. There is no pair to compare then: raise a `ValueError`.",
    replaces="auroc",
)
def none_is_half(latents, labels):
    if not labels.any():
        return torch.full_like(latents[0], 0.5)
    return right_auroc(latents, labels)


@misconception(
    "Where all tokens belong to the concept you return a number. There is no pair to compare then: raise a `ValueError`.",
    replaces="auroc",
)
def all_not_refused(latents, labels):
    if labels.all():
        return torch.full_like(latents[0], torch.nan)
    return right_auroc(latents, labels)


@misconception(
    "You choose and judge without an error where a concept has no token, or all, among the tokens to choose by. Raise a `ValueError` there."
)
def train_not_refused(train_latents, train_labels, test_latents, test_labels):
    test = every(test_latents, test_labels)
    sided = [labels.all() or not labels.any() for labels in train_labels]
    rows = [
        torch.full_like(test[0], 0.5) if bad else right_auroc(train_latents, labels)
        for bad, labels in zip(sided, train_labels, strict=True)
    ]
    train = torch.stack(rows)
    return judged(train.argmax(dim=1), train, test)


@misconception(
    "You judge without an error where a concept has no token, or all, among the tokens to judge by. Raise a `ValueError` there."
)
def test_not_refused(train_latents, train_labels, test_latents, test_labels):
    train = every(train_latents, train_labels)
    sided = [labels.all() or not labels.any() for labels in test_labels]
    rows = [
        torch.full_like(train[0], torch.nan) if bad else right_auroc(test_latents, labels)
        for bad, labels in zip(sided, test_labels, strict=True)
    ]
    return judged(train.argmax(dim=1), train, torch.stack(rows))


@misconception(
    "You return the precision: the share of the tokens on which a latent fires that belong to the concept. AUROC compares pairs of "
    "tokens, and needs no threshold.",
    replaces="auroc",
)
def precision(latents, labels):
    refuse_one_sided(labels)
    fires = (latents > 0).double()
    return (fires[labels].sum(dim=0) / fires.sum(dim=0).clamp(min=1)).to(latents.dtype)


@misconception(
    "You return the correlation of activation and label. AUROC is a share of pairs: it asks which activation is higher, not by how much.",
    replaces="auroc",
)
def correlation(latents, labels):
    refuse_one_sided(labels)
    centred = latents.double() - latents.double().mean(dim=0)
    marks = labels.double() - labels.double().mean()
    sizes = centred.pow(2).sum(dim=0).sqrt() * marks.pow(2).sum().sqrt()
    return ((centred * marks[:, None]).sum(dim=0) / sizes.clamp(min=1e-12)).to(latents.dtype)


@misconception(
    "You return how many pairs are won. Divide by the number of pairs, so that 1 is perfect.",
    replaces="auroc",
)
def number_of_pairs(latents, labels):
    return right_auroc(latents, labels) * labels.sum() * (~labels).sum()


@misconception(
    "You divide by all pairs of tokens. Only pairs of a token of the concept and another one are compared, so divide by their number.",
    replaces="auroc",
)
def divides_by_all_pairs(latents, labels):
    pairs_compared, tokens = labels.sum() * (~labels).sum(), len(labels)
    return right_auroc(latents, labels) * pairs_compared / (tokens * (tokens - 1) / 2)


@misconception(
    "You return twice the AUROC, minus 1: it runs from -1 to 1. Chance is to be one half, and upside down 0.",
    replaces="auroc",
)
def from_minus_one(latents, labels):
    return 2 * right_auroc(latents, labels) - 1


@misconception(
    "You compare the mean activation of the concept's tokens with each other token. Compare every token of the concept, then take the mean.",
    replaces="auroc",
)
def mean_against_each(latents, labels):
    refuse_one_sided(labels)
    mean, others = latents[labels].double().mean(dim=0), latents[~labels].double()
    return ((mean > others).double() + (mean == others).double() / 2).mean(dim=0).to(latents.dtype)


@misconception("Your results are lists. They should be tensors of shape `[concept]`.")
def lists_for_tensors(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    return {name: value.tolist() for name, value in judged(train.argmax(dim=1), train, test).items()}


@misconception(
    "You choose a concept for each latent. Choose a latent for each concept: the result has as many entries as there are concepts."
)
def a_concept_for_each_latent(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    return {
        "latent": train.argmax(dim=0),
        "train_auroc": train.max(dim=0).values,
        "test_auroc": test.gather(0, train.argmax(dim=0)[None])[0],
    }


@misconception(
    "Where a concept has no token in one of the sets, or all, you go on without an error. Raise a `ValueError`, for the tokens to choose by "
    "and for those to judge by."
)
def neither_set_refused(train_latents, train_labels, test_latents, test_labels):
    def lenient(latents, labels):
        rows = [
            torch.full_like(latents[0], 0.5) if row.all() or not row.any() else right_auroc(latents, row)
            for row in labels
        ]
        return torch.stack(rows)

    train, test = lenient(train_latents, train_labels), lenient(test_latents, test_labels)
    return judged(train.argmax(dim=1), train, test)


@misconception("You choose the latent with the lowest AUROC. The highest one is asked for.")
def lowest_auroc(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    return judged(train.argmin(dim=1), train, test)


@misconception("Your two AUROCs are exchanged: `train_auroc` is that on the tokens to choose by.")
def aurocs_exchanged(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    found = judged(train.argmax(dim=1), train, test)
    return found | {"train_auroc": found["test_auroc"], "test_auroc": found["train_auroc"]}


@misconception(
    "You choose the latent that fires on most of the concept's tokens. One that fires everywhere does so too: choose by AUROC."
)
def fires_on_most_of_the_concept(train_latents, train_labels, test_latents, test_labels):
    train, test = every(train_latents, train_labels), every(test_latents, test_labels)
    recall = torch.stack([(train_latents[labels] > 0).double().mean(dim=0) for labels in train_labels])
    return judged(recall.argmax(dim=1), train, test)
