# RIGHT: correct in every promise
import torch


def _moved(model, orig_cache, new_cache, senders, like):
    """What the senders add to the residual stream when their z changes from the original to the new one."""
    delta = torch.zeros_like(like)
    for layer, head in map(tuple, senders):
        change = new_cache["z", layer][:, :, head] - orig_cache["z", layer][:, :, head]
        delta = delta + change @ model.W_O[layer, head]
    return delta


def path_patch_to_logits(model, tokens, orig_cache, new_cache, senders):
    with torch.no_grad():
        final = orig_cache["resid_post", model.cfg.n_layers - 1]
        return model.unembed(model.ln_final(final + _moved(model, orig_cache, new_cache, senders, final)))


def path_patch_to_heads(model, tokens, orig_cache, new_cache, senders, receivers, component):
    if component not in ("q", "k", "v"):
        raise ValueError(f"component must be q, k or v, not {component!r}")
    if any(sender[0] >= receiver[0] for sender in senders for receiver in receivers):
        raise ValueError("every sender must be in an earlier layer than every receiver")
    weight, bias = getattr(model, f"W_{component.upper()}"), getattr(model, f"b_{component.upper()}")

    def hear(layer, heads):
        stream = orig_cache["resid_pre", layer]
        read = model.blocks[layer].ln1(stream + _moved(model, orig_cache, new_cache, senders, stream))
        heard = {head: read @ weight[layer, head] + bias[layer, head] for head in heads}

        def hook_fn(value, hook):
            return torch.stack([heard.get(head, value[:, :, head]) for head in range(value.shape[2])], dim=2)

        return f"blocks.{layer}.attn.hook_{component}", hook_fn

    by_layer = {}
    for layer, head in receivers:
        by_layer.setdefault(layer, []).append(head)
    with torch.no_grad():
        return model.run_with_hooks(tokens, fwd_hooks=[hear(layer, heads) for layer, heads in by_layer.items()])
