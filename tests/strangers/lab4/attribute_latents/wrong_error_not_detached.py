# WRONG: the error term is computed from the latents and stays in the graph, so it cancels every change; promised: 'the error term held fixed'
import torch


def attribute_latents(model, sae, tokens, metric):
    store = {}

    def splice(x, hook):
        f = sae.encode(x).detach().requires_grad_(True)
        store["f"] = f
        reconstruction = f @ sae.W_dec + sae.b_dec
        error = x - reconstruction
        return reconstruction + error

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splice)])
        value = metric(logits).sum()
        (grad,) = torch.autograd.grad(value, store["f"])
    return (store["f"] * grad).detach()


def ablation_effects(model, sae, tokens, metric, latents):
    def without(number):
        def hook_fn(value, hook):
            return value - sae.encode(value)[..., number, None] * sae.W_dec[number]

        return metric(model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, hook_fn)]))

    with torch.no_grad():
        whole = metric(model(tokens))
        return torch.stack([whole - without(number) for number in latents.tolist()])
