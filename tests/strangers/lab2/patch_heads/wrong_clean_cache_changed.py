# WRONG: writes the clean head into place by swapping it out of the cached tensor: the hook edits and returns a cached tensor; promised: the clean cache 'is not changed'
import torch


def patch_heads(model, corrupted_tokens, clean_cache, metric, activation="z"):
    if activation not in ("z", "q", "k", "v", "pattern"):
        raise ValueError("unknown activation")
    axis = 1 if activation == "pattern" else 2
    rows = []
    with torch.no_grad():
        for layer in range(model.cfg.n_layers):
            name = f"blocks.{layer}.attn.hook_{activation}"
            originals = clean_cache[name].clone()
            row = []
            for head in range(originals.shape[axis]):

                def patch(value, hook):
                    patched = clean_cache[name]  # start from the clean run, put back what is not patched
                    patched.copy_(value)
                    patched.select(axis, head).copy_(originals.select(axis, head))
                    return patched

                row.append(metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, patch)])))
            rows.append(torch.stack(row))
    return torch.stack(rows)
