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

# %% [markdown] tags=["hint"]
# Print the shape of `model(model.to_tokens(prompt))` and name each axis. Which index do you need on the first axis, and
# which on the second? What is left has one axis, as long as the vocabulary.

# %% [markdown] tags=["hint"]
# `torch.topk` returns values and indices, sorted. `model.tokenizer.decode([id])` gives the text of one token id.

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
# **What you found.** The model is sure of its answers: it gives " Paris" a probability of 0.999, " Mary" 1.000 and "
# def" 0.986. <!-- claim: next.three --> The rest of the list tells you something, too: the next four answers to the first prompt are other
# capitals. <!-- claim: next.kind --> The model knows what *kind* of word must come. Why does it choose this capital? The rest of this lab
# follows that question.
#
# The prompt about John and Mary asks for the *indirect object*: the sensible answer is the name that does not repeat.
# Lab 2 takes this apart. The last prompt is a row of nonsense words. The answer is the word that followed the same
# nonsense word before. Lab 3 finds the heads that do this.
#
# **In GPT-2 small** Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 2)
# test many prompts of the second kind. In 99.3 % of them the indirect object has a higher logit than the subject. To
# see GPT-2's answers to all three prompts, run this file with `MODEL=gpt2-small`.
