# WRONG: takes the last k of one descending order, which for k = 0 is all of them ([-0:]); promised: 'how many tokens at each end, from 0 to d_vocab', both `[latent, k]`
import torch


def latent_logits(sae, W_U, latents):
    # the mean over the vocabulary is linear too: centre the unembedding once
    return sae.W_dec.detach()[latents] @ (W_U - W_U.mean(dim=1, keepdim=True))


def promoted_and_suppressed(logits, k):
    order = logits.argsort(dim=-1, descending=True)
    return order[:, :k], order[:, -k:].flip(1)
