# WRONG: the fuzzing over all contexts shows the decoys of silent contexts too; promised: 'In silent contexts decoys mean nothing', both markings of all active contexts
import torch


def balanced_accuracy(said, true):
    said, true = said.bool(), true.bool()
    shares = [said[true].double(), said[~true].logical_not().double()]
    if any(len(share) == 0 for share in shares):
        raise ValueError("the truth must be yes and no at least once each")
    return sum(share.mean().item() for share in shares) / 2


def strength_bins(activations, n_bins):
    strength = activations.amax(dim=1)
    order = [place for place in strength.argsort(stable=True).tolist() if strength[place] > 0]
    if len(order) < n_bins:
        raise ValueError("fewer active contexts than bins")
    bins = torch.full(strength.shape, -1, dtype=torch.long, device=activations.device)
    for rank, place in enumerate(order):
        bins[place] = rank * n_bins // len(order)
    return bins


def explanation_score(description, tokens, activations, decoys, n_bins):
    bins = strength_bins(activations, n_bins)
    fits = description(tokens).bool()
    reacts = fits.any(dim=1)

    def accepted(marked):
        return 2 * (fits & marked).sum(dim=1) > marked.sum(dim=1)

    right, wrong = accepted(activations > 0), accepted(decoys.bool())

    def detection(chosen):
        shown = chosen | (bins < 0)
        return balanced_accuracy(reacts[shown], chosen[shown])

    def fuzzing(chosen):
        shown = chosen | ((bins < 0) & decoys.bool().any(dim=1))
        answers = torch.cat([right[chosen], wrong[shown]])
        return balanced_accuracy(answers, torch.arange(len(answers), device=answers.device) < int(chosen.sum()))

    single = [bins == number for number in range(n_bins)]
    return {
        "detection": detection(bins >= 0),
        "fuzzing": fuzzing(bins >= 0),
        "detection_by_bin": [detection(chosen) for chosen in single],
        "fuzzing_by_bin": [fuzzing(chosen) for chosen in single],
    }
