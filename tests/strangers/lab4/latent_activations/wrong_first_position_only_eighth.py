# WRONG: leaves out position 0 and nothing else; promised: special ids are left out 'wherever they stand' (BOS, padding)
import torch


def latent_activations(model, sae, tokens, special):
    name = sae.cfg.metadata.hook_name
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[name])
        everything = sae.encode(cache[name])  # [batch, pos, d_sae]
    ordinary = torch.ones_like(tokens, dtype=torch.bool)
    ordinary[:, 0] = False
    places = ordinary.nonzero()
    return everything[places[:, 0], places[:, 1]], places
