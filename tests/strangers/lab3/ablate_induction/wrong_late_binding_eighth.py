# WRONG: the hooks are closures in a loop that all see the last head of the list; promised: 'the heads to ablate, all in the same run ...: their z is zero at every position'
import torch


def ablate_induction(model, tokens, heads, controls):
    pos = tokens.shape[1]
    half = (pos - 1) // 2
    if half < 1 or pos != 1 + 2 * half:
        raise ValueError("pos")
    if not controls:
        raise ValueError("no controls")
    for group in [heads] + list(controls):
        for layer, head in group:
            if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
                raise ValueError(f"no head {layer}.{head}")

    @torch.no_grad()
    def second_half_loss(group):
        hooks = []
        for layer, head in group:

            def zero(z, hook):
                z[:, :, head] = 0.0
                return z

            hooks.append((f"blocks.{layer}.attn.hook_z", zero))
        logits = model.run_with_hooks(tokens, fwd_hooks=hooks)
        log_p = logits[:, :-1].log_softmax(-1)
        loss = -log_p.gather(-1, tokens[:, 1:, None])[..., 0]
        return loss[:, half:].mean()

    clean = second_half_loss([])
    ablated = second_half_loss(heads)
    control = torch.stack([second_half_loss(group) for group in controls])
    return {
        "clean": clean.item(),
        "ablated": ablated.item(),
        "controls": control,
        "effect": (ablated - control.mean()).item(),
    }
