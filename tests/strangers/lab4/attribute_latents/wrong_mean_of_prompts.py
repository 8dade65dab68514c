# WRONG: takes the gradient of the mean over the prompts, so everything is divided by the batch; promised: 'the gradient of its prompt's metric'
import torch


def attribute_latents(model, sae, tokens, metric):
    seen = {}

    def probe(value, hook):
        seen["latents"] = sae.encode(value.detach()).detach()
        seen["nudge"] = torch.zeros_like(value, requires_grad=True)
        return value + seen["nudge"]

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, probe)])
        (slope,) = torch.autograd.grad(metric(logits).mean(), seen["nudge"])
    return seen["latents"] * (slope @ sae.W_dec.detach().T)


def ablation_effects(model, sae, tokens, metric, latents):
    def without(number):
        def hook_fn(value, hook):
            return value - sae.encode(value)[..., number, None] * sae.W_dec[number]

        return metric(model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, hook_fn)]))

    with torch.no_grad():
        whole = metric(model(tokens))
        return torch.stack([whole - without(number) for number in latents.tolist()])
