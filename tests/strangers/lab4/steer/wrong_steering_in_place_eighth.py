# WRONG: adds the direction to the activation in place; promised: the hook 'does not change value itself'
import torch


def steering_hook(sae, latent, coefficient):
    push = coefficient * sae.W_dec[latent].detach()
    return lambda value, hook=None: value.add_(push)


def ablation_hook(sae, latent):
    direction = sae.W_dec[latent].detach()

    def hook_fn(value, hook=None):
        with torch.no_grad():
            active = sae.encode(value)[..., latent].unsqueeze(-1)
        return value - active * direction

    return hook_fn


def steer(model, tokens, hook_name, hook, steps):
    longer = tokens.clone()
    with torch.no_grad():
        while longer.shape[1] < tokens.shape[1] + steps:
            logits = model.run_with_hooks(longer, fwd_hooks=[(hook_name, hook)])
            longer = torch.cat((longer, logits[:, -1].argmax(dim=1).to(longer)[:, None]), dim=1)
    return longer
