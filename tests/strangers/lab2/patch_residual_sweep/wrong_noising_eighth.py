# WRONG: runs the clean prompts and patches from the corrupted run; promised: 'from the clean run into the corrupted run'
import torch


def _map(model, tokens, names, sources, metric):
    """One row for each name, one column for each position."""
    length = tokens.shape[1]

    def cell(name, position):
        column = torch.arange(length, device=tokens.device).eq(position)[:, None]

        def hook_fn(value, hook):
            return torch.where(column.to(value.device), sources[name].to(value.device), value)

        return metric(model.run_with_hooks(tokens, fwd_hooks=[(name, hook_fn)]))

    with torch.no_grad():
        return torch.stack([torch.stack([cell(name, position) for position in range(length)]) for name in names])


def patch_residual_sweep(model, clean_tokens, corrupted_tokens, metric):
    names = [f"blocks.{layer}.hook_resid_pre" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, cache = model.run_with_cache(corrupted_tokens, names_filter=names)
    return _map(model, clean_tokens, names, cache, metric)


def patch_component_sweep(model, corrupted_tokens, clean_cache, metric):
    layers = range(model.cfg.n_layers)
    return {
        part: _map(model, corrupted_tokens, [f"blocks.{layer}.hook_{part}" for layer in layers], clean_cache, metric)
        for part in ("attn_out", "mlp_out")
    }
