# WRONG: uses the encoder's columns; promised: what the latent adds, 'd_j is row j of W_dec' (the encoder direction 'is something else')
import torch


def latent_logits(sae, W_U, latents):
    # the mean over the vocabulary is linear too: centre the unembedding once
    return sae.W_enc.detach()[:, latents].T @ (W_U - W_U.mean(dim=1, keepdim=True))


def promoted_and_suppressed(logits, k):
    def first(order):
        return order.narrow(1, 0, k)

    return first(logits.argsort(dim=1, descending=True)), first(logits.argsort(dim=1))
