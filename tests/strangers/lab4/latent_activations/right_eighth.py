# RIGHT: correct in every promise
import torch


def latent_activations(model, sae, tokens, special):
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        everything = sae.encode(cache[name])  # [batch, pos, d_sae]
    ordinary = (tokens[..., None] != special.to(tokens.device)).all(dim=-1)
    places = ordinary.nonzero()
    return everything[places[:, 0], places[:, 1]], places
