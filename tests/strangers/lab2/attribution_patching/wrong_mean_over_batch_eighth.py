# WRONG: averages over the batch once more; promised: 'summed over batch, positions and d_head'
import torch


def attribution_patching(model, clean_tokens, corrupted_tokens, metric):
    if clean_tokens.shape != corrupted_tokens.shape:
        raise ValueError("shapes differ")
    n_layers = model.cfg.n_layers
    names = [f"blocks.{l}.attn.hook_z" for l in range(n_layers)]
    with torch.no_grad():
        _, clean_cache = model.run_with_cache(clean_tokens, names_filter=names)
    zs = []

    def start(value, hook):
        return value.detach().requires_grad_(True)

    def keep(z, hook):
        zs.append(z)
        return z

    with torch.enable_grad():
        hooks = [("hook_embed", start)] + [(name, keep) for name in names]
        logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks)
        grads = torch.autograd.grad(metric(logits), zs)
    out = []
    for name, z, grad in zip(names, zs, grads):
        estimate = ((clean_cache[name] - z) * grad).sum((1, 3))
        out.append(estimate.mean(0))
    return torch.stack(out).detach()
