# WRONG: each component is divided by its own standard deviation, as by a LayerNorm of its own; promised: 'at the scale that the final LayerNorm had in this run'
import torch


def normalise(x, eps=1e-5):
    x = x - x.mean(-1, keepdim=True)
    return x / (x.pow(2).mean(-1, keepdim=True) + eps).sqrt()


@torch.no_grad()
def direct_logit_attribution(model, tokens, correct, wrong):
    n_layers = model.cfg.n_layers
    _, cache = model.run_with_cache(tokens)
    u = (model.W_U[:, correct] - model.W_U[:, wrong]).T
    heads, mlps = [], []
    for layer in range(n_layers):
        z = cache[f"blocks.{layer}.attn.hook_z"][:, -1]
        out = torch.einsum("bhe,hed->bhd", z, model.W_O[layer])
        heads.append((normalise(out) * u[:, None]).sum(-1))
        mlps.append((normalise(cache[f"blocks.{layer}.hook_mlp_out"][:, -1]) * u).sum(-1))
    start = cache["hook_embed"][:, -1] + cache["hook_pos_embed"][:, -1] + model.b_O.sum(0)
    rest = (normalise(start) * u).sum(-1) + model.b_U[correct] - model.b_U[wrong]
    return {"heads": torch.stack(heads, 1), "mlps": torch.stack(mlps, 1), "rest": rest}
