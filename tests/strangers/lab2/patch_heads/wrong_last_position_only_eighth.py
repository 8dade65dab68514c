# WRONG: patches the last position alone; promised: 'Patch every head on its own, at all positions'
import torch


@torch.no_grad()
def patch_heads(model, corrupted_tokens, clean_cache, metric, activation="z"):
    if activation not in ("z", "q", "k", "v", "pattern"):
        raise ValueError("unknown activation")
    out = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.hook_{activation}"
        clean = clean_cache[name]
        heads = clean.shape[1] if activation == "pattern" else clean.shape[2]
        for head in range(heads):

            def hook_fn(value, hook):
                new = value.clone()
                if activation == "pattern":
                    new[:, head, -1] = clean[:, head, -1]
                else:
                    new[:, -1, head] = clean[:, -1, head]
                return new

            out.append(metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook_fn)])))
    return torch.stack(out).reshape(model.cfg.n_layers, -1)
