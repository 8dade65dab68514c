# %% [markdown]
# # What comes next
#
# The first thing to ask any language model is what it would say next. It answers with **logits**: for every position
# $i$ of the input a number for every token of the vocabulary, computed from the tokens $x_0 \dots x_i$. The softmax
# over the *vocabulary* turns one position's logits into probabilities:
#
# $$p(x_{i+1} = t \mid x_0 \dots x_i) = \frac{e^{\,\ell_{i,t}}}{\sum_{t'} e^{\,\ell_{i,t'}}}$$
#
# So there is a prediction at every position. The one that continues the prompt is at the last: it alone has read all of
# it.
#
# **Shapes.** `model.to_tokens(prompt)` gives `[1, pos]`: a batch of one, with BOS in front. `model(tokens)` gives
# logits `[1, pos, d_vocab]`.
#
# **Tokens are not words.** GPT-2's tokens carry the space that stands before them ([Radford et al.
# 2019](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf) describe
# the byte-level encoding), so the answer to "The capital of France is" is `" Paris"`, not `"Paris"`. These are two
# different tokens, or the second may not even be a single one. Leave the space where it is: the next exercises look
# tokens up by their text.

# %% [markdown] tags=["hint"]
# Print the shape of `model(model.to_tokens(prompt))` and say what each axis is. Which index do you want on the first
# axis, and which on the second? What is left should have one axis, as long as the vocabulary.

# %% [markdown] tags=["hint"]
# `torch.topk` returns values and indices, sorted. For the text of one token id, `model.to_string` takes a list of ids,
# or use `model.tokenizer.decode`.

# %%
from typing import Any

import torch


# %%
def top_next_tokens(model: Any, prompt: str, k: int) -> list[tuple[str, float]]:
    """Give the k tokens that a model finds most likely to continue a prompt.

    Source: Radford et al. 2019 (GPT-2).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`, with its tokenizer.
        prompt: a text; BOS is put before it once, as `model.to_tokens` does by default. The text is taken as it is:
            spaces around it belong to it, and it may be empty. Then BOS alone is the input.
        k: how many tokens.

    Returns:
        `k` pairs of a token's text, leading space included, and its probability (a Python float, from the softmax over
        the whole vocabulary), the most likely first. Special tokens such as `<|endoftext|>` count like all others, and
        two tokens with the same text are two pairs.

    Raises:
        ValueError: `k` is less than 1 or more than the size of the vocabulary.

    """
    ### BEGIN SOLUTION
    if not 1 <= k <= model.cfg.d_vocab:
        raise ValueError(f"k must be between 1 and {model.cfg.d_vocab}, the size of the vocabulary, but it is {k}")
    with torch.no_grad():
        logits = model(model.to_tokens(prompt))[0, -1]  # [d_vocab]
    probabilities, ids = logits.softmax(dim=-1).topk(k)
    texts = [model.tokenizer.decode([token]) for token in ids.tolist()]
    return list(zip(texts, probabilities.tolist(), strict=True))
    ### END SOLUTION


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

# %% [markdown] tags=["found"]
# **What you found.** A model that knows an answer puts nearly all of the probability on one token, and the rest of the
# list is telling too: the runners-up are mostly of the answer's kind, such as other capitals or other names. Explaining
# why it is *this* capital and not another is what the later labs do, by comparing the logits of two such tokens.
#
# The prompt about John and Mary is an *indirect object* question: the sensible answer is the name that was not
# repeated. Lab 2 takes apart how a model does it. The last prompt is nonsense words in a row, and the answer is what
# followed the same nonsense word before: Lab 3 finds the heads that do that.
#
# **In GPT-2 small** Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593)) report, over
# their many prompts of the second kind, that the indirect object's logit is higher than the subject's in 99.3 % of
# cases. To see its answers to all three, run this file with `MODEL=gpt2-small`.
