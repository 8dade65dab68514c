# RIGHT: correct in every promise
import torch


def ablate_head(model, tokens, layer, head, how):
    fillers = {"zero": torch.zeros_like, "mean": lambda z: z.mean(dim=0, keepdim=True).expand_as(z)}
    if how not in fillers:
        raise ValueError(f"how must be 'zero' or 'mean', not {how!r}")

    def swap(z, hook):
        chosen = torch.arange(z.shape[2], device=z.device).eq(head).unsqueeze(-1)  # [head, 1]
        return torch.where(chosen, fillers[how](z), z)

    with torch.no_grad():
        before, after = (
            model.run_with_hooks(tokens, return_type="loss", fwd_hooks=hooks).item()
            for hooks in ([], [(f"blocks.{layer}.attn.hook_z", swap)])
        )
    return after - before
