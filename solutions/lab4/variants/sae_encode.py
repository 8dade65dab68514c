"""Right and wrong ways to encode."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def refuse_k(pre, k):
    """Raise the error that the exercise asks for: a misconception is wrong in one thing only."""
    if not 0 <= k <= pre.shape[-1]:
        raise ValueError("k must be between 0 and d_sae")


@accepted
def by_folded_bias(x, W_enc, b_enc, b_dec, activation=torch.relu):
    """The decoder's bias folded into the encoder's, then one contraction."""
    folded = b_enc - b_dec @ W_enc
    return activation(torch.einsum("...i,is->...s", x, W_enc) + folded)


@accepted
def by_latents(x, W_enc, b_enc, b_dec, activation=torch.relu):
    """One latent after the other, in float64."""
    centred = x.double() - b_dec.double()
    columns = [(centred * W_enc[:, s].double()).sum(-1) + b_enc[s].double() for s in range(W_enc.shape[1])]
    return activation(torch.stack(columns, dim=-1).to(x.dtype))


@accepted(replaces="topk")
def by_sorting(pre, k):
    """The rank of every pre-activation, by sorting twice."""
    refuse_k(pre, k)
    rank = pre.argsort(dim=-1, descending=True).argsort(dim=-1)
    return torch.where((rank < k) & (pre > 0), pre, torch.zeros_like(pre))


@accepted(replaces="topk")
def relu_before(pre, k):
    """ReLU first: the same, for what is not positive ends as 0 either way."""
    refuse_k(pre, k)
    positive = pre.clamp(min=0)
    values, places = torch.topk(positive, k, dim=-1)
    kept = torch.zeros_like(pre)
    kept.scatter_(-1, places, values)
    return kept


@accepted(replaces="jumprelu")
def by_mask(pre, threshold):
    """ReLU times a mask, as in SAELens."""
    return pre.relu() * (pre > threshold).to(pre.dtype)


@misconception(
    "You encode the activation as it comes. The SAE describes activations relative to the decoder's bias: look at the "
    "first bracket of the formula."
)
def forgets_b_dec(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation(x @ W_enc + b_enc)


@misconception(
    "You add the decoder's bias to the activation. The decoder adds it at the end; the encoder undoes that at the start."
)
def adds_b_dec(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation((x + b_dec) @ W_enc + b_enc)


@misconception(
    "Your pre-activations lack the encoder's own bias, `b_enc`. Without it every latent switches on at the same point."
)
def forgets_b_enc(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation((x - b_dec) @ W_enc)


@misconception(
    "You add the encoder's bias after the activation function, so that latents which should be silent are not 0. The "
    "bias belongs to the pre-activation."
)
def bias_after_activation(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation((x - b_dec) @ W_enc) + b_enc


@misconception(
    "You use ReLU whatever activation function is asked for. The argument `activation` decides; ReLU is only its default."
)
def always_relu(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return torch.relu((x - b_dec) @ W_enc + b_enc)


@misconception(
    "You return the pre-activations: some are negative, and nothing is sparse. The activation function has still to be "
    "applied."
)
def no_activation(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return (x - b_dec) @ W_enc + b_enc


@misconception(
    "You put a ReLU on top of what `activation` returns. The latents are what `activation` returns, also where they are negative."
)
def relu_on_top(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return torch.relu(activation((x - b_dec) @ W_enc + b_enc))


@misconception(
    "You apply ReLU before `activation`, so that `activation` never sees a negative pre-activation. Hand it the pre-activations."
)
def relu_first(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation(torch.relu((x - b_dec) @ W_enc + b_enc))


@misconception(
    "Your result has lost its axes of length one. It keeps all leading axes of `x`: call no `squeeze` without an axis."
)
def squeezed(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation((x - b_dec) @ W_enc + b_enc).squeeze()


@misconception(
    "Where several pre-activations equal the k-th largest, you keep all of them, so that more than `k` latents are active. Choose "
    "places, not values: `torch.topk` gives exactly `k`.",
    replaces="topk",
)
def keeps_all_ties(pre, k):
    refuse_k(pre, k)
    if k == 0:
        return torch.zeros_like(pre)
    return torch.where((pre >= pre.topk(k, dim=-1).values[..., -1:]) & (pre > 0), pre, 0)


@misconception(
    "With `k = 0` you keep latents. Then no latent may be active; `if k` and `k or …` take 0 for missing.",
    replaces="topk",
)
def zero_is_all(pre, k):
    refuse_k(pre, k)
    largest = pre.topk(k or pre.shape[-1], dim=-1)
    return torch.zeros_like(pre).scatter(-1, largest.indices, largest.values.relu())


@misconception(
    "You refuse `k = d_sae`. It is allowed, and all positive pre-activations stay.",
    replaces="topk",
)
def refuses_all(pre, k):
    if not 0 <= k < pre.shape[-1]:
        raise ValueError("k must be between 0 and d_sae")
    largest = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, largest.indices, largest.values.relu())


@misconception(
    "For a `k` that is out of range PyTorch's own error comes through. Check `k` first, and raise a `ValueError`.",
    replaces="topk",
)
def error_of_pytorch(pre, k):
    largest = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, largest.indices, largest.values.relu())


@misconception(
    "A `k` above the number of latents goes through as if it were that number. The docstring asks for a `ValueError` there.",
    replaces="topk",
)
def cuts_large_k(pre, k):
    if k < 0:
        raise ValueError("k is negative")
    largest = pre.topk(min(k, pre.shape[-1]), dim=-1)
    return torch.zeros_like(pre).scatter(-1, largest.indices, largest.values.relu())


@misconception(
    "A pre-activation that is only just above its threshold is silent in yours. Whatever is above it is active: compare with the "
    "threshold itself.",
    replaces="jumprelu",
)
def just_above_is_silent(pre, threshold):
    return torch.where(pre > threshold + 1e-4, pre, 0)


@misconception(
    "Pre-activations that are very small become 0 in your top-k. Whatever is above 0 is positive: compare with 0.",
    replaces="topk",
)
def small_ones_not_kept(pre, k):
    if not 0 <= k <= pre.shape[-1]:
        raise ValueError("k is out of range")
    largest = pre.topk(k, dim=-1)
    kept = torch.where(largest.values > 1e-4, largest.values, 0)
    return torch.zeros_like(pre).scatter(-1, largest.indices, kept)


@misconception(
    "You use one threshold for all latents, their mean. Each latent has a threshold of its own.",
    replaces="jumprelu",
)
def mean_threshold(pre, threshold):
    return torch.where(pre > threshold.mean(), pre, 0)


@misconception(
    "You round float64 pre-activations to float32. An active latent keeps its pre-activation as it is.",
    replaces="jumprelu",
)
def in_single_precision(pre, threshold):
    return torch.where(pre > threshold, pre.float(), 0).to(pre.dtype)


@misconception(
    "Among your `k` largest there are negative values, where fewer than `k` pre-activations are positive. A latent is "
    "active with a positive value or not at all.",
    replaces="topk",
)
def keeps_negatives(pre, k):
    refuse_k(pre, k)
    largest = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, largest.indices, largest.values)


@misconception(
    "You choose the `k` entries that are largest in magnitude, so that strongly negative ones take the places of "
    "positive ones. Choose by the value itself, not by its size without the sign.",
    replaces="topk",
)
def by_magnitude(pre, k):
    refuse_k(pre, k)
    places = pre.abs().topk(k, dim=-1).indices
    return torch.zeros_like(pre).scatter(-1, places, pre.gather(-1, places).relu())


@misconception(
    "You choose the `k` largest of the whole batch together, so that one activation can use up the latents of another. "
    "Each activation has `k` of its own.",
    replaces="topk",
)
def over_the_batch(pre, k):
    refuse_k(pre, k)
    flat = pre.flatten()
    largest = flat.topk(k)
    return torch.zeros_like(flat).scatter(0, largest.indices, largest.values.relu()).reshape(pre.shape)


@misconception(
    "You return only the `k` values and lose which latents they belong to. The result has a place for every latent, "
    "with 0 where it is silent.",
    replaces="topk",
)
def values_only(pre, k):
    refuse_k(pre, k)
    return pre.topk(k, dim=-1).values.relu()


@misconception(
    "A `k` below 0 or above the number of latents goes through without a word. The docstring asks for a `ValueError` "
    "there.",
    replaces="topk",
)
def clamps_k(pre, k):
    largest = pre.topk(min(max(k, 0), pre.shape[-1]), dim=-1)
    return torch.zeros_like(pre).scatter(-1, largest.indices, largest.values.relu())


@misconception(
    "A pre-activation that equals its threshold is active in yours. The comparison is strict: it has to be above.",
    replaces="jumprelu",
)
def not_strict(pre, threshold):
    return torch.where(pre >= threshold, pre, 0)


@misconception(
    "You subtract the threshold from the active latents. That is a shifted ReLU, which shrinks them; JumpReLU keeps the "
    "pre-activation as it is.",
    replaces="jumprelu",
)
def shifted_relu(pre, threshold):
    return (pre - threshold).relu()


@misconception(
    "You return 1 for an active latent and 0 for a silent one. An active latent keeps its pre-activation as its value.",
    replaces="jumprelu",
)
def step_only(pre, threshold):
    return (pre > threshold).to(pre.dtype)


@misconception(
    "You compare the magnitude with the threshold, so that strongly negative pre-activations pass. A latent is active "
    "only above its threshold.",
    replaces="jumprelu",
)
def magnitude_above_threshold(pre, threshold):
    return torch.where(pre.abs() > threshold, pre, 0)


@misconception(
    "A negative `k` goes through without a word. The docstring asks for a `ValueError` there.",
    replaces="topk",
)
def lets_negative_k_through(pre, k):
    if k > pre.shape[-1]:
        raise ValueError("k is larger than d_sae")
    order = pre.argsort(dim=-1, descending=True)[..., :k]
    return torch.zeros_like(pre).scatter(-1, order, pre.gather(-1, order).relu())


@misconception(
    "You choose the `k` largest along axis 1. The latents are the *last* axis, `dim=-1`, whatever number it has.",
    replaces="topk",
)
def along_the_second_axis(pre, k):
    refuse_k(pre, k)
    dim = min(1, pre.dim() - 1)
    largest = pre.topk(min(k, pre.shape[dim]), dim=dim)
    return torch.zeros_like(pre).scatter(dim, largest.indices, largest.values.relu())


@misconception(
    "You keep `k` latents a token on average, the largest of all tokens together. Each token has `k` of its own.",
    replaces="topk",
)
def k_on_average(pre, k):
    refuse_k(pre, k)
    flat = pre.flatten()
    largest = flat.topk(k * (len(flat) // pre.shape[-1]))
    return torch.zeros_like(flat).scatter(0, largest.indices, largest.values.relu()).reshape(pre.shape)


@misconception(
    "A silent latent has its threshold as its value in yours. Whatever is not active is exactly 0.",
    replaces="jumprelu",
)
def adds_the_threshold_back(pre, threshold):
    return (pre - threshold).relu() + threshold


@misconception(
    "You call `activation` on one long row, with the pre-activations of all activations in it. It works on the last axis, `[..., d_sae]`, "
    "which top-k and softmax need."
)
def activation_on_one_long_row(x, W_enc, b_enc, b_dec, activation=torch.relu):
    pre = (x - b_dec) @ W_enc + b_enc
    return activation(pre.flatten()).reshape(pre.shape)


@misconception(
    "Top-k returns 1 for an active latent. An active latent keeps its pre-activation as its value.",
    replaces="topk",
)
def ones_for_the_largest(pre, k):
    refuse_k(pre, k)
    largest = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, largest.indices, (largest.values > 0).to(pre.dtype))


@misconception(
    "Where the threshold is 0, you let negative pre-activations through. A threshold of 0 is a threshold: only what is above 0 is active.",
    replaces="jumprelu",
)
def zero_is_no_threshold(pre, threshold):
    return torch.where((pre > threshold) | (threshold == 0), pre, 0)


@misconception(
    "JumpReLU has lost an axis of length one. The latents have the shape of `pre`: call no `squeeze` without an axis.",
    replaces="jumprelu",
)
def jumprelu_squeezed(pre, threshold):
    return torch.where(pre > threshold, pre, 0).squeeze()


@misconception(
    "JumpReLU returns float32 where `pre` is float64. The latents have the type of `pre`.",
    replaces="jumprelu",
)
def always_float32(pre, threshold):
    return torch.where(pre > threshold, pre, 0).float()


@misconception(
    "You subtract the encoder's bias. It is added to the pre-activations: only the decoder's bias is taken away."
)
def subtracts_b_enc(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation((x - b_dec) @ W_enc - b_enc)


@misconception("You make the encoder's columns unit length first. Use the weights as they are.")
def unit_columns(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation((x - b_dec) @ torch.nn.functional.normalize(W_enc, dim=0) + b_enc)


@misconception("You refuse `k = 0`. It is allowed, and no latent is active then.", replaces="topk")
def refuses_zero(pre, k):
    if not 0 < k <= pre.shape[-1]:
        raise ValueError("k must be between 1 and d_sae")
    largest = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, largest.indices, largest.values.relu())


@misconception(
    "A `k` that is out of range ends in an `AssertionError`. Write `if …: raise ValueError(…)` in place of `assert`.",
    replaces="topk",
)
def asserts_k(pre, k):
    assert 0 <= k <= pre.shape[-1], "k is out of range"
    largest = pre.topk(k, dim=-1)
    return torch.zeros_like(pre).scatter(-1, largest.indices, largest.values.relu())


@misconception(
    "You keep what lies above the `k`-th largest pre-activation, and leave that one out: one latent too few. The `k`-th belongs to the `k` "
    "largest.",
    replaces="topk",
)
def strictly_above_the_kth(pre, k):
    refuse_k(pre, k)
    if k == 0:
        return torch.zeros_like(pre)
    return torch.where((pre > pre.topk(k, dim=-1).values[..., -1:]) & (pre > 0), pre, 0)


@misconception(
    "You keep the `k` smallest pre-activations. Choose the largest ones.",
    replaces="topk",
)
def k_smallest(pre, k):
    refuse_k(pre, k)
    smallest = pre.topk(k, dim=-1, largest=False)
    return torch.zeros_like(pre).scatter(-1, smallest.indices, smallest.values.relu())


@misconception(
    "Your latents come in descending order, from the first place on. Each value stays at the place of its own latent.",
    replaces="topk",
)
def in_descending_order(pre, k):
    refuse_k(pre, k)
    values = pre.topk(k, dim=-1).values.relu()
    return torch.cat([values, pre.new_zeros(*pre.shape[:-1], pre.shape[-1] - k)], dim=-1)


@misconception(
    "You choose the `k` places by the first activation, and use them for all. Each activation has `k` largest of its own.",
    replaces="topk",
)
def places_of_the_first(pre, k):
    refuse_k(pre, k)
    first = pre.reshape(-1, pre.shape[-1])[0]
    kept = torch.zeros_like(first).scatter(0, first.topk(k).indices, 1.0)
    return pre.relu() * kept


@misconception(
    "You use the largest threshold for all latents. Each latent has a threshold of its own.",
    replaces="jumprelu",
)
def largest_threshold(pre, threshold):
    return torch.where(pre > threshold.amax(), pre, 0)


@misconception(
    "You cut latents off at the threshold: nothing is above it. Keep what is above the threshold, and set the rest to 0.",
    replaces="jumprelu",
)
def cut_off_at_the_threshold(pre, threshold):
    return torch.minimum(pre.relu(), threshold)


@misconception(
    "You keep what lies below the threshold, and set the rest to 0. It is the other way round.",
    replaces="jumprelu",
)
def keeps_what_is_below(pre, threshold):
    return torch.where(pre > threshold, 0, pre)


@misconception(
    "You add the threshold to the active latents. An active latent keeps its pre-activation as it is.",
    replaces="jumprelu",
)
def adds_the_threshold(pre, threshold):
    return torch.where(pre > threshold, pre + threshold, 0)


@misconception(
    "With another number of axes than two your `sae_encode` stops with an error. `x` may have any number of leading axes: use `@`, or `...` in "
    "an einsum."
)
def two_axes_only(x, W_enc, b_enc, b_dec, activation=torch.relu):
    return activation(torch.einsum("bi,is->bs", x - b_dec, W_enc) + b_enc)
