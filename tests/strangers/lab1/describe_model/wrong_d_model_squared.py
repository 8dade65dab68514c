# WRONG: takes the heads' width for granted: d_model * d_model for each attention matrix; promised: W_Q [n_heads, d_model, d_head], which differs when n_heads * d_head is not d_model
def describe_model(model):
    cfg = model.cfg
    d = cfg.d_model
    attention = 4 * (d * d + d)
    mlp = d * cfg.d_mlp + cfg.d_mlp + cfg.d_mlp * d + d
    norms = 2 * 2 * d
    n_params = cfg.d_vocab * d + cfg.n_ctx * d + cfg.n_layers * (attention + mlp + norms) + 2 * d
    out = {k: int(getattr(cfg, k)) for k in ["n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab", "n_ctx"]}
    out["n_params"] = int(n_params)
    return out
