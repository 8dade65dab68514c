# WRONG: every layer's stream is divided by the scale that the final LayerNorm had in the run; promised: 'each layer's stream gets its own scale'
import torch


@torch.no_grad()
def logit_lens(model, tokens, targets):
    _, cache = model.run_with_cache(tokens)
    scale = cache["ln_final.hook_scale"][:, -1:]
    rows = []
    for layer in range(model.cfg.n_layers):
        x = cache[f"blocks.{layer}.hook_resid_post"][:, -1:]
        x = (x - x.mean(-1, keepdim=True)) / scale
        probabilities = model.unembed(x)[:, 0].softmax(-1)
        rows.append(probabilities[torch.arange(len(targets)), targets])
    return torch.stack(rows)
