# WRONG: numbers the templates among the prompts, but the table of means has a row for each template of the reference prompts; promised: the mean over the reference prompts of 'the prompt's own template', and templates of reference prompts 'that no prompt has do no harm'
import torch


@torch.no_grad()
def faithfulness(model, tokens, templates, circuit, metric, reference_tokens, reference_templates):
    known = torch.unique(reference_templates)
    for t in templates.tolist():
        if t not in known.tolist():
            raise ValueError(f"no reference prompt of template {t}")
    _, index = torch.unique(templates, return_inverse=True)
    _, cache = model.run_with_cache(reference_tokens)
    circuit = {tuple(head) for head in circuit}
    hooks = []
    for layer in range(model.cfg.n_layers):
        name = f"blocks.{layer}.attn.hook_z"
        z_ref = cache[name]
        means = torch.stack([z_ref[reference_templates == t].mean(0) for t in known])  # [template, pos, head, d_head]
        out = [head for head in range(model.cfg.n_heads) if (layer, head) not in circuit]

        def hook_fn(z, hook, means=means, out=out):
            z = z.clone()
            z[:, :, out] = means[index][:, :, out]
            return z

        hooks.append((name, hook_fn))
    full = metric(model(tokens)).item()
    return metric(model.run_with_hooks(tokens, fwd_hooks=hooks)).item() / full
