# WRONG: indexes the third axis for the pattern as well, which patches a query row of all heads; promised: pattern is [batch, head, query, key], one head patched 'at all positions'
import torch


def patch_heads(model, corrupted_tokens, clean_cache, metric, activation="z"):
    if activation not in ("z", "q", "k", "v", "pattern"):
        raise ValueError("unknown activation")
    n_heads = clean_cache[f"blocks.0.attn.hook_{activation}"].shape[1 if activation == "pattern" else 2]
    result = torch.zeros(model.cfg.n_layers, n_heads)
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.hook_{activation}"
        for head in range(n_heads):

            def patch(value, hook, name=name, head=head):
                value = value.clone()
                value[:, :, head] = clean_cache[name][:, :, head]
                return value

            with torch.no_grad():
                result[layer, head] = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, patch)]))
    return result
