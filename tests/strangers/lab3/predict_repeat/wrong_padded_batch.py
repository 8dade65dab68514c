# WRONG: tokenizes all prompts together and reads the last column ("the shorter texts are padded. Then the last column is not their last token")
import torch


def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    """Continue each prompt greedily and return the text that the model adds.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (what an induction head completes).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`: it takes tokens `[batch, pos]` and gives logits `[batch,
            pos, d_vocab]`; it has `to_tokens` (text to tokens, BOS in front) and `to_string` (tokens to text).
        prompts: texts, which may differ in length. Each is continued by itself, with BOS in front. The same text may be there
            twice.
        n_tokens: number of tokens to add to each prompt.

    Returns:
        For each prompt, in the same order, the text of exactly `n_tokens` new tokens: without the prompt, and with the
        spaces that the tokens carry (`" def"`, not `"def"`). Each token is the most likely one after all tokens before
        it. An end-of-text token is a token like any other: it stops nothing, and it is part of the text.

    Raises:
        ValueError: `n_tokens` is below 1, whatever `prompts` is.

    """
    if n_tokens < 1:
        raise ValueError("n_tokens must be at least 1")
    if not prompts:
        return []
    tokens = model.to_tokens(prompts)
    start = tokens.shape[1]
    for _ in range(n_tokens):
        with torch.no_grad():
            logits = model(tokens)
        following = logits[:, -1].argmax(dim=-1, keepdim=True)
        tokens = torch.cat([tokens, following.to(tokens.device)], dim=1)
    return [model.to_string(row[start:]) for row in tokens]
