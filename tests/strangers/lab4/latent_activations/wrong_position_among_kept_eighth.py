# WRONG: the second number of a place counts the kept tokens of the row; promised: 'row and position in tokens'
import torch


@torch.no_grad()
def latent_activations(model, sae, tokens, special):
    name = sae.cfg.metadata.hook_name
    _, cache = model.run_with_cache(tokens, names_filter=name)
    keep = ~torch.isin(tokens, special)
    latents = sae.encode(cache[name])[keep]
    places = []
    for row in range(tokens.shape[0]):
        for position, _ in enumerate(tokens[row][keep[row]]):
            places.append((row, position))
    return latents, torch.tensor(places, dtype=torch.long).reshape(-1, 2)
