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
