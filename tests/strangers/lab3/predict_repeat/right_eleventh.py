# Generated from solutions/lab3/predict_repeat.py by mechgrade build. This copy is yours: write your code in it.
# %% [markdown]
# # Let the model repeat
#
# This lab asks one question: how does a model repeat what it has seen only once? Before you measure anything, watch the
# behaviour itself. Give the model three made-up words and the first of them again, and ask what comes next.
#
# ```
# prompt      abc  def  ghi  abc
# next                            ?
# ```
#
# No training text says what follows "abc" in general. In *this* text it was " def", and a model that copies from its
# context should say so. If the model goes on, it should say " ghi", " abc", " def": every token that it appends lets it
# look one place further.
#
# **Greedy continuation.** Start from the tokens $t_0 \dots t_{n-1}$ of the prompt, BOS included. As long as you want
# more tokens, append the most likely one:
#
# $$t_n = \underset{v}{\arg\max}\; \mathrm{logits}(t_0 \dots t_{n-1})_{\,n-1,\;v}$$
#
# The logits at a position are about the token that comes *after* it. So the answer stands at the last position of the
# prompt. Each further token needs a run of its own (or a cache of keys and values), because the token that you just
# appended is part of its input.
#
# **Shapes.** The model takes tokens `[batch, pos]` and gives logits `[batch, pos, d_vocab]`. Prompts are texts, and
# they may differ in length. When you tokenize texts of unequal length together, the shorter texts are padded. Then the
# last column is not their last token.
#
# **Text and tokens.** In GPT-2's kind of tokenizer a token carries the space before it: `" def"` is a token, and
# `"def"` is another. The functions `to_tokens` and `to_string` of the model translate in both directions. `to_tokens`
# puts BOS in front, as in the model's training texts.
#
# The algorithm "find the current token earlier, predict what came after it" is how Olsson et al. (2022, [In-context
# Learning and Induction Heads](https://arxiv.org/abs/2209.11895)) define an induction head. Here you only ask whether
# the model *behaves* so. The other exercises ask which of its parts do it.

# %%
import torch


# %%
def predict_repeat(model, prompts: list[str], n_tokens: int) -> list[str]:
    """Continue each prompt greedily and return the text that the model adds.

    Source: Olsson et al. 2022, https://arxiv.org/abs/2209.11895 (what an induction head completes).

    Args:
        model: a `TransformerBridge` or a `HookedTransformer`: it takes tokens `[batch, pos]` and gives logits `[batch,
            pos, d_vocab]`; it has `to_tokens` (text to tokens, BOS in front) and `to_string` (tokens to text).
        prompts: texts, none of them empty, which may differ in length. Each is continued by itself, with BOS in front. The same text may be there
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

    def continuation(prompt):
        seen = model.to_tokens(prompt)
        start = seen.shape[1]
        while seen.shape[1] < start + n_tokens:
            following = model(seen)[:, -1].argmax(dim=-1, keepdim=True)
            seen = torch.cat([seen, following.to(seen)], dim=1)
        return model.to_string(seen[0, start:])

    with torch.no_grad():
        return [continuation(prompt) for prompt in prompts]


# %% [markdown]
# **Look at it.** First the words themselves. Then a count: how often does the model go on as the text began, when the
# words are drawn at random? How does this depend on the number of words before the repetition?

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    from interp.prompts import snippet_prompts

    bench = open_bench()
    prompt = "abc def ghi abc"
    print(f"{prompt!r} goes on {predict_repeat(bench.model, [prompt], 4)[0]!r}")
    lengths = range(2, 9)
    shares = []
    for length in lengths:
        asked = snippet_prompts(20, seed=length, length=length)
        answers = predict_repeat(bench.model, [text for text, _ in asked], 1)
        shares.append(sum(answer == wanted for answer, (_, wanted) in zip(answers, asked, strict=True)) / len(asked))
        print(f"{length} words, for example {asked[0][0]!r}: right in {shares[-1]:.0%} of {len(asked)}")
    plots.bars(
        shares,
        x=[str(length) for length in lengths],
        xlabel="made-up words before the first one comes again",
        ylabel="share continued by the second word",
        title="Does the model repeat what it has seen once?",
        save="attention_patterns/predict_repeat",
    )
