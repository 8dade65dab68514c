"""Right and wrong ways to train an autoencoder."""

import random

import numpy as np
import torch

from mechgrade.authoring.variants import accepted, misconception


def right_tokens(activations, mask):
    """Tokens and factor as they should be: a misconception is wrong in one thing only."""
    x = activations[mask]
    scale = (x.shape[1] ** 0.5 / x.norm(dim=1).mean()).item()
    return x * scale, scale


def scaled_back(sae, scale):
    """The factor folded in, without gradients."""
    W_enc, b_enc, W_dec, b_dec = (weight.detach() for weight in sae)
    return {"W_enc": W_enc * scale, "b_enc": b_enc.clone(), "W_dec": W_dec / scale, "b_dec": b_dec / scale}


def start_of(x, d_sae, generator):
    """The four weights at the start, that gradients reach."""
    W_dec = torch.nn.functional.normalize(torch.randn(d_sae, x.shape[1], generator=generator), dim=1).to(x)
    weights = W_dec.T.clone(), x.new_zeros(d_sae), W_dec, x.mean(dim=0)
    return [weight.requires_grad_() for weight in weights]


def encoded(sae, x, k):
    """Top-k latents."""
    pre = (x - sae[3]) @ sae[0] + sae[1]
    largest = pre.topk(k, dim=1)
    return torch.zeros_like(pre).scatter(1, largest.indices, largest.values.relu())


def loss_of(sae, x, latents):
    """The mean squared distance."""
    return (x - latents @ sae[2] - sae[3]).pow(2).sum(dim=1).mean()


def drawn(x, generator):
    """A batch."""
    return x[torch.randint(len(x), (128,), generator=generator).to(x.device)]


def trained(x, d_sae, k, steps, seed, generator=None):
    """The four weights after training as the recipe says."""
    generator = torch.Generator().manual_seed(seed) if generator is None else generator
    sae = start_of(x, d_sae, generator)
    optimiser = torch.optim.Adam(sae, lr=0.01)
    with torch.enable_grad():
        for _ in range(steps):
            batch = drawn(x, generator)
            optimiser.zero_grad()
            loss_of(sae, batch, encoded(sae, batch, k)).backward()
            optimiser.step()
    return sae


@accepted
def in_epochs(activations, mask, d_sae, k, steps, seed):
    """Shuffled passes over the tokens, a mask in place of scatter, another start, and a learning rate that decays."""
    x, scale = right_tokens(activations, mask)
    generator = torch.Generator().manual_seed(seed + 99)
    sae = start_of(x, d_sae, generator)
    optimiser = torch.optim.Adam(sae, lr=0.02)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps, eta_min=0.001)
    order = torch.empty(0, dtype=torch.int64)
    with torch.enable_grad():
        for _ in range(steps):
            if len(order) < 128:
                order = torch.cat([order, torch.randperm(len(x), generator=generator)])
            chosen, order = order[:128].to(x.device), order[128:]
            pre = (x[chosen] - sae[3]) @ sae[0] + sae[1]
            keep = pre >= pre.topk(k, dim=1).values[:, -1:]
            optimiser.zero_grad()
            loss_of(sae, x[chosen], pre.relu() * keep).backward()
            optimiser.step()
            schedule.step()
    return scaled_back(sae, scale)


@accepted
def with_unit_directions(activations, mask, d_sae, k, steps, seed):
    """Gradients by hand-called autograd, directions brought back to length 1 after every step, a mean over entries as loss."""
    x, scale = right_tokens(activations, mask)
    generator = torch.Generator().manual_seed(seed)
    sae = start_of(x, d_sae, generator)
    optimiser = torch.optim.Adam(sae, lr=0.01, betas=(0.9, 0.99))
    with torch.enable_grad():
        for _ in range(steps):
            batch = drawn(x, generator)
            latents = encoded(sae, batch, k)
            loss = torch.nn.functional.mse_loss(latents @ sae[2] + sae[3], batch)
            for weight, gradient in zip(sae, torch.autograd.grad(loss, sae), strict=True):
                weight.grad = gradient
            optimiser.step()
            sae[2].data = torch.nn.functional.normalize(sae[2].data, dim=1)
    return scaled_back(sae, scale)


@accepted(replaces="training_tokens")
def by_rows(activations, mask):
    """Row by row, in float64."""
    rows = [row[keep] for row, keep in zip(activations.double(), mask, strict=True)]
    lengths = torch.cat([torch.linalg.vector_norm(row, dim=-1) for row in rows])
    scale = activations.shape[-1] ** 0.5 * len(lengths) / lengths.sum().item()
    return (torch.cat(rows) * scale).to(activations.dtype), scale


@misconception(
    "You learn from every position, padding and opening token included. Take `activations[mask]` before you compute anything "
    "else.",
    replaces="training_tokens",
)
def learns_on_padding(activations, mask):
    x = activations.flatten(0, 1)
    scale = (x.shape[1] ** 0.5 / x.norm(dim=1).mean()).item()
    return x * scale, scale


@misconception(
    "You choose the right tokens, but the factor comes from all positions. Padding must not enter the scale either.",
    replaces="training_tokens",
)
def scale_from_all_positions(activations, mask):
    scale = (activations.shape[-1] ** 0.5 / activations.norm(dim=-1).mean()).item()
    return activations[mask] * scale, scale


@misconception(
    "You leave the activations at the scale that they come in. A learning rate that suits one layer then fails on the next: "
    "bring their mean length to the square root of `d_in`.",
    replaces="training_tokens",
)
def no_normalisation(activations, mask):
    return activations[mask].clone(), 1.0


@misconception(
    "You bring *every* token to the same length. Then the lengths are lost, and nothing can reconstruct them. Use one common "
    "factor.",
    replaces="training_tokens",
)
def each_token_by_itself(activations, mask):
    x, scale = right_tokens(activations, mask)
    return torch.nn.functional.normalize(x, dim=1) * x.shape[1] ** 0.5, scale


@misconception(
    "Your activations end with a mean length of 1. It should be the square root of `d_in`, so that an entry is about 1 in size.",
    replaces="training_tokens",
)
def mean_length_of_one(activations, mask):
    x, scale = right_tokens(activations, mask)
    return x / x.shape[1] ** 0.5, scale / x.shape[1] ** 0.5


@misconception(
    "You bring the *median* length of the activations to the square root of `d_in`. The text asks for the mean length.",
    replaces="training_tokens",
)
def median_length(activations, mask):
    x = activations[mask]
    scale = (x.shape[1] ** 0.5 / x.norm(dim=1).median()).item()
    return x * scale, scale


@misconception(
    "You divide by the root of the mean *squared* length. The text asks for the mean of the lengths themselves.",
    replaces="training_tokens",
)
def root_mean_square(activations, mask):
    x = activations[mask]
    scale = (x.shape[1] ** 0.5 / x.pow(2).sum(dim=1).mean().sqrt()).item()
    return x * scale, scale


@misconception(
    "You return the number that you divide by. The factor is what the activations are multiplied with: 1 over "
    "that number.",
    replaces="training_tokens",
)
def divisor_for_factor(activations, mask):
    x, scale = right_tokens(activations, mask)
    return x, 1 / scale


@misconception(
    "The factor is right, but the activations that you return are not multiplied by it.",
    replaces="training_tokens",
)
def tokens_as_they_come(activations, mask):
    return activations[mask].clone(), right_tokens(activations, mask)[1]


@misconception(
    "You take the mean activation away. Only a factor is asked for; the decoder's bias learns the mean.",
    replaces="training_tokens",
)
def centred_tokens(activations, mask):
    x, scale = right_tokens(activations, mask)
    return x - x.mean(dim=0), scale


@misconception(
    "Your activations come position after position. They should come text after text, as `activations[mask]` "
    "gives them.",
    replaces="training_tokens",
)
def position_after_position(activations, mask):
    _, scale = right_tokens(activations, mask)
    return activations.transpose(0, 1)[mask.T] * scale, scale


@misconception(
    "You do not fold the factor into the weights, so the autoencoder works on scaled activations only.",
    replaces="unscale",
)
def not_scaled_back(sae, scale):
    return {name: weight.clone() for name, weight in sae.items()}


@misconception(
    "You scale the wrong way round. The encoder must do what the factor did, so multiply there, and the decoder must undo it.",
    replaces="unscale",
)
def scaled_the_wrong_way(sae, scale):
    return {
        "W_enc": sae["W_enc"] / scale,
        "b_enc": sae["b_enc"].clone(),
        "W_dec": sae["W_dec"] * scale,
        "b_dec": sae["b_dec"] * scale,
    }


@misconception(
    "You scale the encoder's bias too. It is added after the product with the weights, which carry the factor already.",
    replaces="unscale",
)
def scales_the_encoder_bias(sae, scale):
    return {
        "W_enc": sae["W_enc"] * scale,
        "b_enc": sae["b_enc"] * scale,
        "W_dec": sae["W_dec"] / scale,
        "b_dec": sae["b_dec"] / scale,
    }


@misconception(
    "You divide the encoder's bias by the factor. It is added after the product with the encoder's weights, and "
    "stays as it is.",
    replaces="unscale",
)
def divides_the_encoder_bias(sae, scale):
    return {
        "W_enc": sae["W_enc"] * scale,
        "b_enc": sae["b_enc"] / scale,
        "W_dec": sae["W_dec"] / scale,
        "b_dec": sae["b_dec"] / scale,
    }


@misconception(
    "You leave the decoder's bias at the trained scale. It is part of the reconstruction, so divide it by the "
    "factor too.",
    replaces="unscale",
)
def keeps_the_decoder_bias(sae, scale):
    return {
        "W_enc": sae["W_enc"] * scale,
        "b_enc": sae["b_enc"].clone(),
        "W_dec": sae["W_dec"] / scale,
        "b_dec": sae["b_dec"].clone(),
    }


@misconception(
    "You leave the encoder's weights as they were trained. The encoder meets activations without the factor now, "
    "so multiply "
    "`W_enc` by it.",
    replaces="unscale",
)
def keeps_the_encoder(sae, scale):
    return {
        "W_enc": sae["W_enc"].clone(),
        "b_enc": sae["b_enc"].clone(),
        "W_dec": sae["W_dec"] / scale,
        "b_dec": sae["b_dec"] / scale,
    }


@misconception(
    "Your weights explain little, and one step more gives the very same ones: do you return the start, untrained? Does the optimiser know "
    "the very tensors that you return, and is `step` called in every round?"
)
def never_steps(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    sae = start_of(x, d_sae, torch.Generator().manual_seed(seed))
    return scaled_back(sae, scale)


@misconception(
    "The `k` largest latents of your autoencoder reconstruct badly. Look at your training: are only the `k` largest kept there, and "
    "do all four weights learn?"
)
def trains_without_topk(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    generator = torch.Generator().manual_seed(seed)
    sae = start_of(x, d_sae, generator)
    optimiser = torch.optim.Adam(sae, lr=0.01)
    with torch.enable_grad():
        for _ in range(steps):
            batch = drawn(x, generator)
            optimiser.zero_grad()
            loss_of(sae, batch, ((batch - sae[3]) @ sae[0] + sae[1]).relu()).backward()
            optimiser.step()
    return scaled_back(sae, scale)


@misconception(
    "You seed PyTorch's global random state. Whoever calls your function loses their own random numbers: use a "
    "`torch.Generator` of your own."
)
def seeds_globally(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    generator = torch.manual_seed(seed)
    return scaled_back(trained(x, d_sae, k, steps, seed, generator), scale)


@misconception(
    "You seed NumPy's global random state. Whoever calls your function loses their own random numbers: use a "
    "`torch.Generator` of your own."
)
def seeds_numpy(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    np.random.seed(seed)
    generator = torch.Generator().manual_seed(int(np.random.randint(2**31)))
    return scaled_back(trained(x, d_sae, k, steps, seed, generator), scale)


@misconception(
    "You seed the global random state of Python's `random`. Whoever calls your function loses their own random "
    "numbers: use a "
    "`torch.Generator` of your own."
)
def seeds_python(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    random.seed(seed)
    generator = torch.Generator().manual_seed(random.randrange(2**31))
    return scaled_back(trained(x, d_sae, k, steps, seed, generator), scale)


@misconception(
    "Two different seeds give the same weights. The start and the batches should both depend on `seed`: hand it "
    "to the generator "
    "that draws them."
)
def ignores_the_seed(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    return scaled_back(trained(x, d_sae, k, steps, 0), scale)


@misconception("One step more gives the very same weights. Train for as many steps as `steps` says.")
def steps_of_its_own(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    return scaled_back(trained(x, d_sae, k, max(steps, 100), seed), scale)


@misconception("The weights that you return want gradients. Return `weight.detach()` for each.")
def keeps_gradients(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    return {
        name: weight.requires_grad_() for name, weight in scaled_back(trained(x, d_sae, k, steps, seed), scale).items()
    }


@misconception(
    "Your trained autoencoder does badly on very small activations. Train on what `training_tokens` returns, and "
    "fold its factor "
    "in with `unscale`, so that the scale does not matter."
)
def trains_on_any_scale(activations, mask, d_sae, k, steps, seed):
    return scaled_back(trained(activations[mask], d_sae, k, steps, seed), 1.0)


@misconception(
    "Your autoencoder reconstructs activations badly as they come, but scaled ones well: the factor is not folded in. `unscale` folds it into "
    "the weights that you return."
)
def not_folded_back(activations, mask, d_sae, k, steps, seed):
    x, _ = right_tokens(activations, mask)
    return scaled_back(trained(x, d_sae, k, steps, seed), 1.0)


@misconception(
    "The same seed gives other weights each time, and PyTorch's global random state has moved: something is drawn "
    "from it. Hand your own generator to every draw.",
)
def batches_from_the_global_state(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    sae = start_of(x, d_sae, torch.Generator().manual_seed(seed))
    optimiser = torch.optim.Adam(sae, lr=0.01)
    with torch.enable_grad():
        for _ in range(steps):
            batch = drawn(x, None)
            optimiser.zero_grad()
            loss_of(sae, batch, encoded(sae, batch, k)).backward()
            optimiser.step()
    return scaled_back(sae, scale)


@misconception(
    "Your factor is a tensor. It should be a Python number: call `item()`.",
    replaces="training_tokens",
)
def tensor_for_factor(activations, mask):
    x, scale = right_tokens(activations, mask)
    return x, torch.tensor(scale, dtype=torch.float64)


@misconception(
    "The weights that you were given are changed after the call: you scale them in place. Return new weights.",
    replaces="unscale",
)
def scales_in_place(sae, scale):
    sae["W_enc"] *= scale
    sae["W_dec"] /= scale
    sae["b_dec"] /= scale
    return sae


@misconception(
    "Your trained autoencoder reconstructs real tokens badly, and nearly without error what stands where `mask` is False. Did it learn from "
    "those positions, too? Train on what `training_tokens` returns."
)
def trains_on_all_positions(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, torch.ones_like(mask))
    return scaled_back(trained(x, d_sae, k, steps, seed), scale)


@misconception("Your autoencoder has another number of latents than `d_sae` says.")
def latents_of_its_own_number(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    return scaled_back(trained(x, 4 * x.shape[1], k, steps, seed), scale)


@misconception(
    "With `steps = 1` your training stops with an error. One step is allowed: does something divide by `steps - 1`?"
)
def fails_with_one_step(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    generator = torch.Generator().manual_seed(seed)
    sae = start_of(x, d_sae, generator)
    optimiser = torch.optim.Adam(sae, lr=0.01)
    with torch.enable_grad():
        for step in range(steps):
            optimiser.param_groups[0]["lr"] = 0.02 * (1 - 0.9 * step / (steps - 1))
            batch = drawn(x, generator)
            optimiser.zero_grad()
            loss_of(sae, batch, encoded(sae, batch, k)).backward()
            optimiser.step()
    return scaled_back(sae, scale)


@misconception(
    "With `steps = 0` your training stops with an error. `steps` may be 0: then return the start. Does something after the loop need a step?"
)
def fails_with_no_step(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    generator = torch.Generator().manual_seed(seed)
    sae = start_of(x, d_sae, generator)
    optimiser = torch.optim.Adam(sae, lr=0.01)
    losses = []
    with torch.enable_grad():
        for _ in range(steps):
            batch = drawn(x, generator)
            losses.append(loss_of(sae, batch, encoded(sae, batch, k)))
            optimiser.zero_grad()
            losses[-1].backward()
            optimiser.step()
    if losses[-1].isnan():
        raise ValueError("the training diverged")
    return scaled_back(sae, scale)


@misconception(
    'You return the four weights without their names. Return a dict with `"W_enc"`, `"b_enc"`, `"W_dec"` and `"b_dec"`.'
)
def a_tuple_of_weights(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    return tuple(scaled_back(trained(x, d_sae, k, steps, seed), scale).values())


@misconception(
    "Your training stops with an error where gradients are switched off. Train inside `torch.enable_grad()`."
)
def needs_gradients_on(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    generator = torch.Generator().manual_seed(seed)
    sae = start_of(x, d_sae, generator)
    optimiser = torch.optim.Adam(sae, lr=0.01)
    for _ in range(steps):
        batch = drawn(x, generator)
        optimiser.zero_grad()
        loss_of(sae, batch, encoded(sae, batch, k)).backward()
        optimiser.step()
    return scaled_back(sae, scale)


_GENERATORS = {}


@misconception(
    "The same seed gives other weights at the second call, though no global random state has moved: something is kept between calls, such as "
    "a generator or weights that go on where they were. Begin anew in each call."
)
def keeps_its_generator(activations, mask, d_sae, k, steps, seed):
    x, scale = right_tokens(activations, mask)
    generator = _GENERATORS.setdefault(seed, torch.Generator().manual_seed(seed))
    return scaled_back(trained(x, d_sae, k, steps, seed, generator), scale)


@misconception(
    "You bring the length of the mean activation to the square root of `d_in`. Take the mean of the lengths.",
    replaces="training_tokens",
)
def length_of_the_mean(activations, mask):
    x = activations[mask]
    scale = (x.shape[1] ** 0.5 / x.mean(dim=0).norm()).item()
    return x * scale, scale


@misconception(
    "Your activations end with a mean length of `d_in`. It should be the square root of it.",
    replaces="training_tokens",
)
def mean_length_of_d_in(activations, mask):
    x, scale = right_tokens(activations, mask)
    root = x.shape[1] ** 0.5
    return x * root, scale * root


@misconception(
    "You divide by the standard deviation of all entries. Bring the mean *length* of the activations to the square root of `d_in`.",
    replaces="training_tokens",
)
def by_the_standard_deviation(activations, mask):
    x = activations[mask]
    scale = (1 / x.std()).item()
    return x * scale, scale


@misconception(
    "You bring the *longest* activation to the square root of `d_in`. The text asks for the mean length.",
    replaces="training_tokens",
)
def longest_for_mean(activations, mask):
    x = activations[mask]
    scale = (x.shape[1] ** 0.5 / x.norm(dim=1).max()).item()
    return x * scale, scale


@misconception(
    "Your mean length is the sum of the lengths, not divided by the number of activations.",
    replaces="training_tokens",
)
def sum_of_lengths(activations, mask):
    x = activations[mask]
    scale = (x.shape[1] ** 0.5 / x.norm(dim=1).sum()).item()
    return x * scale, scale


@misconception(
    "Your factor has the number of chosen tokens under the root, not `d_in`, the width of an activation.",
    replaces="training_tokens",
)
def root_of_the_number_of_tokens(activations, mask):
    x = activations[mask]
    scale = (len(x) ** 0.5 / x.norm(dim=1).mean()).item()
    return x * scale, scale


@misconception(
    "You add up absolute values for the lengths. The length of an activation is its Euclidean norm.",
    replaces="training_tokens",
)
def sums_of_sizes(activations, mask):
    x = activations[mask]
    scale = (x.shape[1] ** 0.5 / x.abs().sum(dim=1).mean()).item()
    return x * scale, scale


@misconception(
    "You set the activations of other positions to 0 and keep them. Leave them out: `activations[mask]`.",
    replaces="training_tokens",
)
def others_become_zero(activations, mask):
    _, scale = right_tokens(activations, mask)
    return (activations * mask[..., None]).flatten(0, 1) * scale, scale


@misconception(
    "You choose the positions that `mask` leaves out. Where it is True, a position is real.",
    replaces="training_tokens",
)
def mask_turned_round(activations, mask):
    return right_tokens(activations, ~mask)


@misconception(
    "You leave the decoder's directions at the trained scale. The reconstruction is to be divided by the factor, so divide `W_dec` by it too.",
    replaces="unscale",
)
def keeps_the_decoder(sae, scale):
    return {
        "W_enc": sae["W_enc"] * scale,
        "b_enc": sae["b_enc"].clone(),
        "W_dec": sae["W_dec"].clone(),
        "b_dec": sae["b_dec"] / scale,
    }


@misconception(
    "You multiply the decoder's bias by the factor. The decoder has to undo the factor: divide both its weights and its bias.",
    replaces="unscale",
)
def multiplies_the_decoder_bias(sae, scale):
    return {
        "W_enc": sae["W_enc"] * scale,
        "b_enc": sae["b_enc"].clone(),
        "W_dec": sae["W_dec"] / scale,
        "b_dec": sae["b_dec"] * scale,
    }


@misconception(
    "You multiply all weights by the factor. The encoder's weights are multiplied, the decoder's are divided.",
    replaces="unscale",
)
def multiplies_all(sae, scale):
    return {name: weight * scale if name != "b_enc" else weight.clone() for name, weight in sae.items()}
