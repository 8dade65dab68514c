"""Right and wrong ways to run a crosscoder, to compare two models by it, and to steer by what differs."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse(W_dec):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if W_dec.shape[1] != 2:
        raise ValueError("two models")


def before(x, W_enc):
    """What the encoders of all models give together, without bias."""
    return torch.einsum("nmd,mdl->nl", x, W_enc)


def written(latents, W_dec):
    """What the latents write into all models, without biases."""
    return torch.einsum("nl,lmd->nmd", latents, W_dec)


def error_of(x, latents, W_dec, b_dec):
    """The squared error of each sample."""
    return (x - written(latents, W_dec) - b_dec).square().sum((1, 2))


def lengths_of(W_dec):
    """The lengths of a latent's rows, summed over the models."""
    return W_dec.norm(dim=2).sum(1)


def loss_of(x, latents, W_dec, b_dec, sparsity, lengths):
    """The loss with these weights of the latents."""
    return (error_of(x, latents, W_dec, b_dec) + sparsity * (latents * lengths).sum(1)).mean()


def share(W_dec, place=1):
    """The relative norm, of B's row unless another is asked for."""
    norms = W_dec.norm(dim=2)
    return torch.where(norms.sum(1) > 0, norms[:, place] / norms.sum(1).clamp_min(1e-30), 0.5)


def cosine(W_dec):
    """The cosine similarity of the two rows."""
    return torch.cosine_similarity(W_dec[:, 0], W_dec[:, 1], dim=1)


def difference(W_dec):
    """B's row minus A's."""
    return W_dec[:, 1] - W_dec[:, 0]


def largest(latents, W_dec):
    """The change."""
    return latents.amax(0) * difference(W_dec).norm(dim=1)


def three(latents, W_dec, **other):
    """The three numbers, some of them others."""
    refuse(W_dec)
    return {"relative_norm": share(W_dec), "cosine": cosine(W_dec), "change": largest(latents, W_dec)} | other


@accepted(replaces="crosscoder_encode")
def by_joined_activations(x, W_enc, b_enc):
    """The activations of all models in one long row."""
    return torch.relu(x.flatten(1) @ W_enc.flatten(0, 1) + b_enc)


@accepted(replaces="crosscoder_decode")
def model_by_model(latents, W_dec, b_dec):
    """A matrix product for each model."""
    return torch.stack([latents @ W_dec[:, m] + b_dec[m] for m in range(W_dec.shape[1])], dim=1)


@accepted(replaces="crosscoder_loss")
def by_two_means(x, latents, W_dec, b_dec, sparsity):
    """Model by model, each term with its mean."""
    loss = x.new_zeros(())
    for m in range(x.shape[1]):
        loss = loss + (x[:, m] - latents @ W_dec[:, m] - b_dec[m]).pow(2).sum() / len(x)
        loss = loss + sparsity * (latents @ torch.linalg.vector_norm(W_dec[:, m], dim=1)).mean()
    return loss


@accepted
def latent_by_latent(latents, W_dec):
    """A loop over the latents, in float64."""
    refuse(W_dec)
    found = {"relative_norm": [], "cosine": [], "change": []}
    for values, (a, b) in zip(latents.double().T, W_dec.double(), strict=True):
        long_a, long_b = a.norm().item(), b.norm().item()
        found["relative_norm"].append(long_b / (long_a + long_b) if long_a + long_b else 0.5)
        found["cosine"].append((a @ b).item() / (long_a * long_b) if long_a * long_b else 0.0)
        found["change"].append(values.max().item() * (b - a).norm().item())
    return {name: torch.tensor(each).to(W_dec) for name, each in found.items()}


@accepted(replaces="steer_by_difference")
def row_by_row(x, W_dec, latent, strength):
    """Takes A's part out and puts B's part in."""
    a, b = W_dec[latent]
    return x - strength * a + strength * b


@misconception(
    "Your latents are the mean over the models. The encoders' results are summed.", replaces="crosscoder_encode"
)
def mean_over_models(x, W_enc, b_enc):
    return (before(x, W_enc) / x.shape[1] + b_enc).relu()


@misconception("Your latents come from the first model alone. All models are read.", replaces="crosscoder_encode")
def first_model_read(x, W_enc, b_enc):
    return (before(x[:, :1], W_enc[:1]) + b_enc).relu()


@misconception(
    "You apply the ReLU to each model by itself, and sum then. Sum over the models first: a latent has one value.",
    replaces="crosscoder_encode",
)
def relu_for_each_model(x, W_enc, b_enc):
    return (torch.einsum("nmd,mdl->nml", x, W_enc) + b_enc / x.shape[1]).relu().sum(1)


@misconception("Your latents lack the encoder bias.", replaces="crosscoder_encode")
def without_encoder_bias(x, W_enc, b_enc):
    return before(x, W_enc).relu()


@misconception(
    "You add the encoder bias once for each model. There is one bias for all models.", replaces="crosscoder_encode"
)
def bias_for_each_model(x, W_enc, b_enc):
    return (before(x, W_enc) + x.shape[1] * b_enc).relu()


@misconception("Your latents can be below 0. The ReLU is missing.", replaces="crosscoder_encode")
def without_relu(x, W_enc, b_enc):
    return before(x, W_enc) + b_enc


@misconception("Your reconstructions lack the decoder biases.", replaces="crosscoder_decode")
def without_decoder_bias(latents, W_dec, b_dec):
    return written(latents, W_dec)


@misconception(
    "You give every model the first model's bias. Each model has a bias of its own.", replaces="crosscoder_decode"
)
def bias_of_the_first(latents, W_dec, b_dec):
    return written(latents, W_dec) + b_dec[:1]


@misconception(
    "You write the first model's rows into every model. Each model has decoder rows of its own.",
    replaces="crosscoder_decode",
)
def rows_of_the_first(latents, W_dec, b_dec):
    return (latents @ W_dec[:, 0])[:, None] + b_dec


@misconception("Your models stand in the reverse order.", replaces="crosscoder_decode")
def models_reversed(latents, W_dec, b_dec):
    return (written(latents, W_dec) + b_dec).flip(1)


@misconception("You average the squared errors over the models. They are summed.", replaces="crosscoder_loss")
def errors_averaged_over_models(x, latents, W_dec, b_dec, sparsity):
    error = error_of(x, latents, W_dec, b_dec) / x.shape[1]
    return (error + sparsity * (latents * lengths_of(W_dec)).sum(1)).mean()


@misconception("You average the squared errors over `d_model`. They are summed.", replaces="crosscoder_loss")
def errors_averaged_over_dimensions(x, latents, W_dec, b_dec, sparsity):
    error = error_of(x, latents, W_dec, b_dec) / x.shape[2]
    return (error + sparsity * (latents * lengths_of(W_dec)).sum(1)).mean()


@misconception("Your errors are not squared: you add up their lengths.", replaces="crosscoder_loss")
def errors_not_squared(x, latents, W_dec, b_dec, sparsity):
    error = (x - written(latents, W_dec) - b_dec).norm(dim=2).sum(1)
    return (error + sparsity * (latents * lengths_of(W_dec)).sum(1)).mean()


@misconception(
    "The gradient of your loss is not a number where a row is zero. `norm` has the gradient 0 there, and the square root of a "
    "sum of squares has none.",
    replaces="crosscoder_loss",
)
def gradient_not_a_number(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, sparsity, W_dec.square().sum(2).sqrt().sum(1))


@misconception(
    "You sum the loss over the samples. Both terms are averaged over the samples.", replaces="crosscoder_loss"
)
def summed_over_samples(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, sparsity, lengths_of(W_dec)) * len(x)


@misconception(
    "You average the errors over the samples, but you sum the weighted latents over them. Average both terms.",
    replaces="crosscoder_loss",
)
def latents_summed_over_samples(x, latents, W_dec, b_dec, sparsity):
    return error_of(x, latents, W_dec, b_dec).mean() + sparsity * (latents * lengths_of(W_dec)).sum()


@misconception(
    "Your latents are not weighted by the lengths of their rows. Then a small latent with long rows costs nothing.",
    replaces="crosscoder_loss",
)
def latents_not_weighted(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, sparsity, torch.ones_like(W_dec[:, 0, 0]))


@misconception(
    "You take the length of the two rows joined to one long row. The loss has the *sum* of the lengths: only then does an "
    "unneeded row lose its length.",
    replaces="crosscoder_loss",
)
def one_length_for_all_models(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, sparsity, W_dec.flatten(1).norm(dim=1))


@misconception("You weight by the squared lengths of the rows. The loss has the lengths.", replaces="crosscoder_loss")
def squared_lengths(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, sparsity, W_dec.square().sum((1, 2)))


@misconception("You average the lengths over the models. They are summed.", replaces="crosscoder_loss")
def lengths_averaged(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, sparsity, lengths_of(W_dec) / x.shape[1])


@misconception(
    "The lengths of the rows have no gradient in your loss, so rows that a model does not need never become short.",
    replaces="crosscoder_loss",
)
def lengths_detached(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, sparsity, lengths_of(W_dec.detach()))


@misconception(
    "Your loss has no gradient: nothing can be trained with it. Return the scalar tensor.", replaces="crosscoder_loss"
)
def loss_without_gradient(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, sparsity, lengths_of(W_dec)).detach()


@misconception("Your loss ignores the factor `sparsity`.", replaces="crosscoder_loss")
def factor_ignored(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, 1.0, lengths_of(W_dec))


@misconception("Your relative norms are those of A's rows: 1 is only in B, and 0 only in A.")
def share_of_a(latents, W_dec):
    return three(latents, W_dec, relative_norm=share(W_dec, 0))


@misconception("You count short rows as none. The relative norm is 0.5 where both rows are zero.")
def short_rows_are_none(latents, W_dec):
    refuse(W_dec)
    return three(latents, W_dec, relative_norm=torch.where(lengths_of(W_dec) < 1e-2, 0.5, share(W_dec)))


@misconception("You divide the length of B's row by that of A's row. Divide by the sum of both lengths.")
def b_by_a(latents, W_dec):
    refuse(W_dec)
    norms = W_dec.norm(dim=2)
    return three(latents, W_dec, relative_norm=norms[:, 1] / norms[:, 0].clamp_min(1e-6))


@misconception("Your relative norms use squared lengths. Take the lengths themselves.")
def squares_for_lengths(latents, W_dec):
    refuse(W_dec)
    squares = W_dec.square().sum(2)
    total = squares.sum(1)
    return three(latents, W_dec, relative_norm=torch.where(total > 0, squares[:, 1] / total.clamp_min(1e-30), 0.5))


@misconception("Your relative norm is not a number where both rows are zero. It is 0.5 then.")
def nan_for_no_rows(latents, W_dec):
    refuse(W_dec)
    norms = W_dec.norm(dim=2)
    return three(latents, W_dec, relative_norm=norms[:, 1] / norms.sum(1))


@misconception("Your relative norm is 0 where both rows are zero. It is 0.5 then.")
def zero_for_no_rows(latents, W_dec):
    refuse(W_dec)
    norms = W_dec.norm(dim=2)
    return three(latents, W_dec, relative_norm=norms[:, 1] / norms.sum(1).clamp_min(1e-30))


@misconception("Your cosine similarity is not a number where a row is zero. It is 0 then.")
def cosine_by_dividing(latents, W_dec):
    refuse(W_dec)
    norms = W_dec.norm(dim=2)
    return three(latents, W_dec, cosine=(W_dec[:, 0] * W_dec[:, 1]).sum(1) / norms.prod(1))


@misconception("You give the dot product of the two rows. Divide it by both lengths.")
def dot_product(latents, W_dec):
    refuse(W_dec)
    return three(latents, W_dec, cosine=(W_dec[:, 0] * W_dec[:, 1]).sum(1))


@misconception("You take the cosine similarity without its sign. Rows that point in opposite directions have -1.")
def cosine_without_sign(latents, W_dec):
    refuse(W_dec)
    return three(latents, W_dec, cosine=cosine(W_dec).abs())


@misconception("Your change uses the mean value of the latent. Take its largest value in any sample.")
def mean_value(latents, W_dec):
    refuse(W_dec)
    return three(latents, W_dec, change=latents.mean(0) * difference(W_dec).norm(dim=1))


@misconception(
    "Your change leaves out the values of the latent. A latent that is never active changes nothing, however far its rows "
    "are apart."
)
def rows_alone(latents, W_dec):
    refuse(W_dec)
    return three(latents, W_dec, change=difference(W_dec).norm(dim=1))


@misconception(
    "You take the difference of the two lengths. Take the length of the difference: rows of one length can point in other "
    "directions."
)
def difference_of_lengths(latents, W_dec):
    refuse(W_dec)
    norms = W_dec.norm(dim=2)
    return three(latents, W_dec, change=latents.amax(0) * (norms[:, 1] - norms[:, 0]).abs())


@misconception("You accept another number of models than two. The docstring asks for a `ValueError`.")
def any_number_of_models(latents, W_dec):
    pair = torch.stack([W_dec[:, 0], W_dec[:, -1]], dim=1)
    return three(latents, pair)


@misconception("You move away from B: add B's row minus A's row.", replaces="steer_by_difference")
def away_from_b(x, W_dec, latent, strength):
    return x - strength * (W_dec[latent, 1] - W_dec[latent, 0])


@misconception(
    "You add B's row and leave A's row in. Add the difference of the two rows.", replaces="steer_by_difference"
)
def row_of_b_alone(x, W_dec, latent, strength):
    return x + strength * W_dec[latent, 1]


@misconception(
    "You give the difference the length 1 before you add it. Its length is a part of what changed.",
    replaces="steer_by_difference",
)
def unit_difference(x, W_dec, latent, strength):
    return x + strength * torch.nn.functional.normalize(W_dec[latent, 1] - W_dec[latent, 0], dim=0)


@misconception(
    "You take the strength without its sign. A negative strength leads away from B.", replaces="steer_by_difference"
)
def strength_without_sign(x, W_dec, latent, strength):
    return x + abs(strength) * (W_dec[latent, 1] - W_dec[latent, 0])


@misconception(
    "With a strength of 0 you give back the very tensor that you got. Whoever changes your result then changes both: return a new "
    "tensor.",
    replaces="steer_by_difference",
)
def same_tensor_for_no_strength(x, W_dec, latent, strength):
    return x + strength * (W_dec[latent, 1] - W_dec[latent, 0]) if strength else x


@misconception(
    "You write into the activations that you are given. Return a new tensor.", replaces="steer_by_difference"
)
def given_changed(x, W_dec, latent, strength):
    x += strength * (W_dec[latent, 1] - W_dec[latent, 0])
    return x


@misconception(
    "You apply the ReLU to each model by itself, with the whole bias in each, and sum then. Sum over the models first, add the bias "
    "once, and then take the ReLU.",
    replaces="crosscoder_encode",
)
def relu_and_bias_for_each_model(x, W_enc, b_enc):
    return (torch.einsum("nmd,mdl->nml", x, W_enc) + b_enc).relu().sum(1)


@misconception(
    "You apply the ReLU before you add the bias. The bias goes into the ReLU.",
    replaces="crosscoder_encode",
)
def bias_after_the_relu(x, W_enc, b_enc):
    return before(x, W_enc).relu() + b_enc


@misconception(
    "Your latents are those of each model, `[sample, model, latent]`. All models together have one value for each latent.",
    replaces="crosscoder_encode",
)
def latents_of_each_model(x, W_enc, b_enc):
    return (torch.einsum("nmd,mdl->nml", x, W_enc) + b_enc).relu()


@misconception(
    "More than two models give no `ValueError` in yours, and one model stops it with an `IndexError`. Exactly two are compared.",
)
def models_indexed(latents, W_dec):
    return three(latents, torch.stack([W_dec[:, 0], W_dec[:, 1]], dim=1))


@misconception("More than two models give no `ValueError` in yours. Exactly two are compared: ask for `!= 2`.")
def more_models_accepted(latents, W_dec):
    if W_dec.shape[1] < 2:
        raise ValueError("two models")
    return three(latents, W_dec[:, :2])


@misconception("Your change uses the *sum* of the latent's values. Take its largest value in any sample.")
def summed_value(latents, W_dec):
    refuse(W_dec)
    return three(latents, W_dec, change=latents.sum(0) * difference(W_dec).norm(dim=1))


@misconception("Your change uses the length of B's row alone. Take the length of B's row minus A's row.")
def length_of_b(latents, W_dec):
    refuse(W_dec)
    return three(latents, W_dec, change=latents.amax(0) * W_dec[:, 1].norm(dim=1))


@misconception("Your change uses the *square* of the difference's length. Take the length.")
def squared_difference(latents, W_dec):
    refuse(W_dec)
    return three(latents, W_dec, change=latents.amax(0) * difference(W_dec).square().sum(1))


@misconception(
    "You divide your loss by the number of models. Errors and lengths are summed over models.",
    replaces="crosscoder_loss",
)
def everything_averaged_over_models(x, latents, W_dec, b_dec, sparsity):
    return loss_of(x, latents, W_dec, b_dec, sparsity, lengths_of(W_dec)) / x.shape[1]


@misconception(
    "You give the difference of B's and A's rows in the place of the moved activations: add it to them.",
    replaces="steer_by_difference",
)
def what_is_added_alone(x, W_dec, latent, strength):
    return (strength * difference(W_dec)[latent]).expand_as(x).clone()


@misconception(
    "Your activations are moved by the difference once, whatever `strength` says.", replaces="steer_by_difference"
)
def strength_ignored(x, W_dec, latent, strength):
    return x + difference(W_dec)[latent]


@misconception(
    "You move the activations by the differences of *all* latents. Only the row of `latent` counts.",
    replaces="steer_by_difference",
)
def all_latents(x, W_dec, latent, strength):
    return x + strength * difference(W_dec).sum(0)
