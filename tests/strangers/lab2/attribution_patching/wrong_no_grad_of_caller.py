# WRONG: does not switch gradients on, so it fails when the caller has switched them off; promised: 'The caller may have switched gradients off with torch.no_grad(); the estimate is the same'
import torch


def attribution_patching(model, clean_tokens, corrupted_tokens, metric):
    if clean_tokens.shape != corrupted_tokens.shape:
        raise ValueError("shapes differ")
    names = [f"blocks.{l}.attn.hook_z" for l in range(model.cfg.n_layers)]
    clean = {}
    corrupted = {}

    def save(name):
        def fn(z, hook):
            clean[name] = z.detach().clone()

        return fn

    def keep(name):
        def fn(z, hook):
            corrupted[name] = z
            return z

        return fn

    def start(value, hook):
        return value.detach().requires_grad_(True)

    model.run_with_hooks(clean_tokens, fwd_hooks=[(name, save(name)) for name in names])
    logits = model.run_with_hooks(
        corrupted_tokens, fwd_hooks=[("hook_embed", start)] + [(name, keep(name)) for name in names]
    )
    grads = torch.autograd.grad(metric(logits), [corrupted[name] for name in names])
    rows = [((clean[name] - corrupted[name]) * g).sum((0, 1, 3)) for name, g in zip(names, grads)]
    return torch.stack(rows).detach()
