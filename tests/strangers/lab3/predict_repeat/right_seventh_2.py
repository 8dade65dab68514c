# RIGHT: prompts of the same number of tokens go through the model together, in a buffer
import torch


@torch.no_grad()
def _most_likely_next(model, tokens):
    return model(tokens)[:, -1, :].argmax(-1).to(tokens.device)


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
    if not n_tokens >= 1:
        raise ValueError(f"cannot add {n_tokens} tokens")
    tokenized = [model.to_tokens(prompt)[0] for prompt in prompts]
    groups: dict[int, list[int]] = {}
    for place, row in enumerate(tokenized):
        groups.setdefault(len(row), []).append(place)
    answers = [""] * len(prompts)
    for length, places in groups.items():
        filled = torch.stack([tokenized[place] for place in places])
        room = filled.new_zeros(len(places), n_tokens)
        buffer = torch.cat([filled, room], dim=1)
        for end in range(length, length + n_tokens):
            buffer[:, end] = _most_likely_next(model, buffer[:, :end])
        for place, row in zip(places, buffer[:, length:], strict=True):
            answers[place] = model.to_string(row)
    return answers
