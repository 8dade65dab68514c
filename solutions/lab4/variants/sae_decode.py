"""Right and wrong ways to decode."""

import torch

from mechgrade.authoring.variants import accepted, misconception


@accepted
def by_sum(latents, W_dec, b_dec):
    """The bias, and one contribution after the other."""
    found = b_dec.expand(*latents.shape[:-1], -1).clone()
    for latent in range(W_dec.shape[0]):
        found = found + latents[..., latent].unsqueeze(-1) * W_dec[latent]
    return found


@accepted
def by_linear(latents, W_dec, b_dec):
    """A linear layer in float64; its weight is stored the other way round."""
    return torch.nn.functional.linear(latents.double(), W_dec.double().T, b_dec.double()).to(latents.dtype)


@accepted(replaces="contribution")
def by_masking(latents, W_dec, latent):
    """All other latents set to zero, then decoded without a bias."""
    alone = torch.zeros_like(latents)
    alone[..., latent] = latents[..., latent]
    return alone @ W_dec


@misconception(
    "Your reconstruction lacks the decoder's bias. When every latent is silent it should be `b_dec`, and yours is 0."
)
def forgets_b_dec(latents, W_dec, b_dec):
    return latents @ W_dec


@misconception(
    "You subtract the decoder's bias. The encoder takes it away at the start, and the decoder has to put it back."
)
def subtracts_b_dec(latents, W_dec, b_dec):
    return latents @ W_dec - b_dec


@misconception(
    "You add the bias once for every active latent. It is the point from which the sum starts, so it counts once."
)
def bias_for_each_latent(latents, W_dec, b_dec):
    return latents @ W_dec + (latents != 0).sum(-1, keepdim=True) * b_dec


@misconception(
    "You apply ReLU to the reconstruction. Activations of a model have negative entries too: the decoder is linear, only "
    "the encoder has a nonlinearity."
)
def relu_at_the_end(latents, W_dec, b_dec):
    return torch.relu(latents @ W_dec + b_dec)


@misconception(
    "You add the directions of the active latents, each with the same strength. A latent's value says how much of its "
    "direction is there."
)
def on_or_off(latents, W_dec, b_dec):
    return (latents > 0).to(latents.dtype) @ W_dec + b_dec


@misconception(
    "You scale the directions to length 1 before decoding. Use them as they are: their length is part of the function."
)
def unit_directions(latents, W_dec, b_dec):
    return latents @ (W_dec / W_dec.norm(dim=-1, keepdim=True)) + b_dec


@misconception(
    "You treat negative latents as silent. After an edit latents can be negative, and the decoder adds them as "
    "they are."
)
def cuts_negative_latents(latents, W_dec, b_dec):
    return latents.relu() @ W_dec + b_dec


@misconception(
    "You add only the strongest latents. The reconstruction is the sum over all of them, however many are active."
)
def strongest_only(latents, W_dec, b_dec):
    strongest = latents.topk(min(32, latents.shape[-1]), dim=-1)
    return torch.zeros_like(latents).scatter(-1, strongest.indices, strongest.values) @ W_dec + b_dec


@misconception(
    "Your reconstruction has lost its axes of length one. It keeps all leading axes of `latents`: call no "
    "`squeeze` without an axis."
)
def squeezed(latents, W_dec, b_dec):
    return (latents @ W_dec + b_dec).squeeze()


@misconception("Where no latent is active you return 0. The decoder's bias is there too.")
def silent_without_bias(latents, W_dec, b_dec):
    return torch.where((latents != 0).any(dim=-1, keepdim=True), latents @ W_dec + b_dec, 0)


@misconception(
    "A negative latent contributes nothing in yours. The decoder adds its value times its direction, whatever its "
    "sign.",
    replaces="contribution",
)
def no_negative_contribution(latents, W_dec, latent):
    return latents[..., latent, None].relu() * W_dec[latent]


@misconception(
    "You return the direction wherever the latent is active, whatever its strength. Multiply by the latent's value.",
    replaces="contribution",
)
def direction_where_active(latents, W_dec, latent):
    return (latents[..., latent, None] != 0) * W_dec[latent]


@misconception(
    "Your contribution has an axis of length one too many. Its shape is that of `latents`, with `d_in` in place "
    "of `d_sae`.",
    replaces="contribution",
)
def an_axis_too_many(latents, W_dec, latent):
    return latents[..., latent, None, None] * W_dec[latent]


@misconception(
    "You return the latent's direction for every activation, however active the latent is. The contribution grows with "
    "the latent, and is 0 where it is silent.",
    replaces="contribution",
)
def direction_only(latents, W_dec, latent):
    return W_dec[latent].expand(*latents.shape[:-1], -1).clone()


@misconception(
    "You return everything but the contribution: the reconstruction without this latent. The part that the latent adds "
    "is asked for.",
    replaces="contribution",
)
def everything_else(latents, W_dec, latent):
    return latents @ W_dec - latents[..., latent, None] * W_dec[latent]


@misconception(
    "You scale the direction to length 1 first. What a latent adds is its value times its direction as it is, otherwise "
    "the contributions do not sum to the reconstruction.",
    replaces="contribution",
)
def unit_contribution(latents, W_dec, latent):
    return latents[..., latent, None] * W_dec[latent] / W_dec[latent].norm()


@misconception(
    "Your contribution has lost an axis of length one. It keeps all leading axes of `latents`: call no `squeeze` without an axis.",
    replaces="contribution",
)
def contribution_squeezed(latents, W_dec, latent):
    return (latents[..., latent, None] * W_dec[latent]).squeeze()


@misconception(
    "With another number of axes than two your `sae_decode` stops with an error. `latents` may have any number of leading axes: use `@`, or "
    "`...` in an einsum."
)
def two_axes_only(latents, W_dec, b_dec):
    return torch.einsum("bs,sd->bd", latents, W_dec) + b_dec


@misconception(
    "You take the latent on the second axis of `latents`. It is on the last one, whatever number that has: `latents[..., latent]`.",
    replaces="contribution",
)
def contribution_of_the_second_axis(latents, W_dec, latent):
    if latents.dim() == 1:
        return latents[latent] * W_dec[latent]
    return latents[:, latent][..., None] * W_dec[latent]


@misconception(
    "You take a column of `W_dec`. The direction of a latent is its row, `W_dec[latent]`.",
    replaces="contribution",
)
def column_for_row(latents, W_dec, latent):
    return latents[..., latent, None] * W_dec[:, latent]


@misconception(
    "The value of the latent lacks an axis, so that it cannot be multiplied by the direction: index with `latents[..., latent, None]`.",
    replaces="contribution",
)
def axis_missing(latents, W_dec, latent):
    return latents[..., latent] * W_dec[latent]


@misconception(
    "You return the value of the latent alone. Multiply it by the latent's direction.",
    replaces="contribution",
)
def value_alone(latents, W_dec, latent):
    return latents[..., latent, None].expand(*latents.shape[:-1], W_dec.shape[1]).clone()


@misconception(
    "The sign is gone: you take the absolute value of the latents. After an edit latents can be negative, and the decoder adds them as "
    "they are."
)
def sizes_of_latents(latents, W_dec, b_dec):
    return latents.abs() @ W_dec + b_dec


@misconception("You divide by the number of active latents. The reconstruction is a sum, not a mean.")
def mean_of_the_active(latents, W_dec, b_dec):
    return latents @ W_dec / (latents != 0).sum(-1, keepdim=True).clamp(min=1) + b_dec


@misconception(
    "You add the bias to each direction, so that it counts once for every unit of a latent. Add it once, to the sum."
)
def bias_on_each_direction(latents, W_dec, b_dec):
    return latents @ (W_dec + b_dec)


@misconception(
    "With another number of axes than two your `contribution` stops with an error. `latents` may have any number of leading axes: index with "
    "`latents[..., latent]`.",
    replaces="contribution",
)
def contribution_of_two_axes(latents, W_dec, latent):
    return torch.einsum("bs,d->bsd", latents, W_dec[latent])[:, latent]
