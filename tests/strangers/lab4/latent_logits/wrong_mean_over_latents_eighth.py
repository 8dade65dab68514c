# WRONG: takes the mean over the latents away in place of that over the vocabulary; promised: 'without the mean over the vocabulary'
import torch


def latent_logits(sae, W_U, latents):
    logits = sae.W_dec.detach()[latents] @ W_U
    return logits - logits.mean(0)


def promoted_and_suppressed(logits, k):
    def first(order):
        return order.narrow(1, 0, k)

    return first(logits.argsort(dim=1, descending=True)), first(logits.argsort(dim=1))
