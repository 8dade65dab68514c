# WRONG: in the component sweep the hook edits a list of patched cells that is never cleared, so the positions before stay patched; promised: 'at every position' one patch on its own
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
        _, cache = model.run_with_cache(clean_tokens, names_filter=names)
    return _map(model, corrupted_tokens, names, cache, metric)


def patch_component_sweep(model, corrupted_tokens, clean_cache, metric):
    layers = range(model.cfg.n_layers)
    maps = {}
    for part in ("attn_out", "mlp_out"):
        result = torch.zeros(len(layers), corrupted_tokens.shape[1])
        for layer in layers:
            name = f"blocks.{layer}.hook_{part}"
            hooks = []
            for position in range(corrupted_tokens.shape[1]):

                def hook_fn(value, hook, position=position, name=name):
                    value = value.clone()
                    value[:, position] = clean_cache[name][:, position]
                    return value

                hooks.append((name, hook_fn))
                with torch.no_grad():
                    result[layer, position] = metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=hooks))
        maps[part] = result
    return maps
