# WRONG: averages over all reference prompts, whatever their template; promised: 'its mean over the reference prompts that have the prompt's own template'
import torch


def faithfulness(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    same = templates[:, None] == reference_templates.to(templates.device)[None, :]  # [batch, reference]
    if not bool(same.any(dim=1).all()):
        raise ValueError("a prompt's template is not among the reference prompts")
    n_layers, n_heads = model.cfg.n_layers, model.cfg.n_heads
    kept = {(int(layer), int(head)) for layer, head in circuit}
    names = [f"blocks.{layer}.attn.hook_z" for layer in range(n_layers)]

    def replace_in(layer):
        keep = torch.tensor([(layer, head) in kept for head in range(n_heads)])[:, None]

        def hook_fn(z, hook):
            values = cache[names[layer]]
            shares = (same / same.sum(dim=1, keepdim=True)).to(device=values.device, dtype=values.dtype)
            mean = values.mean(dim=0, keepdim=True).expand_as(z)
            return torch.where(keep.to(z.device), z, mean)

        return hook_fn

    with torch.no_grad():
        _, cache = model.run_with_cache(reference_tokens, names_filter=names)
        whole = float(metric(model(tokens)))
        hooks = [(name, replace_in(layer)) for layer, name in enumerate(names)]
        alone = float(metric(model.run_with_hooks(tokens, fwd_hooks=hooks)))
    return alone / whole
