# WRONG: without a position the activation is only detached and moved to the CPU, no copy is made of a tensor that lies there already; promised: 'Copy them with or without a position: none is the model's own tensor'
import torch


def cache_budget(cfg, batch, pos, bytes_per_value=4):
    layers, heads, d, dh, hidden, vocab = (
        int(getattr(cfg, key)) for key in ("n_layers", "n_heads", "d_model", "d_head", "d_mlp", "d_vocab")
    )
    batch, pos = int(batch), int(pos)
    # (how many, values for each sequence and position)
    layer = [(7, d), (2, 1), (4, heads * dh), (2, heads * pos), (2, hidden)]
    once = [(4, d), (1, 1), (1, vocab)]
    number = layers * sum(n for n, _ in layer) + sum(n for n, _ in once)
    values = layers * sum(n * width for n, width in layer) + sum(n * width for n, width in once)
    return {"activations": number, "bytes": values * batch * pos * int(bytes_per_value)}


def selective_cache(model, tokens, names, position=None):
    known = model.hook_dict
    for name in names:
        if name not in known:
            raise ValueError(f"the model has no hook point {name!r}")
    kept = {}

    def keeper(name):
        def keep(value, hook):
            if position is None:
                kept[name] = value.detach().cpu()
            else:
                kept[name] = value[:, position].detach().cpu().clone()

        return keep

    hooks = [(name, keeper(name)) for name in dict.fromkeys(names)]
    with torch.no_grad():
        model.run_with_hooks(tokens, fwd_hooks=hooks)
    return {name: kept[name] for name in names}
