# WRONG: the ablated run gets the reconstruction without the latent, so it loses the SAE's errors as well; promised: 'the metric with the latent's contribution taken away', x - f_j d_j
import torch


def attribute_latents(model, sae, tokens, metric):
    seen = {}

    def probe(value, hook):
        seen["latents"] = sae.encode(value.detach()).detach()
        seen["nudge"] = torch.zeros_like(value, requires_grad=True)
        return value + seen["nudge"]

    with torch.enable_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, probe)])
        (slope,) = torch.autograd.grad(metric(logits).sum(), seen["nudge"])
    return seen["latents"] * (slope @ sae.W_dec.detach().T)


def ablation_effects(model, sae, tokens, metric, latents):
    name = sae.cfg.metadata.hook_name
    rows = []
    with torch.no_grad():
        base = metric(model(tokens))
        for latent in latents.tolist():

            def ablate(x, hook):
                f = sae.encode(x).clone()
                f[..., latent] = 0
                return f @ sae.W_dec + sae.b_dec

            rows.append(base - metric(model.run_with_hooks(tokens, fwd_hooks=[(name, ablate)])))
    return torch.stack(rows)
