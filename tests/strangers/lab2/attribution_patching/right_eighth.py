# RIGHT: correct in every promise
import torch


def attribution_patching(model, clean_tokens, corrupted_tokens, metric):
    """The estimate is the derivative by a dial for each head: 0 is its corrupted output, 1 its clean one."""
    if clean_tokens.shape != corrupted_tokens.shape:
        raise ValueError("clean and corrupted prompts differ in shape")
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, cache = model.run_with_cache(clean_tokens, names_filter=names)
    with torch.enable_grad():
        dials = []

        def turn(clean_z):
            def hook_fn(z, hook):
                dial = torch.zeros(z.shape[2], 1, dtype=z.dtype, device=z.device, requires_grad=True)
                dials.append(dial)
                return z + dial * (clean_z - z.detach())

            return hook_fn

        logits = model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, turn(cache[name].detach())) for name in names])
        slopes = torch.autograd.grad(metric(logits), dials)
    return torch.stack([slope.squeeze(-1) for slope in slopes]).detach()
