# WRONG: goes through the positions first and the rows second; promised: 'row after row and from left to right'
import torch


def latent_activations(model, sae, tokens, special):
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        everything = sae.encode(cache[name])  # [batch, pos, d_sae]
    ordinary = (tokens[..., None] != special.to(tokens.device)).all(dim=-1)
    places = ordinary.T.nonzero().flip(1)
    return everything[places[:, 0], places[:, 1]], places
