"""Right and wrong ways to normalise a decoder."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def safe_lengths(W_dec):
    """The lengths, with 1 in place of 0: a misconception is wrong in one thing only."""
    lengths = W_dec.norm(dim=-1)
    return torch.where(lengths > 0, lengths, torch.ones_like(lengths))


@accepted
def by_latents(W_enc, b_enc, W_dec):
    """One latent after the other, on copies."""
    W_enc, b_enc, W_dec = W_enc.clone(), b_enc.clone(), W_dec.clone()
    for latent in range(len(W_dec)):
        length = torch.linalg.vector_norm(W_dec[latent]).item()
        if length == 0:
            continue
        W_enc[:, latent] *= length
        b_enc[latent] *= length
        W_dec[latent] /= length
    return W_enc, b_enc, W_dec


@accepted
def by_diagonal_matrix(W_enc, b_enc, W_dec):
    """Multiplication by a diagonal matrix, in float64; a library call for the decoder."""
    squares = torch.einsum("si,si->s", W_dec.double(), W_dec.double())
    scale = torch.diag(torch.where(squares == 0, 1.0, squares.sqrt()))
    unit = torch.nn.functional.normalize(W_dec, dim=1)
    return (W_enc.double() @ scale).to(W_enc.dtype), (scale @ b_enc.double()).to(b_enc.dtype), unit


@accepted(replaces="remove_parallel")
def by_projector(gradient, W_dec):
    """A projection matrix for every direction."""
    squares = (W_dec**2).sum(-1)
    outer = torch.einsum("si,sj->sij", W_dec, W_dec) / torch.where(squares > 0, squares, 1.0)[:, None, None]
    projector = torch.eye(W_dec.shape[1], dtype=W_dec.dtype, device=W_dec.device) - outer
    return torch.einsum("sij,sj->si", projector, gradient)


@accepted(replaces="remove_parallel")
def by_rows(gradient, W_dec):
    """Row by row, with the squared length in the denominator."""
    rows = []
    for g, d in zip(gradient, W_dec, strict=True):
        square = torch.dot(d, d)
        rows.append(g - torch.dot(g, d) / square * d if square > 0 else g)
    return torch.stack(rows)


@misconception(
    "You normalise the columns of `W_dec`. A latent's direction is a *row*: take the norm along the last axis, so that there "
    "is one length for each latent."
)
def normalises_columns(W_enc, b_enc, W_dec):
    return W_enc, b_enc, W_dec / W_dec.norm(dim=0)


@misconception(
    "You normalise the directions and leave the encoder as it is, so the reconstruction changes. Each latent has to take "
    "over the length that its direction loses."
)
def decoder_only(W_enc, b_enc, W_dec):
    return W_enc, b_enc, W_dec / safe_lengths(W_dec)[:, None]


@misconception(
    "You divide the encoder by the lengths. The directions get shorter by that factor, so the latents must get *larger* by "
    "it: multiply."
)
def divides_the_encoder(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec)
    return W_enc / lengths, b_enc / lengths, W_dec / lengths[:, None]


@misconception(
    "You rescale `W_enc` and forget `b_enc`. The whole pre-activation has to be multiplied, bias included, or the latents "
    "switch on elsewhere."
)
def forgets_the_bias(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec)
    return W_enc * lengths, b_enc, W_dec / lengths[:, None]


@misconception("You scale by the *squared* length of each direction: there is a root missing.")
def squared_length(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec) ** 2
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception(
    "Where a direction is all zeros you divide 0 by 0, and it becomes NaN. Such a latent should stay as it is: use a factor "
    "of 1 there."
)
def divides_by_zero(W_enc, b_enc, W_dec):
    lengths = W_dec.norm(dim=-1)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception(
    "You scale all directions by one common length, that of the whole matrix. Every direction has a length of its own."
)
def one_length_for_all(W_enc, b_enc, W_dec):
    length = W_dec.norm()
    return W_enc * length, b_enc * length, W_dec / length


@misconception(
    "Very short directions do not get length 1: you divide by no less than a small number. Only a direction of "
    "zeros needs care."
)
def clamps_short_lengths(W_enc, b_enc, W_dec):
    lengths = W_dec.norm(dim=-1)
    lengths = torch.where(lengths > 0, lengths.clamp(min=1e-2), 1.0)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception(
    "You treat a direction as all zeros when its entries add up to 0. `(3, -3)` adds up to 0 and has a length: "
    "ask for the length."
)
def sum_of_zero(W_enc, b_enc, W_dec):
    lengths = torch.where(W_dec.sum(dim=-1) == 0, 1.0, W_dec.norm(dim=-1))
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception(
    "You leave a direction as it is when any of its entries is 0. Only a direction of which *all* entries are 0 stays."
)
def any_zero(W_enc, b_enc, W_dec):
    lengths = torch.where((W_dec == 0).any(dim=-1), 1.0, W_dec.norm(dim=-1))
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception("You shorten long directions and leave short ones as they are. Every direction gets length 1.")
def only_long_ones(W_enc, b_enc, W_dec):
    lengths = W_dec.norm(dim=-1).clamp(min=1)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception(
    "Where a direction is all zeros you silence its latent: its encoder column and bias become 0. They should "
    "stay as they are."
)
def silences_zero_directions(W_enc, b_enc, W_dec):
    lengths = W_dec.norm(dim=-1)
    return W_enc * lengths, b_enc * lengths, torch.nn.functional.normalize(W_dec, dim=-1)


@misconception("You return the decoder first. The order is `W_enc`, `b_enc`, `W_dec`.")
def decoder_first(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec)
    return W_dec / lengths[:, None], W_enc * lengths, b_enc * lengths


@misconception(
    "Your projection divides by the length once. The direction stands in it twice, so divide both by the length.",
    replaces="remove_parallel",
)
def divides_once(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    return gradient - (gradient * W_dec).sum(dim=-1, keepdim=True) * direction


@misconception(
    "Where the gradient points against a direction you leave that part in. Take the part along the direction out, "
    "whatever its sign.",
    replaces="remove_parallel",
)
def outward_part_only(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    return gradient - (gradient * direction).sum(dim=-1, keepdim=True).relu() * direction


@misconception(
    "You take the whole matrix for one direction. Each row has a direction and a dot product of its own.",
    replaces="remove_parallel",
)
def one_projection(gradient, W_dec):
    direction = W_dec / W_dec.norm()
    return gradient - (gradient * direction).sum() * direction


@misconception(
    "Where a direction is all zeros you return a gradient of 0. Such a gradient should stay as it is.",
    replaces="remove_parallel",
)
def no_gradient_at_zero(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    left = gradient - (gradient * direction).sum(dim=-1, keepdim=True) * direction
    return left * (W_dec != 0).any(dim=-1, keepdim=True)


@misconception(
    "Very short directions stay in the gradient: a small number that you add to the squared length outweighs it. "
    "Only a direction "
    "of zeros needs care.",
    replaces="remove_parallel",
)
def adds_a_small_number(gradient, W_dec):
    squares = W_dec.pow(2).sum(dim=-1, keepdim=True) + 1e-4
    return gradient - (gradient * W_dec).sum(dim=-1, keepdim=True) / squares * W_dec


@misconception(
    "Your projection takes the directions for unit vectors, which they need not be here. Divide each by its length first.",
    replaces="remove_parallel",
)
def assumes_unit_length(gradient, W_dec):
    return gradient - (gradient * W_dec).sum(dim=-1, keepdim=True) * W_dec


@misconception(
    "You return the part of the gradient *along* each direction. That is the part to take out: subtract it from the gradient.",
    replaces="remove_parallel",
)
def keeps_the_parallel_part(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    return (gradient * direction).sum(dim=-1, keepdim=True) * direction


@misconception(
    "You project along the columns: your dot products run over the latents. Each row of the gradient belongs to the row of "
    "`W_dec` with the same index; sum over the last axis.",
    replaces="remove_parallel",
)
def projects_columns(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=0)
    return gradient - (gradient * direction).sum(dim=0, keepdim=True) * direction


@misconception(
    "You add the part along the direction instead of taking it away, so that it is there twice.",
    replaces="remove_parallel",
)
def adds_it(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    return gradient + (gradient * direction).sum(dim=-1, keepdim=True) * direction


@misconception(
    "The encoder that you were given is changed after the call: you multiply in place. Return new tensors, as in `W_enc * lengths`."
)
def writes_into_the_encoder(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec)
    W_enc *= lengths
    b_enc *= lengths
    return W_enc, b_enc, W_dec / lengths[:, None]


@misconception("Your lengths are sums of absolute values. The length of $(3, 4)$ is 5, not 7: take the Euclidean norm.")
def sums_of_sizes(W_enc, b_enc, W_dec):
    lengths = W_dec.abs().sum(dim=-1)
    lengths = torch.where(lengths > 0, lengths, torch.ones_like(lengths))
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception("Your directions get longer: you multiply them by their lengths. Divide them by their lengths.")
def multiplies_the_directions(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec)
    return W_enc * lengths, b_enc * lengths, W_dec * lengths[:, None]


@misconception(
    "You divide the encoder's bias by the lengths, where you multiply its weights. Both are parts of the pre-activation: multiply both."
)
def divides_the_bias(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec)
    return W_enc * lengths, b_enc / lengths, W_dec / lengths[:, None]


@misconception(
    "You rescale `b_enc` and leave `W_enc` as it is. The whole pre-activation has to be multiplied, so multiply the columns of `W_enc` too."
)
def rescales_the_bias_alone(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec)
    return W_enc, b_enc * lengths, W_dec / lengths[:, None]


@misconception(
    "You rescale the encoder and leave the directions as they are. Divide each direction by its length, so that it has length 1."
)
def encoder_only(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec)
    return W_enc * lengths, b_enc * lengths, W_dec.clone()


@misconception(
    "You take the lengths from the encoder's columns. The direction of a latent is its row of `W_dec`, and so is its length.",
)
def lengths_of_the_encoder(W_enc, b_enc, W_dec):
    lengths = W_enc.norm(dim=0)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception(
    "You use the mean length for all latents. Every direction has a length of its own.",
)
def mean_length_for_all(W_enc, b_enc, W_dec):
    length = W_dec.norm(dim=-1).mean()
    return W_enc * length, b_enc * length, W_dec / length


@misconception(
    "Where a direction is all zeros you divide 0 by 0, and its gradient becomes NaN. Such a gradient should stay as it is.",
    replaces="remove_parallel",
)
def gradient_divides_by_zero(gradient, W_dec):
    direction = W_dec / W_dec.norm(dim=-1, keepdim=True)
    return gradient - (gradient * direction).sum(dim=-1, keepdim=True) * direction


@misconception(
    "You exchange gradient and directions: you take out of each direction what points along its gradient.",
    replaces="remove_parallel",
)
def directions_for_gradient(gradient, W_dec):
    direction = torch.nn.functional.normalize(gradient, dim=-1)
    return W_dec - (W_dec * direction).sum(dim=-1, keepdim=True) * direction


@misconception(
    "You bring what is left of each gradient to length 1. Only its part along the direction is to go.",
    replaces="remove_parallel",
)
def gradient_of_length_one(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    left = gradient - (gradient * direction).sum(dim=-1, keepdim=True) * direction
    return torch.nn.functional.normalize(left, dim=-1)


@misconception(
    "You subtract the dot product from every entry. The part along a direction is the dot product *times the direction*.",
    replaces="remove_parallel",
)
def subtracts_the_dot_product(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    return gradient - (gradient * direction).sum(dim=-1, keepdim=True)


@misconception(
    "You multiply the gradient and the direction entry by entry, without summing. A dot product is one number for each row: sum over "
    "the last axis.",
    replaces="remove_parallel",
)
def products_not_summed(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    return gradient - gradient * direction * direction


@misconception(
    "You project by unit vectors of the gradient: the dot product is with the gradient at length 1. Only the direction is brought to "
    "length 1.",
    replaces="remove_parallel",
)
def unit_gradients(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    unit = torch.nn.functional.normalize(gradient, dim=-1)
    return gradient - (unit * direction).sum(dim=-1, keepdim=True) * direction


def clamped(W_enc, b_enc, W_dec, least):
    """Lengths that are never below a small number."""
    lengths = W_dec.norm(dim=-1)
    lengths = torch.where(lengths > 0, lengths.clamp(min=least), 1.0)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception(
    "Directions shorter than 0.001 do not get length 1: you divide by no less than that. Only a direction of zeros needs care."
)
def clamps_at_a_thousandth(W_enc, b_enc, W_dec):
    return clamped(W_enc, b_enc, W_dec, 1e-3)


@misconception(
    "Directions shorter than 0.0001 do not get length 1: you divide by no less than that. Only a direction of zeros needs care."
)
def clamps_at_a_ten_thousandth(W_enc, b_enc, W_dec):
    return clamped(W_enc, b_enc, W_dec, 1e-4)


@misconception(
    "A very short direction stays as it is in yours, and so does its latent. Only a direction of zeros does: compare with 0."
)
def short_left_alone(W_enc, b_enc, W_dec):
    lengths = W_dec.norm(dim=-1)
    lengths = torch.where(lengths > 1e-6, lengths, 1.0)
    return W_enc * lengths, b_enc * lengths, W_dec / lengths[:, None]


@misconception(
    "From the gradient of a very short direction you do not take out the part along it: you divide by no less than a small number. Only a "
    "direction of zeros needs care.",
    replaces="remove_parallel",
)
def short_not_projected(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    direction = torch.where(W_dec.norm(dim=-1, keepdim=True) > 1e-6, direction, 0)
    return gradient - (gradient * direction).sum(dim=-1, keepdim=True) * direction


@misconception(
    "Where a direction is all zeros, it becomes NaN: you rescale the encoder with care, and then divide 0 by 0. Use the same factor of 1 for "
    "the direction."
)
def direction_divides_by_zero(W_enc, b_enc, W_dec):
    lengths = safe_lengths(W_dec)
    return W_enc * lengths, b_enc * lengths, W_dec / W_dec.norm(dim=-1, keepdim=True)


def projected_with(gradient, W_dec, small):
    """The projection with a small number added to the squared lengths."""
    squares = W_dec.pow(2).sum(dim=-1, keepdim=True) + small
    return gradient - (gradient * W_dec).sum(dim=-1, keepdim=True) / squares * W_dec


@misconception(
    "The shortest directions stay in the gradient: the 1e-6 that you add to the squared length outweighs it. Only a direction of zeros "
    "needs care.",
    replaces="remove_parallel",
)
def adds_a_millionth(gradient, W_dec):
    return projected_with(gradient, W_dec, 1e-6)


@misconception(
    "The shortest directions stay in the gradient: the 1e-8 that you add to the squared length outweighs it. Only a direction of zeros "
    "needs care.",
    replaces="remove_parallel",
)
def adds_a_hundred_millionth(gradient, W_dec):
    return projected_with(gradient, W_dec, 1e-8)


@misconception(
    "You leave the gradient as it is where a direction's entries add up to 0. `(3, -3)` adds up to 0 and has a length: ask for the length.",
    replaces="remove_parallel",
)
def gradient_at_a_sum_of_zero(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    direction = torch.where(W_dec.sum(dim=-1, keepdim=True) == 0, 0, direction)
    return gradient - (gradient * direction).sum(dim=-1, keepdim=True) * direction


@misconception(
    "You leave the gradient as it is where any entry of a direction is 0. Only where *all* entries are 0 does it stay.",
    replaces="remove_parallel",
)
def gradient_at_any_zero(gradient, W_dec):
    direction = torch.nn.functional.normalize(W_dec, dim=-1)
    direction = torch.where((W_dec == 0).any(dim=-1, keepdim=True), 0, direction)
    return gradient - (gradient * direction).sum(dim=-1, keepdim=True) * direction
