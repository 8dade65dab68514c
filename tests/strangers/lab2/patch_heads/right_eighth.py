# RIGHT: correct in every promise
import torch

AXIS = {"z": 2, "q": 2, "k": 2, "v": 2, "pattern": 1}


def patch_heads(model, corrupted_tokens, clean_cache, metric, activation="z"):
    if activation not in AXIS:
        raise ValueError(f"{activation!r} is none of {', '.join(AXIS)}")
    axis = AXIS[activation]

    def patched(name, head):
        source = clean_cache[name]

        def hook_fn(value, hook):
            index = torch.tensor([head], device=value.device)
            return value.index_copy(axis, index, source.to(value.device).index_select(axis, index))

        return metric(model.run_with_hooks(corrupted_tokens, fwd_hooks=[(name, hook_fn)]))

    names = [f"blocks.{layer}.attn.hook_{activation}" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        rows = [torch.stack([patched(name, head) for head in range(clean_cache[name].shape[axis])]) for name in names]
    return torch.stack(rows)
