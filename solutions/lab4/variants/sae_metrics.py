"""Right and wrong ways to judge an autoencoder."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def right(x, reconstruction, latents):
    """The four numbers as they should be: a misconception is wrong in one of them."""
    residual, centred = x - reconstruction, x - x.mean(0)
    cosine = (x * reconstruction).sum(-1) / (x.norm(dim=-1) * reconstruction.norm(dim=-1)).clamp(min=1e-8)
    return {
        "l0": (latents > 0).double().sum(-1).mean().item(),
        "explained_variance": (1 - (residual * residual).sum() / (centred * centred).sum()).item(),
        "dead": ((latents > 0).sum(0) == 0).double().mean().item(),
        "cosine": cosine.mean().item(),
    }


def refuse(clean, ablated):
    """Raise the error that the exercise asks for."""
    if clean == ablated:
        raise ValueError("ablating changes nothing")


@accepted
def by_loop(x, reconstruction, latents):
    """One token after the other, in float64."""
    x, reconstruction = x.double(), reconstruction.double()
    mean = x.mean(0)
    tokens, d_sae = latents.shape
    fired, count, error, spread, cosine = [False] * d_sae, 0, 0.0, 0.0, 0.0
    for n in range(tokens):
        for latent in range(d_sae):
            if latents[n, latent] > 0:
                fired[latent], count = True, count + 1
        error += torch.dot(x[n] - reconstruction[n], x[n] - reconstruction[n]).item()
        spread += torch.dot(x[n] - mean, x[n] - mean).item()
        lengths = x[n].norm() * reconstruction[n].norm()
        cosine += (torch.dot(x[n], reconstruction[n]) / lengths).item() if lengths > 0 else 0.0
    return {
        "l0": count / tokens,
        "explained_variance": 1 - error / spread,
        "dead": fired.count(False) / d_sae,
        "cosine": cosine / tokens,
    }


@accepted
def by_library_calls(x, reconstruction, latents):
    """Variances and errors as means over entries: the divisors cancel."""
    total = x.var(dim=0, correction=0).mean()
    unit = torch.nn.functional.normalize
    return {
        "l0": torch.count_nonzero(latents).item() / len(latents),
        "explained_variance": (1 - torch.nn.functional.mse_loss(reconstruction, x) / total).item(),
        "dead": (latents.amax(dim=0) == 0).to(torch.float64).mean().item(),
        "cosine": (unit(x, dim=-1) * unit(reconstruction, dim=-1)).sum(-1).mean().item(),
    }


@accepted(replaces="loss_recovered")
def one_minus_the_cost(clean, spliced, ablated):
    """One minus what splicing costs, as a share of what ablating costs."""
    refuse(clean, ablated)
    return 1 - (spliced - clean) / (ablated - clean)


@misconception(
    "Your explained variance compares with the size of the activations, not with their variance: take the mean activation "
    "away in the denominator. Otherwise an SAE that always returns the mean looks good."
)
def uncentred(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["explained_variance"] = 1 - ((x - reconstruction) ** 2).sum().item() / (x**2).sum().item()
    return found


@misconception(
    "You take the mean over the entries of each activation. The mean activation is a vector: the mean over the *tokens*, for "
    "each dimension by itself."
)
def mean_over_features(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    spread = ((x - x.mean(dim=1, keepdim=True)) ** 2).sum()
    found["explained_variance"] = 1 - (((x - reconstruction) ** 2).sum() / spread).item()
    return found


@misconception(
    "You compute a ratio for each dimension and then average. Dimensions with little variance then count as much as those "
    "with much: sum over everything first, and divide once."
)
def mean_of_ratios(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    ratios = ((x - reconstruction) ** 2).sum(0) / ((x - x.mean(0)) ** 2).sum(0)
    found["explained_variance"] = (1 - ratios).mean().item()
    return found


@misconception("You return the share of variance that is left *un*explained: it is 1 minus that.")
def unexplained(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["explained_variance"] = 1 - found["explained_variance"]
    return found


@misconception(
    "Your L0 is the share of active latents. It is a count: how many are active on an activation, on average over the tokens."
)
def share_for_count(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["l0"] /= latents.shape[1]
    return found


@misconception(
    "Your L0 counts the active latents of all tokens together, so it grows with the text. Take the mean over the tokens."
)
def summed_l0(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["l0"] = float((latents > 0).sum())
    return found


@misconception(
    "Your L0 is the sum of the latents, which is L1. L0 asks only whether a latent is active, not how strongly."
)
def l1_for_l0(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["l0"] = latents.sum(-1).mean().item()
    return found


@misconception("You return how many latents are dead. Asked for is their share of all latents.")
def count_for_share(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["dead"] = float(((latents > 0).sum(0) == 0).sum())
    return found


@misconception(
    "You call a latent dead when it is silent on *some* token. Nearly all are. Dead is a latent that is silent on all of them."
)
def silent_once(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["dead"] = (latents == 0).any(0).double().mean().item()
    return found


@misconception(
    "You take all tokens as one long vector and return its cosine, so that long activations dominate. Take the cosine of each "
    "token, then the mean."
)
def one_cosine(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["cosine"] = torch.cosine_similarity(x.flatten(), reconstruction.flatten(), dim=0).item()
    return found


@misconception(
    "You count a latent as dead although it is active on a few tokens. Dead is a latent that is active on no token at all: "
    "ask whether any entry of its column is above 0."
)
def rarely_active(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["dead"] = ((latents > 0).double().mean(0) < 0.01).double().mean().item()
    return found


@misconception(
    "Your share of dead latents also counts latents that are active, but only weakly. Any value above 0 is active: compare with "
    "0, not with a small number."
)
def weak_is_dead(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["dead"] = (latents.amax(0) < 1e-3).double().mean().item()
    return found


@misconception(
    "Your L0 leaves out latents that are active, but only weakly. Any value above 0 is active: compare with 0, not with a small "
    "number."
)
def weak_not_counted(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["l0"] = (latents > 1e-3).double().sum(-1).mean().item()
    return found


@misconception(
    "Your L0 is a mean over the tokens that have an active latent. Tokens without any active latent count too, with 0."
)
def without_silent_tokens(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    counts = (latents > 0).double().sum(-1)
    found["l0"] = counts.sum().item() / max((counts > 0).sum().item(), 1)
    return found


@misconception(
    "You take the mean activation away before you compute the cosine. The cosine here is that of `x` and `reconstruction` "
    "themselves."
)
def centred_cosine(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["cosine"] = torch.cosine_similarity(x - x.mean(0), reconstruction - x.mean(0), dim=1).mean().item()
    return found


@misconception(
    "Your cosine compares dimensions: one cosine for each column. Take one for each token, with `dim=1`, and then the mean."
)
def cosine_of_columns(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["cosine"] = torch.cosine_similarity(x, reconstruction, dim=0).mean().item()
    return found


@misconception(
    "Your explained variance is never below 0. A reconstruction can be worse than the mean activation, and that should show."
)
def never_negative(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["explained_variance"] = max(found["explained_variance"], 0.0)
    return found


@misconception(
    "You compute a ratio for each token and then average. Sum the squares over all tokens first, and divide once."
)
def mean_of_token_ratios(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    ratios = ((x - reconstruction) ** 2).sum(1) / ((x - x.mean(0)) ** 2).sum(1)
    found["explained_variance"] = (1 - ratios).mean().item()
    return found


@misconception(
    "You use one number as the mean activation, the mean of all entries. The mean activation is a vector: `x.mean(dim=0)`."
)
def one_number_for_the_mean(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["explained_variance"] = 1 - (((x - reconstruction) ** 2).sum() / ((x - x.mean()) ** 2).sum()).item()
    return found


@misconception(
    "You take the mean error away before you square the error. An SAE that is off by the same vector everywhere would then look "
    "perfect: square `x - reconstruction` itself."
)
def centred_error(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    error = x - reconstruction
    found["explained_variance"] = 1 - (((error - error.mean(0)) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()).item()
    return found


@misconception(
    "You divide two sums of squares by different counts: the mean error by the number of tokens, the variance by one less. Use "
    "the same divisor for both, or the plain sums."
)
def one_less(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["explained_variance"] = 1 - (((x - reconstruction) ** 2).mean(0).sum() / x.var(0).sum()).item()
    return found


@misconception(
    "You return what is lost, as a share: 0 for a perfect reconstruction. Recovered is the rest, 1 minus that.",
    replaces="loss_recovered",
)
def lost(clean, spliced, ablated):
    refuse(clean, ablated)
    return (spliced - clean) / (ablated - clean)


@misconception(
    "You divide by the clean loss. The scale is what ablating *costs*, the ablated loss minus the clean one: only so is "
    "ablating itself 0.",
    replaces="loss_recovered",
)
def divides_by_clean(clean, spliced, ablated):
    refuse(clean, ablated)
    return (ablated - spliced) / clean


@misconception(
    "You divide the clean loss by the spliced one. A loss has no natural zero; the formula measures both against ablating.",
    replaces="loss_recovered",
)
def plain_ratio(clean, spliced, ablated):
    refuse(clean, ablated)
    return clean / spliced


@misconception(
    "You cut the result to the range from 0 to 1. A reconstruction may do more harm than zeros, and that should show.",
    replaces="loss_recovered",
)
def clamped(clean, spliced, ablated):
    refuse(clean, ablated)
    return min(max((ablated - spliced) / (ablated - clean), 0.0), 1.0)


@misconception(
    "Where ablating changes nothing you divide by 0, or return a number that means nothing. The docstring asks for a "
    "`ValueError` there.",
    replaces="loss_recovered",
)
def no_refusal(clean, spliced, ablated):
    return (ablated - spliced) / (ablated - clean) if ablated != clean else 1.0


@misconception(
    "You refuse losses that are close to each other. Only where `ablated` equals `clean` exactly is there a `ValueError`; a small "
    "difference gives a ratio as any other.",
    replaces="loss_recovered",
)
def refuses_small_harm(clean, spliced, ablated):
    if abs(ablated - clean) < 0.01:
        raise ValueError("ablating changes nothing")
    return (ablated - spliced) / (ablated - clean)


@misconception(
    "You refuse an ablated loss below the clean one. Only where both are equal is there a `ValueError`.",
    replaces="loss_recovered",
)
def refuses_help(clean, spliced, ablated):
    if ablated <= clean:
        raise ValueError("ablating does no harm")
    return (ablated - spliced) / (ablated - clean)


@misconception(
    "Where `ablated` equals `clean` your function stops with a `ZeroDivisionError`. The docstring asks for a `ValueError`.",
    replaces="loss_recovered",
)
def plain_division(clean, spliced, ablated):
    return (ablated - spliced) / (ablated - clean)


@misconception("Your four results are tensors. Each should be one Python number: call `item()`.")
def tensors_for_numbers(x, reconstruction, latents):
    return {name: torch.tensor(value, dtype=torch.float64) for name, value in right(x, reconstruction, latents).items()}


@misconception(
    "`loss_recovered` returns a tensor. The result should be one Python number.",
    replaces="loss_recovered",
)
def tensor_for_the_share(clean, spliced, ablated):
    refuse(clean, ablated)
    return torch.tensor((ablated - spliced) / (ablated - clean), dtype=torch.float64)


@misconception(
    "Your `dead` is the share of *tokens* on which no latent is active. It is the share of latents that are active on no token: reduce the "
    "other axis."
)
def tokens_without_latents(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["dead"] = 1 - (latents > 0).any(dim=1).double().mean().item()
    return found


@misconception("Your `dead` is the share of latents that are alive. It is 1 minus that.")
def alive(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["dead"] = 1 - found["dead"]
    return found


@misconception(
    "Your L0 is the mean number of tokens on which a latent is active. It is the mean number of latents that are active on a token: reduce "
    "the other axis."
)
def tokens_of_a_latent(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["l0"] = (latents > 0).double().sum(0).mean().item()
    return found


@misconception(
    "Your L0 is the number of latents that are ever active. Count those that are active on each activation, and take the mean."
)
def ever_active(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["l0"] = float((latents > 0).any(0).sum())
    return found


@misconception(
    "You divide distances, not squared distances: a square is missing in both sums of your explained variance."
)
def not_squared(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["explained_variance"] = (
        1 - ((x - reconstruction).norm(dim=1).sum() / (x - x.mean(0)).norm(dim=1).sum()).item()
    )
    return found


@misconception("You take a root of the ratio. Explained variance is 1 minus the ratio of the sums of squares itself.")
def root_of_the_ratio(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["explained_variance"] = 1 - max(1 - found["explained_variance"], 0.0) ** 0.5
    return found


@misconception(
    "You subtract the mean of the *reconstruction* in the denominator. It is the variance of the activations: take the mean of `x`."
)
def mean_of_the_reconstruction(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    spread = ((x - reconstruction.mean(0)) ** 2).sum()
    found["explained_variance"] = 1 - (((x - reconstruction) ** 2).sum() / spread).item()
    return found


@misconception(
    "You compare with the variance of the *reconstruction*. The denominator is the variance of the activations `x`."
)
def spread_of_the_reconstruction(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    spread = ((reconstruction - reconstruction.mean(0)) ** 2).sum().clamp(min=1e-12)
    found["explained_variance"] = 1 - (((x - reconstruction) ** 2).sum() / spread).item()
    return found


@misconception(
    "You return the variance of the reconstruction, as a share of that of the activations. A reconstruction that varies as much and is "
    "wrong would look perfect: look at the errors."
)
def variance_of_the_reconstruction(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    spread = ((reconstruction - reconstruction.mean(0)) ** 2).sum()
    found["explained_variance"] = (spread / ((x - x.mean(0)) ** 2).sum()).item()
    return found


@misconception(
    "You return the squared correlation of `x` and `reconstruction`. Explained variance looks at the errors themselves."
)
def squared_correlation(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    both = torch.stack([(x - x.mean(0)).flatten(), (reconstruction - reconstruction.mean(0)).flatten()]).double()
    dots = both @ both.T
    found["explained_variance"] = (dots[0, 1] ** 2 / (dots[0, 0] * dots[1, 1]).clamp(min=1e-20)).item()
    return found


@misconception("Your cosine is a distance, 1 minus the cosine. Return the mean cosine itself.")
def cosine_distance(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["cosine"] = 1 - found["cosine"]
    return found


@misconception("You return the mean dot product. A cosine is the dot product divided by both lengths.")
def dot_product(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["cosine"] = (x * reconstruction).sum(1).mean().item()
    return found


@misconception(
    "Your cosine has no sign: you take its absolute value. Where the reconstruction points away it is negative."
)
def cosine_without_sign(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["cosine"] = torch.cosine_similarity(x, reconstruction, dim=1).abs().mean().item()
    return found


@misconception(
    "You refuse losses that differ by next to nothing. Only where `ablated` equals `clean` exactly is there a `ValueError`: compare with "
    "`==`.",
    replaces="loss_recovered",
)
def refuses_tiny_harm(clean, spliced, ablated):
    if abs(ablated - clean) < 1e-9:
        raise ValueError("ablating changes nothing")
    return (ablated - spliced) / (ablated - clean)


@misconception(
    "Your result has the wrong sign: it is the ablated loss minus the spliced one that is recovered.",
    replaces="loss_recovered",
)
def recovered_with_the_wrong_sign(clean, spliced, ablated):
    refuse(clean, ablated)
    return (spliced - ablated) / (ablated - clean)


@misconception(
    "You divide by the ablated loss. The scale is what ablating *costs*, the ablated loss minus the clean one.",
    replaces="loss_recovered",
)
def divides_by_ablated(clean, spliced, ablated):
    refuse(clean, ablated)
    return (ablated - spliced) / ablated


@misconception(
    "You divide by what splicing costs. The scale is what ablating costs, the ablated loss minus the clean one.",
    replaces="loss_recovered",
)
def divides_by_the_cost_of_splicing(clean, spliced, ablated):
    refuse(clean, ablated)
    return (ablated - spliced) / (spliced - clean) if spliced != clean else 1.0


@misconception(
    "You return the difference of the two losses in nats. It is asked for as a share of what ablating costs: divide by it.",
    replaces="loss_recovered",
)
def not_divided(clean, spliced, ablated):
    refuse(clean, ablated)
    return ablated - spliced


@misconception(
    "You never let the result exceed 1. A spliced model may be better than the clean one, and that should show.",
    replaces="loss_recovered",
)
def at_most_one(clean, spliced, ablated):
    refuse(clean, ablated)
    return min((ablated - spliced) / (ablated - clean), 1.0)


@misconception(
    "You never let the result fall below 0. A reconstruction may do more harm than zeros, and that should show.",
    replaces="loss_recovered",
)
def at_least_zero(clean, spliced, ablated):
    refuse(clean, ablated)
    return max((ablated - spliced) / (ablated - clean), 0.0)


@misconception(
    "You count a latent as dead although it is active on some tokens, on less than a thousandth of them. Dead is a latent that is active on "
    "no token at all."
)
def active_on_less_than_a_thousandth(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["dead"] = ((latents > 0).double().mean(0) < 0.001).double().mean().item()
    return found


@misconception(
    "You add a small number to the spread of the activations before you divide by it. Where activations are small, it outweighs them."
)
def spread_plus_a_little(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    error, spread = (x - reconstruction).pow(2).sum(), (x - x.mean(0)).pow(2).sum()
    found["explained_variance"] = (1 - error / (spread + 1e-6)).item()
    return found


@misconception(
    "You count a latent as dead although it is active on some tokens, on less than a tenth of them. Dead is a latent that is active on no "
    "token at all."
)
def active_on_less_than_a_tenth(x, reconstruction, latents):
    found = right(x, reconstruction, latents)
    found["dead"] = ((latents > 0).double().mean(0) < 0.1).double().mean().item()
    return found
