# RIGHT: correct in every promise
import torch


def logit_lens(model, tokens, targets):
    names = [f"blocks.{layer}.hook_resid_post" for layer in range(model.cfg.n_layers)]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=names)
        streams = torch.stack([cache[name][:, -1] for name in names], dim=1)  # the layers take the place of positions
        log_p = model.unembed(model.ln_final(streams)).log_softmax(dim=-1)  # [batch, layer, d_vocab]
    index = targets.to(log_p.device)[:, None, None].expand(-1, len(names), 1)
    return log_p.gather(2, index).squeeze(2).exp().T
