# WRONG: uses add_hook and resets only when all went well; promised: 'It has no hooks afterwards, also after an error'
import torch


def ablate_head(model, tokens, layer, head, how):
    if how not in ("zero", "mean"):
        raise ValueError("how must be zero or mean")

    def hook_fn(z, hook):
        z = z.clone()
        z[:, :, head] = 0 if how == "zero" else z[:, :, head].mean(0)
        return z

    with torch.no_grad():
        normal = model(tokens, return_type="loss")
        model.add_hook(f"blocks.{layer}.attn.hook_z", hook_fn)
        ablated = model(tokens, return_type="loss")
        model.reset_hooks()
    return (ablated - normal).item()
