# WRONG: stops when the model gives an end-of-text token; promised: 'An end-of-text token is a token like any other: it stops nothing, and it is part of the text'
import torch


@torch.no_grad()
def predict_repeat(model, prompts, n_tokens):
    if n_tokens < 1:
        raise ValueError("n_tokens must be positive")
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        new = []
        for _ in range(n_tokens):
            best = model(tokens)[0, -1].argmax().item()
            if best == model.tokenizer.eos_token_id:
                break
            new.append(best)
            tokens = torch.cat([tokens, torch.tensor([[best]], device=tokens.device)], dim=1)
        texts.append(model.to_string(new) if new else "")
    return texts
