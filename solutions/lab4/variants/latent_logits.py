"""Right and wrong ways to read what latents say."""

import torch

from mechgrade.authoring.variants import accepted, misconception


def without_mean(logits):
    """The effects without their mean over the vocabulary: a misconception is wrong in one thing only."""
    return logits - logits.mean(dim=-1, keepdim=True)


@accepted
def by_centred_unembedding(sae, W_U, latents):
    """The unembedding centred first, once for all latents; one contraction."""
    centred = W_U - W_U.mean(dim=1, keepdim=True)
    return torch.einsum("ld,dv->lv", sae.W_dec.index_select(0, latents), centred)


@accepted
def through_the_decoder(sae, W_U, latents):
    """Each latent switched on alone, decoded, and compared with none: in float64."""
    rows = []
    silence = torch.zeros(1, sae.cfg.d_sae, dtype=W_U.dtype, device=W_U.device)
    for latent in latents.tolist():
        one = silence.clone()
        one[0, latent] = 1
        written = sae.decode(one).double() - sae.decode(silence).double()
        if getattr(sae.cfg, "rescale_acts_by_decoder_norm", False):
            written = written * sae.W_dec[latent].double().norm()
        logits = (written @ W_U.double())[0]
        rows.append((logits - logits.sum() / len(logits)).to(W_U.dtype))
    return torch.stack(rows)


@accepted(replaces="promoted_and_suppressed")
def by_one_sort(logits, k):
    """One sort serves both ends."""
    order = logits.argsort(dim=-1, descending=True)
    return order[:, :k], order.flip(-1)[:, :k]


@misconception(
    "You take the encoder's direction, which says when the latent fires. What the latent adds to the stream is its row "
    "of the *decoder*."
)
def encoder_direction(sae, W_U, latents):
    return without_mean(sae.W_enc.T[latents] @ W_U)


@misconception(
    "Your effects still have their mean. The same number on all logits changes no probability: subtract each latent's "
    "mean over the vocabulary."
)
def with_mean(sae, W_U, latents):
    return sae.W_dec[latents] @ W_U


@misconception("You subtract the mean over the *latents*. The mean is over the vocabulary, for each latent on its own.")
def mean_over_latents(sae, W_U, latents):
    logits = sae.W_dec[latents] @ W_U
    return logits - logits.mean(dim=0, keepdim=True)


@misconception(
    "You subtract one mean over everything. Each latent has a mean of its own: use the last axis, and keep it."
)
def mean_over_everything(sae, W_U, latents):
    logits = sae.W_dec[latents] @ W_U
    return logits - logits.mean()


@misconception(
    "You add the decoder's bias. It is in the stream whether the latent is active or not; here the effect of the latent "
    "alone is asked for."
)
def with_bias(sae, W_U, latents):
    return without_mean((sae.W_dec[latents] + sae.b_dec) @ W_U)


@misconception(
    "You make the decoder's directions unit length first. One unit of the latent adds the direction as it is, and long "
    "ones have a larger effect."
)
def unit_directions(sae, W_U, latents):
    return without_mean(torch.nn.functional.normalize(sae.W_dec[latents], dim=-1) @ W_U)


@misconception(
    "You return probabilities. An effect is a difference of logits, positive or negative, and not a distribution of its own."
)
def probabilities(sae, W_U, latents):
    return (sae.W_dec[latents] @ W_U).softmax(dim=-1)


@misconception(
    "You return log-probabilities: your effects are shifted so that their softmax sums to one. Subtract the mean instead."
)
def log_probabilities(sae, W_U, latents):
    return (sae.W_dec[latents] @ W_U).log_softmax(dim=-1)


@misconception(
    "Your suppressed tokens come with the least suppressed one first. Begin with the most suppressed one.",
    replaces="promoted_and_suppressed",
)
def suppressed_turned_round(logits, k):
    order = logits.argsort(dim=-1, descending=True)
    return order[:, :k], order[:, order.shape[1] - k :]


@misconception(
    "You choose by magnitude, so that strongly suppressed tokens stand among the promoted ones. Promoted are the largest "
    "values with their sign.",
    replaces="promoted_and_suppressed",
)
def by_magnitude(logits, k):
    return logits.abs().topk(k, dim=-1).indices, logits.topk(k, dim=-1, largest=False).indices


@misconception(
    "Your two results are exchanged: the promoted tokens come first, then the suppressed ones.",
    replaces="promoted_and_suppressed",
)
def ends_exchanged(logits, k):
    return logits.topk(k, dim=-1, largest=False).indices, logits.topk(k, dim=-1).indices


@misconception(
    "Your suppressed tokens are those with effects nearest to zero: tokens that the latent does not touch. Suppressed are "
    "the lowest values.",
    replaces="promoted_and_suppressed",
)
def untouched_for_suppressed(logits, k):
    return logits.topk(k, dim=-1).indices, logits.abs().topk(k, dim=-1, largest=False).indices


@misconception(
    "For a single latent your result has lost its first axis. It is `[latent, d_vocab]` there too: call no `squeeze`.",
)
def one_latent_squeezed(sae, W_U, latents):
    return without_mean((sae.W_dec[latents] @ W_U).squeeze())


@misconception(
    "Your rows come in the order of the latents' numbers, each once. They should follow `latents`, with its order "
    "and repetitions.",
)
def in_order_of_number(sae, W_U, latents):
    mask = torch.zeros(len(sae.W_dec), dtype=torch.bool, device=latents.device)
    mask[latents] = True
    return without_mean(sae.W_dec[mask] @ W_U)


@misconception(
    "You divide each row by its standard deviation. Only the mean is taken away; the size of an effect stays.",
)
def standardised(sae, W_U, latents):
    logits = without_mean(sae.W_dec[latents] @ W_U)
    return logits / logits.std(dim=-1, keepdim=True)


@misconception(
    "For `k = 0` your suppressed tokens are all tokens: the slice `[-0:]` is the whole row. Both results are "
    "empty there.",
    replaces="promoted_and_suppressed",
)
def suppressed_of_zero(logits, k):
    order = logits.argsort(dim=-1, descending=True)
    return order[:, :k], order[:, -k:].flip(-1)


@misconception(
    "Every row has the same tokens, chosen by the sum over the latents. Each latent has its own tokens.",
    replaces="promoted_and_suppressed",
)
def ends_of_the_sum(logits, k):
    total = logits.sum(dim=0).expand_as(logits)
    return total.topk(k, dim=-1).indices, total.topk(k, dim=-1, largest=False).indices


@misconception(
    "You return the effects themselves. The ids of the tokens are asked for: `topk` gives them as `indices`.",
    replaces="promoted_and_suppressed",
)
def values_for_ids(logits, k):
    return logits.topk(k, dim=-1).values, logits.topk(k, dim=-1, largest=False).values


@misconception(
    "Your promoted tokens come in the order of their ids. The most promoted one comes first.",
    replaces="promoted_and_suppressed",
)
def promoted_in_order_of_ids(logits, k):
    up = logits.topk(k, dim=-1).indices
    return up.sort(dim=-1).values, logits.topk(k, dim=-1, largest=False).indices


@misconception(
    "You cut `k` so that no token is in both results. Each result has `k` tokens, and for a large `k` a token is "
    "in both.",
    replaces="promoted_and_suppressed",
)
def no_token_in_both(logits, k):
    k = min(k, logits.shape[-1] // 2)
    return logits.topk(k, dim=-1).indices, logits.topk(k, dim=-1, largest=False).indices


@misconception(
    "You send the direction through a LayerNorm first. The effects are asked for before the final LayerNorm's scale: use the "
    "direction as it is.",
)
def through_a_layer_norm(sae, W_U, latents):
    directions = sae.W_dec[latents]
    return without_mean(torch.nn.functional.layer_norm(directions, directions.shape[-1:]) @ W_U)


@misconception(
    "You take the mean out along `d_model`, of the directions or of the columns of `W_U`. The mean to take away is that of the effects, over "
    "the vocabulary.",
)
def centred_directions(sae, W_U, latents):
    return without_mean(sae.W_dec[latents]) @ W_U


@misconception("You subtract the median of the effects. Subtract their mean over the vocabulary.")
def median_for_mean(sae, W_U, latents):
    logits = sae.W_dec[latents] @ W_U
    return logits - logits.median(dim=-1, keepdim=True).values


@misconception("You subtract the largest effect, as one does in a softmax. Subtract the mean over the vocabulary.")
def largest_for_mean(sae, W_U, latents):
    logits = sae.W_dec[latents] @ W_U
    return logits - logits.amax(dim=-1, keepdim=True)


@misconception(
    "Your promoted tokens end with the most promoted one: they are in ascending order. Turn them round.",
    replaces="promoted_and_suppressed",
)
def promoted_turned_round(logits, k):
    order = logits.argsort(dim=-1)
    return order[:, order.shape[1] - k :], order[:, :k]


@misconception(
    "For `k = 0` your promoted tokens are all tokens: the slice `[-0:]` is the whole row. Both results are empty there.",
    replaces="promoted_and_suppressed",
)
def promoted_of_zero(logits, k):
    order = logits.argsort(dim=-1)
    return order[:, -k:].flip(-1), order[:, :k]


@misconception(
    "Your suppressed tokens come in the order of their ids. The most suppressed one comes first.",
    replaces="promoted_and_suppressed",
)
def suppressed_in_order_of_ids(logits, k):
    down = logits.topk(k, dim=-1, largest=False).indices
    return logits.topk(k, dim=-1).indices, down.sort(dim=-1).values


@misconception(
    "You list one token too many at each end. Each result has `k` tokens.",
    replaces="promoted_and_suppressed",
)
def one_token_too_many(logits, k):
    order = logits.argsort(dim=-1, descending=True)
    return order[:, : k + 1], order.flip(-1)[:, : k + 1]


@misconception(
    "Your suppressed tokens are the tokens that come after the promoted ones, from place `k` on. Suppressed are the lowest values, "
    "at the other end of the order.",
    replaces="promoted_and_suppressed",
)
def next_after_the_promoted(logits, k):
    order = logits.argsort(dim=-1, descending=True)
    return order[:, :k], order[:, k : 2 * k]
