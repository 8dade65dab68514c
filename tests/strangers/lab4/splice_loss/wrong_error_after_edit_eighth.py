# WRONG: computes the error term from latents that the edit may have written into; promised: 'the activation minus the reconstruction from the latents as they are before the edit', the edit 'may write into the latents that it is given'
import torch


@torch.no_grad()
def splice_loss(model, sae, tokens, text, error_term=False, edit=None):
    def hook_fn(x, hook):
        f = sae.encode(x)
        new_f = f if edit is None else edit(f)
        out = sae.decode(new_f)
        if error_term:
            out = out + (x - sae.decode(f))
        return torch.where(text.unsqueeze(-1), out, x)

    logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, hook_fn)])
    log_p = logits[:, :-1].log_softmax(-1).gather(-1, tokens[:, 1:, None])[..., 0]
    return -log_p[text[:, 1:]].mean().item()
