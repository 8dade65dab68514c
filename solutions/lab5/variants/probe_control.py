"""Right and wrong ways to fit a linear probe, and to judge it beside a control task."""

import torch
from torch.nn.functional import one_hot

from mechgrade.authoring.variants import accepted, misconception


def refuse(ridge):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if ridge <= 0:
        raise ValueError("ridge should be above 0")


def solved(x, targets, strength):
    """Ridge regression without a bias."""
    return torch.linalg.solve(x.T @ x + strength * torch.eye(x.shape[1]).to(x), x.T @ targets)


def fitted(activations, labels, n_classes, strength):
    """Weights and bias for a strength that multiplies the identity."""
    targets = one_hot(labels, n_classes).to(activations.dtype)
    weights = solved(activations - activations.mean(0), targets, strength)
    return weights, targets.mean(0) - activations.mean(0) @ weights


def share_right(probe, activations, truth):
    """The share of tokens for which a probe's class is the true one."""
    weights, bias = probe
    return ((activations @ weights + bias).argmax(1) == truth).double().mean().item()


def both(train, labels, test, truth, n_classes, ridge):
    """A probe fitted on one set, judged on another."""
    return share_right(fitted(train, labels, n_classes, ridge * len(train)), test, truth)


def report(accuracy, control):
    """The three results."""
    return {"accuracy": accuracy, "control_accuracy": control, "selectivity": accuracy - control}


@accepted(replaces="fit_probe")
def by_longer_rows(activations, labels, n_classes, ridge):
    """Ridge regression as least squares with extra rows, on centred activations and labels."""
    refuse(ridge)
    targets = one_hot(labels, n_classes).to(activations.dtype)
    x, y = activations - activations.mean(0), targets - targets.mean(0)
    root = (ridge * len(x)) ** 0.5
    weights = torch.linalg.lstsq(
        torch.cat([x, root * torch.eye(x.shape[1]).to(x)]), torch.cat([y, torch.zeros(x.shape[1], n_classes).to(y)])
    ).solution
    return weights, targets.mean(0) - activations.mean(0) @ weights


@accepted(replaces="fit_probe")
def by_dual(activations, labels, n_classes, ridge):
    """The dual form, a matrix as large as the number of tokens; in float64."""
    refuse(ridge)
    x = (activations - activations.mean(0)).double()
    targets = one_hot(labels, n_classes).double()
    weights = x.T @ torch.linalg.solve(x @ x.T + ridge * len(x) * torch.eye(len(x)).to(x), targets)
    bias = targets.mean(0) - activations.double().mean(0) @ weights
    return weights.to(activations.dtype), bias.to(activations.dtype)


@accepted
def by_counting(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    """Right answers counted one by one."""
    found = []
    for labels, truth in ((train_labels, test_labels), (control[train_words], control[test_words])):
        weights, bias = fitted(train, labels, n_classes, ridge * len(train))
        guesses = [int((row @ weights + bias).argmax()) for row in test]
        found.append(sum(g == t for g, t in zip(guesses, truth.tolist(), strict=True)) / len(guesses))
    return report(*found)


@misconception(
    "Your probe has no bias: you do not take the means away. Activations are far from zero, so the weights must then also "
    "explain where the middle is.",
    replaces="fit_probe",
)
def no_centring(activations, labels, n_classes, ridge):
    refuse(ridge)
    targets = one_hot(labels, n_classes).to(activations.dtype)
    weights = solved(activations, targets, ridge * len(activations))
    return weights, torch.zeros(n_classes).to(weights)


@misconception(
    "You punish the bias like a weight, because it is the weight of a column of ones. Take the means away first; then the "
    "bias is free.",
    replaces="fit_probe",
)
def punished_bias(activations, labels, n_classes, ridge):
    refuse(ridge)
    x = torch.cat([activations, torch.ones(len(activations), 1).to(activations)], dim=1)
    weights = solved(x, one_hot(labels, n_classes).to(x.dtype), ridge * len(x))
    return weights[:-1], weights[-1]


@misconception(
    "You add λ and not λ times the number of tokens. With more tokens your probe is punished less.",
    replaces="fit_probe",
)
def strength_without_n(activations, labels, n_classes, ridge):
    refuse(ridge)
    return fitted(activations, labels, n_classes, ridge)


@misconception(
    "You multiply λ with the number of classes or of axes, not with the number of tokens.", replaces="fit_probe"
)
def strength_times_d(activations, labels, n_classes, ridge):
    refuse(ridge)
    return fitted(activations, labels, n_classes, ridge * activations.shape[1])


@misconception(
    "You leave λ out: this is plain least squares. Punish large weights, as the formula does.", replaces="fit_probe"
)
def no_ridge(activations, labels, n_classes, ridge):
    refuse(ridge)
    return fitted(activations, labels, n_classes, 1e-9)


@misconception(
    "Your bias is the mean of the labels alone. The activations have a mean too: subtract what the weights make of it.",
    replaces="fit_probe",
)
def bias_without_the_activations(activations, labels, n_classes, ridge):
    refuse(ridge)
    weights, _ = fitted(activations, labels, n_classes, ridge * len(activations))
    return weights, one_hot(labels, n_classes).to(weights.dtype).mean(0)


@misconception(
    "Your bias adds what the weights make of the mean activation. It has to be subtracted.", replaces="fit_probe"
)
def bias_with_the_wrong_sign(activations, labels, n_classes, ridge):
    refuse(ridge)
    weights, bias = fitted(activations, labels, n_classes, ridge * len(activations))
    return weights, bias + 2 * activations.mean(0) @ weights


@misconception(
    "You divide the activations by their standard deviation, and the weights belong to these other activations. Take only "
    "the mean away.",
    replaces="fit_probe",
)
def standardised(activations, labels, n_classes, ridge):
    refuse(ridge)
    return fitted(activations / activations.std(0), labels, n_classes, ridge * len(activations))


@misconception(
    "You count the classes that occur and not `n_classes`, so a class without a token is missing from your weights.",
    replaces="fit_probe",
)
def classes_that_occur(activations, labels, n_classes, ridge):
    refuse(ridge)
    return fitted(activations, labels, int(labels.max()) + 1, ridge * len(activations))


@misconception(
    "Your labels are 1 and -1 in place of 1 and 0. The largest entry is the same, but the weights are twice as large.",
    replaces="fit_probe",
)
def plus_and_minus_one(activations, labels, n_classes, ridge):
    refuse(ridge)
    weights, bias = fitted(activations, labels, n_classes, ridge * len(activations))
    return 2 * weights, 2 * bias - 1


@misconception("A λ of 0 or below gives no `ValueError` in yours. The docstring asks for one.", replaces="fit_probe")
def any_ridge(activations, labels, n_classes, ridge):
    return fitted(activations, labels, n_classes, ridge * len(activations))


@misconception(
    "You judge the probes on the tokens that they were fitted on. Use the test tokens: the others are known by heart."
)
def judged_on_train(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    mine = both(train, train_labels, train, train_labels, n_classes, ridge)
    labels = control[train_words]
    return report(mine, both(train, labels, train, labels, n_classes, ridge))


@misconception(
    "You fit the probes on the test tokens. Fit them on the training tokens, and judge them on the test tokens."
)
def fitted_on_test(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    mine = both(test, test_labels, test, test_labels, n_classes, ridge)
    labels = control[test_words]
    return report(mine, both(test, labels, test, labels, n_classes, ridge))


@misconception("Your selectivity has the wrong sign: it is the accuracy minus the control accuracy.")
def wrong_sign(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    found = report(
        both(train, train_labels, test, test_labels, n_classes, ridge),
        both(train, control[train_words], test, control[test_words], n_classes, ridge),
    )
    return {**found, "selectivity": -found["selectivity"]}


@misconception("Your selectivity is a ratio. It is the *difference* of the two accuracies.")
def ratio(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    mine = both(train, train_labels, test, test_labels, n_classes, ridge)
    nonsense = both(train, control[train_words], test, control[test_words], n_classes, ridge)
    return {**report(mine, nonsense), "selectivity": mine / max(nonsense, 1e-9)}


@misconception(
    "You judge the *first* probe on the control labels. It never saw them. Fit a second probe on the control labels of the "
    "training tokens."
)
def first_probe_on_control(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    probe = fitted(train, train_labels, n_classes, ridge * len(train))
    return report(share_right(probe, test, test_labels), share_right(probe, test, control[test_words]))


@misconception(
    "You take chance for the control accuracy, one over the number of classes. A probe can learn nonsense labels by heart, so "
    "fit one and see."
)
def chance(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    return report(both(train, train_labels, test, test_labels, n_classes, ridge), 1 / n_classes)


@misconception(
    "You give control classes to the tokens in their order. The class belongs to the *word*: the same word has the same class "
    "in both sets."
)
def class_for_each_token(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    first, second = (control[torch.arange(len(x)) % len(control)] for x in (train, test))
    return report(
        both(train, train_labels, test, test_labels, n_classes, ridge),
        both(train, first, test, second, n_classes, ridge),
    )


@misconception(
    "You look the control class up by the token's *label*. Look it up by its word: `control[train_words]`. A label that only "
    "renames the first one is no control."
)
def control_by_label(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    return report(
        both(train, train_labels, test, test_labels, n_classes, ridge),
        both(train, control[train_labels], test, control[test_labels], n_classes, ridge),
    )


@misconception("Your accuracies are percentages. Give shares between 0 and 1.")
def percentages(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    return report(
        100 * both(train, train_labels, test, test_labels, n_classes, ridge),
        100 * both(train, control[train_words], test, control[test_words], n_classes, ridge),
    )


@misconception(
    "Your weights and bias are in float64. They are to have the activations' type, float32 here: convert them back at the end.",
    replaces="fit_probe",
)
def probe_in_float64(activations, labels, n_classes, ridge):
    refuse(ridge)
    return fitted(activations.double(), labels, n_classes, ridge * len(activations))


@misconception(
    "A λ of 0 gives no `ValueError` in yours: you refuse negative numbers alone. Ask for more than 0.",
    replaces="fit_probe",
)
def zero_ridge(activations, labels, n_classes, ridge):
    if ridge < 0:
        raise ValueError("ridge should not be negative")
    return fitted(activations, labels, n_classes, ridge * len(activations))


@misconception(
    "A negative λ gives no `ValueError` in yours: you refuse 0 alone. Ask for more than 0.",
    replaces="fit_probe",
)
def negative_ridge(activations, labels, n_classes, ridge):
    if ridge == 0:
        raise ValueError("ridge should not be 0")
    return fitted(activations, labels, n_classes, ridge * len(activations))


@misconception(
    "You judge the control probe on the tokens that it was fitted on. Judge it on the test tokens, with the classes of their "
    "words, as you judge the first probe."
)
def control_judged_on_train(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    labels = control[train_words]
    return report(
        both(train, train_labels, test, test_labels, n_classes, ridge),
        both(train, labels, train, labels, n_classes, ridge),
    )


@misconception(
    "You judge the first probe on the tokens that it was fitted on, and the control probe on the test tokens. Both are judged "
    "on the test tokens."
)
def accuracy_judged_on_train(
    train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge
):
    labels = control[train_words]
    return report(
        both(train, train_labels, train, train_labels, n_classes, ridge),
        both(train, labels, test, control[test_words], n_classes, ridge),
    )


@misconception(
    "You judge the control probe by the *true* labels of the test tokens. Its own classes are those of the words: "
    "`control[test_words]`."
)
def control_judged_by_labels(
    train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge
):
    return report(
        both(train, train_labels, test, test_labels, n_classes, ridge),
        both(train, control[train_words], test, test_labels, n_classes, ridge),
    )


@misconception("You fit the control probe on the test tokens. Both probes are fitted on the training tokens.")
def control_fitted_on_test(train, train_labels, train_words, test, test_labels, test_words, control, n_classes, ridge):
    labels = control[test_words]
    return report(
        both(train, train_labels, test, test_labels, n_classes, ridge),
        both(test, labels, test, labels, n_classes, ridge),
    )


@misconception(
    "Your bias is missing: you take the means away to fit the weights, and give a bias of 0. Give the mean of the labels minus "
    "what the weights make of the mean activation.",
    replaces="fit_probe",
)
def bias_of_zero(activations, labels, n_classes, ridge):
    refuse(ridge)
    weights, bias = fitted(activations, labels, n_classes, ridge * len(activations))
    return weights, torch.zeros_like(bias)


@misconception(
    "Your λ is taken once for all tokens together, as if the mean of the errors were taken, but the products are summed over "
    "tokens: the punishment is `ridge` divided by the number of tokens.",
    replaces="fit_probe",
)
def strength_divided_by_n(activations, labels, n_classes, ridge):
    refuse(ridge)
    return fitted(activations, labels, n_classes, ridge / len(activations))


@misconception(
    "Your weights are transposed: `[n_classes, d]`. They have the shape `[d, n_classes]`, so that `activations @ weights` gives "
    "a number for each class.",
    replaces="fit_probe",
)
def weights_transposed(activations, labels, n_classes, ridge):
    refuse(ridge)
    weights, bias = fitted(activations, labels, n_classes, ridge * len(activations))
    return weights.T, bias
