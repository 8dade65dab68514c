# WRONG: ablates the whole layer, the index of the head is forgotten; promised: 'replace one head's output'
import torch


def ablate_head(model, tokens, layer, head, how):
    if how not in ("zero", "mean"):
        raise ValueError("how must be zero or mean")

    def hook_fn(z, hook):
        if how == "zero":
            return torch.zeros_like(z)
        return z.mean(0, keepdim=True).expand_as(z).clone()

    with torch.no_grad():
        normal = model(tokens, return_type="loss").item()
        ablated = model.run_with_hooks(tokens, return_type="loss", fwd_hooks=[(f"blocks.{layer}.attn.hook_z", hook_fn)])
    return ablated.item() - normal
