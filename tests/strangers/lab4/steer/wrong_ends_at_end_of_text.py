# WRONG: stops when all rows have given an end-of-text token; promised: 'no token ends the text early', shape [batch, pos + steps]
import torch


def steering_hook(sae, latent, coefficient):
    def hook_fn(value, hook):
        return value + coefficient * sae.W_dec[latent].detach()

    return hook_fn


def ablation_hook(sae, latent):
    def hook_fn(value, hook):
        f = sae.encode(value)[..., latent, None].detach()
        return value - f * sae.W_dec[latent].detach()

    return hook_fn


@torch.no_grad()
def steer(model, tokens, hook_name, hook, steps):
    eos = model.tokenizer.eos_token_id
    for _ in range(steps):
        logits = model.run_with_hooks(tokens, fwd_hooks=[(hook_name, hook)])
        new = logits[:, -1].argmax(-1, keepdim=True)
        tokens = torch.cat([tokens, new], dim=1)
        if (new == eos).all():
            break
    return tokens
