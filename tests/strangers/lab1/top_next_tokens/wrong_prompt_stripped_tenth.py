# WRONG: spaces around the prompt are taken away; promised: 'The text is taken as it is: spaces around it belong to it, and it may be empty.'
# Generated from solutions/lab1/top_next_tokens.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # What comes next
#
# The first question to a language model is: what would it say next? The model answers with **logits**. At every
# position $i$ it gives one number for every token of the vocabulary, computed from the tokens $x_0 \dots x_i$. A
# softmax over the *vocabulary* turns the logits of one position into probabilities:
#
# $$p(x_{i+1} = t \mid x_0 \dots x_i) = \frac{e^{\,\ell_{i,t}}}{\sum_{t'} e^{\,\ell_{i,t'}}}$$
#
# **A small example.** With three tokens and the logits 2, 1 and 0, the probabilities are 0.67, 0.24 and 0.09.
#
# There is a prediction at every position. The prediction that continues the prompt is at the last position, because
# only the last position has read the whole prompt.
#
# **Shapes.** `model.to_tokens(prompt)` gives `[1, pos]`: a batch of one, with BOS in front. `model(tokens)` gives
# logits `[1, pos, d_vocab]`.
#
# **Tokens are not words.** GPT-2's tokens carry the space that stands before them ([Radford et al.
# 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf), section
# 2.2, describe the byte-level encoding). So the answer to "The capital of France is" is `" Paris"`, not `"Paris"`.
# These are two different tokens, or the second may not be a single token at all. Keep the space: soon you will look up
# tokens by their text.

# %%
from typing import Any

import torch


# %%
def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    """Give the k tokens that a model finds most likely to continue a prompt.

    Source: Radford et al. 2019 (GPT-2).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`, with its tokenizer.
        prompt: a text; BOS is put before it once, as `model.to_tokens` does by default. A text that begins with
            `<|endoftext|>` gets BOS too. The text is taken as it is: spaces around it belong to it, and it may be
            empty. Then BOS alone is the input.
        k: how many tokens.

    Returns:
        `k` pairs of a token's text, leading space included, and its probability (a Python float, from the softmax over
        the whole vocabulary), the most likely first. Special tokens such as `<|endoftext|>` count like all others, and
        two tokens with the same text are two pairs.

    Raises:
        ValueError: `k` is less than 1 or more than the size of the vocabulary.

    """
    tokens = model.to_tokens(prompt.strip())
    with torch.no_grad():
        logits = model(tokens)[0, -1].float()  # [d_vocab]
    if k < 1 or k > logits.numel():
        raise ValueError(f"k must be from 1 to {logits.numel()}, not {k}")
    order = torch.argsort(logits, descending=True, stable=True)[:k]
    probabilities = (logits - logits.logsumexp(dim=0)).exp()
    pairs = []
    for token in order.tolist():
        pairs.append((model.to_string(torch.tensor([token])), probabilities[token].item()))
    return pairs


# %% [markdown]
# **Look at it.** Three prompts, and what the model would say.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    prompts = [
        "The capital of France is",
        "Then, John and Mary went to the store. John gave a bottle to",
        "abc def ghi abc",
    ]
    for prompt in prompts:
        print(repr(prompt))
        for text, probability in top_next_tokens(bench.model, prompt, 5):
            print(f"    {text!r:14} {probability:.4f}")
    best = top_next_tokens(bench.model, prompts[1], 10)
    plots.bars(
        [probability for _, probability in best],
        x=[repr(text) for text, _ in best],
        xlabel="next token",
        ylabel="probability",
        title=f"After {prompts[1]!r}",
        save="attention_patterns/top_next_tokens",
    )
