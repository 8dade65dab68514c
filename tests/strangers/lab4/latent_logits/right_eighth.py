# RIGHT: correct in every promise
import torch


def latent_logits(sae, W_U, latents):
    # the mean over the vocabulary is linear too: centre the unembedding once
    return sae.W_dec.detach()[latents] @ (W_U - W_U.mean(dim=1, keepdim=True))


def promoted_and_suppressed(logits, k):
    def first(order):
        return order.narrow(1, 0, k)

    return first(logits.argsort(dim=1, descending=True)), first(logits.argsort(dim=1))
