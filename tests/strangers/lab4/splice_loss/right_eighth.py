# RIGHT: correct in every promise
import torch
from torch.nn.functional import cross_entropy


def splice_loss(model, sae, tokens, text, error_term=False, edit=None):
    def splice(value, hook):
        latents = sae.encode(value)
        missing = value - sae.decode(latents) if error_term else 0.0
        changed = latents if edit is None else edit(latents.clone())
        return torch.where(text.to(value.device)[..., None], sae.decode(changed) + missing, value)

    with torch.no_grad():
        logits = model.run_with_hooks(tokens, fwd_hooks=[(sae.cfg.metadata.hook_name, splice)])
        counted = text[:, 1:].to(logits.device)
        return cross_entropy(logits[:, :-1][counted], tokens[:, 1:][counted]).item()
