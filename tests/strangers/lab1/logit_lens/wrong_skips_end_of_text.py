# WRONG: takes the last token that is no end-of-text, as if the rest were padding; promised: 'Nothing is padding: every token belongs to its prompt, an end-of-text at the end too'
import torch


@torch.no_grad()
def logit_lens(model, tokens, targets):
    real = tokens != model.tokenizer.eos_token_id
    place = torch.arange(tokens.shape[1], device=tokens.device)
    last = (real * place).max(dim=1).values
    batch = torch.arange(tokens.shape[0], device=tokens.device)
    _, cache = model.run_with_cache(tokens)
    rows = []
    for layer in range(model.cfg.n_layers):
        logits = model.unembed(model.ln_final(cache[f"blocks.{layer}.hook_resid_post"]))
        rows.append(logits[batch, last].softmax(dim=-1)[batch, targets])
    return torch.stack(rows)
