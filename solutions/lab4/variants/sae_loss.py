"""Right and wrong ways to compute the loss."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def both(squared, sparsity, l1_coefficient):
    """The three results."""
    return {"reconstruction": squared, "sparsity": sparsity, "loss": squared + l1_coefficient * sparsity}


def right_squared(x, reconstruction):
    """The reconstruction term as it should be: a misconception is wrong in one thing only."""
    return ((x - reconstruction) ** 2).sum(-1).mean()


def right_sparsity(latents, W_dec):
    """The sparsity term as it should be."""
    return (latents * W_dec.norm(dim=-1)).sum(-1).mean()


@accepted
def by_mse(x, reconstruction, latents, W_dec, l1_coefficient):
    """The mean over all entries times their number; the lengths by a matrix product."""
    squared = torch.nn.functional.mse_loss(reconstruction, x) * x.shape[-1]
    return both(squared, (latents.mean(0) @ (W_dec * W_dec).sum(1).sqrt()), l1_coefficient)


@accepted
def by_loop(x, reconstruction, latents, W_dec, l1_coefficient):
    """One activation after the other."""
    lengths = torch.linalg.vector_norm(W_dec, dim=1)
    batch = len(x)
    squared = sum(torch.dot(x[b] - reconstruction[b], x[b] - reconstruction[b]) for b in range(batch)) / batch
    sparsity = sum(torch.dot(latents[b], lengths) for b in range(batch)) / batch
    return both(squared, sparsity, l1_coefficient)


@misconception(
    "Your reconstruction term is a mean over the entries of an activation too, so it shrinks with `d_in` against the "
    "sparsity term. Sum over the entries, and take the mean over the batch alone."
)
def mean_over_entries(x, reconstruction, latents, W_dec, l1_coefficient):
    squared = ((x - reconstruction) ** 2).mean()
    return both(squared, right_sparsity(latents, W_dec), l1_coefficient)


@misconception(
    "You take the distance where its square is asked for: there is a root too many in your reconstruction term."
)
def not_squared(x, reconstruction, latents, W_dec, l1_coefficient):
    squared = (x - reconstruction).norm(dim=-1).mean()
    return both(squared, right_sparsity(latents, W_dec), l1_coefficient)


@misconception(
    "You sum over the batch, so the loss grows with the number of activations. Take the mean over the batch in both terms."
)
def summed_batch(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction) * len(x), right_sparsity(latents, W_dec) * len(x), l1_coefficient)


@misconception(
    "You square the latents in the sparsity term. A squared penalty hardly touches small latents, so that many stay a "
    "little active; the formula has the first power."
)
def squared_latents(x, reconstruction, latents, W_dec, l1_coefficient):
    sparsity = (latents**2 * W_dec.norm(dim=-1)).sum(-1).mean()
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception(
    "Your sparsity term leaves out the lengths of the decoder's directions. Then smaller latents with longer directions "
    "get away cheaply."
)
def without_lengths(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction), latents.sum(-1).mean(), l1_coefficient)


@misconception(
    "You weight each latent by the *square* of its direction's length. The length itself is asked for: a root is missing."
)
def squared_lengths(x, reconstruction, latents, W_dec, l1_coefficient):
    sparsity = (latents * (W_dec**2).sum(-1)).sum(-1).mean()
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception(
    "Your sparsity term is a mean over the latents too. Sum over the latents, and take the mean over the batch alone."
)
def mean_over_latents(x, reconstruction, latents, W_dec, l1_coefficient):
    sparsity = (latents * W_dec.norm(dim=-1)).mean()
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception(
    "You return the sparsity term already multiplied by the coefficient. The sum in `loss` is right; the term on its own "
    "is asked for unweighted, so that runs with different coefficients can be compared."
)
def weighted_term(x, reconstruction, latents, W_dec, l1_coefficient):
    squared, sparsity = right_squared(x, reconstruction), right_sparsity(latents, W_dec)
    return {
        "reconstruction": squared,
        "sparsity": l1_coefficient * sparsity,
        "loss": squared + l1_coefficient * sparsity,
    }


@misconception(
    "Your numbers are right, but no gradient flows through the lengths of the directions: they are detached. Training "
    "would then lengthen the directions without noticing the price."
)
def detached_lengths(x, reconstruction, latents, W_dec, l1_coefficient):
    sparsity = right_sparsity(latents, W_dec.detach())
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception("The loss has its gradients, but its two terms are detached. Gradients flow through all three results.")
def detached_terms(x, reconstruction, latents, W_dec, l1_coefficient):
    squared, sparsity = right_squared(x, reconstruction), right_sparsity(latents, W_dec)
    loss = squared + l1_coefficient * sparsity
    return {"reconstruction": squared.detach(), "sparsity": sparsity.detach(), "loss": loss}


@misconception("Only your sparsity term is summed over the batch. Take the mean over the batch there too.")
def sparsity_of_the_whole_batch(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction), right_sparsity(latents, W_dec) * len(x), l1_coefficient)


@misconception(
    "You weight all latents by one number, the mean length of the directions. Each latent has the length of its "
    "own direction."
)
def one_mean_length(x, reconstruction, latents, W_dec, l1_coefficient):
    sparsity = (latents * W_dec.norm(dim=-1).mean()).sum(-1).mean()
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception("You square the mean distance. Square each distance first, then take the mean over the batch.")
def square_of_the_mean(x, reconstruction, latents, W_dec, l1_coefficient):
    squared = (x - reconstruction).norm(dim=-1).mean() ** 2
    return both(squared, right_sparsity(latents, W_dec), l1_coefficient)


@misconception(
    "Your sparsity term is the length of the sum of all contributions. Take the length of each direction first, "
    "then sum over the "
    "latents."
)
def length_of_the_sum(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction), (latents @ W_dec).norm(dim=-1).mean(), l1_coefficient)


@misconception("Your results have an axis of length one. Three tensors without axes are asked for.")
def one_axis(x, reconstruction, latents, W_dec, l1_coefficient):
    found = both(right_squared(x, reconstruction), right_sparsity(latents, W_dec), l1_coefficient)
    return {name: value[None] for name, value in found.items()}


@misconception("A coefficient of 0 counts as 1 in yours. Then the loss is the reconstruction term alone.")
def zero_is_one(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction), right_sparsity(latents, W_dec), l1_coefficient or 1.0)


@misconception("You return Python numbers, through which no gradient can flow. Return tensors: call no `item()`.")
def python_numbers(x, reconstruction, latents, W_dec, l1_coefficient):
    found = both(right_squared(x, reconstruction), right_sparsity(latents, W_dec), l1_coefficient)
    return {name: value.item() for name, value in found.items()}


@misconception(
    "Your sparsity term is a mean over the activations on which a latent is active. The mean is over the whole batch: an "
    "activation without active latents counts too, with 0."
)
def silent_activations_left_out(x, reconstruction, latents, W_dec, l1_coefficient):
    active = (latents > 0).any(-1).sum().clamp(min=1)
    sparsity = (latents * W_dec.norm(dim=-1)).sum() / active
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception(
    "Your `loss` is the plain sum of the two terms. The sparsity term is weighted by `l1_coefficient` there."
)
def unweighted_loss(x, reconstruction, latents, W_dec, l1_coefficient):
    squared, sparsity = right_squared(x, reconstruction), right_sparsity(latents, W_dec)
    return {"reconstruction": squared, "sparsity": sparsity, "loss": squared + sparsity}


@misconception("In your `loss` the coefficient weighs the reconstruction. It belongs to the sparsity term.")
def weighs_the_reconstruction(x, reconstruction, latents, W_dec, l1_coefficient):
    squared, sparsity = right_squared(x, reconstruction), right_sparsity(latents, W_dec)
    return {"reconstruction": squared, "sparsity": sparsity, "loss": l1_coefficient * squared + sparsity}


@misconception("Your `loss` is the reconstruction term minus the weighted sparsity. Both are costs: add them.")
def subtracts_the_sparsity(x, reconstruction, latents, W_dec, l1_coefficient):
    squared, sparsity = right_squared(x, reconstruction), right_sparsity(latents, W_dec)
    return {"reconstruction": squared, "sparsity": sparsity, "loss": squared - l1_coefficient * sparsity}


@misconception("Your reconstruction term is half of what it should be. The formula has no factor of one half.")
def half_of_the_squares(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction) / 2, right_sparsity(latents, W_dec), l1_coefficient)


@misconception("Only your reconstruction term is summed over the batch. Take the mean over the batch there too.")
def reconstruction_of_the_whole_batch(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction) * len(x), right_sparsity(latents, W_dec), l1_coefficient)


@misconception("You take absolute values of the errors where their squares are asked for.")
def absolute_errors(x, reconstruction, latents, W_dec, l1_coefficient):
    return both((x - reconstruction).abs().sum(-1).mean(), right_sparsity(latents, W_dec), l1_coefficient)


@misconception(
    "Your sparsity term adds up the lengths of the active latents' directions, however active they are. Each length is multiplied by the "
    "latent."
)
def counts_active_latents(x, reconstruction, latents, W_dec, l1_coefficient):
    sparsity = ((latents > 0) * W_dec.norm(dim=-1)).sum(-1).mean() + 0 * latents.sum()
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception(
    "Your lengths are sums of absolute values. The length of a direction is its Euclidean norm, the root of the sum of squares."
)
def sums_of_sizes(x, reconstruction, latents, W_dec, l1_coefficient):
    sparsity = (latents * W_dec.abs().sum(-1)).sum(-1).mean()
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception(
    "Your sparsity term is the product of two sums, of the latents and of the lengths. Multiply each latent by its own length, then sum."
)
def product_of_sums(x, reconstruction, latents, W_dec, l1_coefficient):
    sparsity = latents.sum(-1).mean() * W_dec.norm(dim=-1).sum()
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception(
    "Your sparsity term is divided by the number of active latents. Sum over the latents of each activation, and take the mean over the "
    "batch alone."
)
def mean_over_active_latents(x, reconstruction, latents, W_dec, l1_coefficient):
    sums = (latents * W_dec.norm(dim=-1)).sum(-1)
    sparsity = (sums / (latents > 0).sum(-1).clamp(min=1)).mean()
    return both(right_squared(x, reconstruction), sparsity, l1_coefficient)


@misconception(
    "You take the lengths along the wrong axis of `W_dec`: there is one for each entry of an activation. Each latent has one, the norm of "
    "its row: `W_dec.norm(dim=1)`."
)
def lengths_of_columns(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction), (latents * W_dec.norm(dim=0)).sum(-1).mean(), l1_coefficient)


@misconception(
    "Your numbers are right, but no gradient flows through any of them. Is something detached, or computed inside `torch.no_grad()`?"
)
def no_gradients_at_all(x, reconstruction, latents, W_dec, l1_coefficient):
    found = both(right_squared(x, reconstruction), right_sparsity(latents, W_dec), l1_coefficient)
    return {name: value.detach() for name, value in found.items()}


@misconception(
    "Your numbers are right, but no gradient of the sparsity term flows to the latents: they are detached. Training could not make them "
    "smaller."
)
def detached_latents(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction), right_sparsity(latents.detach(), W_dec), l1_coefficient)


@misconception("Your numbers are right, but no gradient flows to the reconstruction: it is detached.")
def detached_reconstruction(x, reconstruction, latents, W_dec, l1_coefficient):
    return both(right_squared(x, reconstruction.detach()), right_sparsity(latents, W_dec), l1_coefficient)


@misconception(
    "Your two terms are Python numbers, and only the loss is a tensor. Three tensors are asked for: call no `item()`."
)
def terms_as_python_numbers(x, reconstruction, latents, W_dec, l1_coefficient):
    found = both(right_squared(x, reconstruction), right_sparsity(latents, W_dec), l1_coefficient)
    return {name: value if name == "loss" else value.item() for name, value in found.items()}
