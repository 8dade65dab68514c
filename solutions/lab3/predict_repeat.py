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

# %% [markdown] tags=["hint"]
# Solve it for one prompt and one token first: tokens, logits, one row of the logits, the best entry, text. Print the
# shape after each step. Put loops around it after that.

# %% [markdown] tags=["hint"]
# Which row of the logits says what comes after the whole prompt? Remember that BOS is in front, and count from the end.
# If you run all prompts as one batch, this row is not the same for all of them.

# %% [markdown] tags=["hint"]
# For the next token, join the one that you found to the tokens (`torch.cat` along the axis of positions) and run the
# model again. At the end turn only the *new* tokens into text, and keep their spaces.

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
    ### BEGIN SOLUTION
    if n_tokens < 1:
        raise ValueError(f"n_tokens must be at least 1, but is {n_tokens}")
    texts = []
    for prompt in prompts:
        tokens = model.to_tokens(prompt)
        start = tokens.shape[1]
        for _ in range(n_tokens):
            with torch.no_grad():
                best = model(tokens)[:, -1].argmax(dim=-1, keepdim=True)
            tokens = torch.cat([tokens, best], dim=1)
        texts.append(model.to_string(tokens[0, start:]))
    return texts
    ### END SOLUTION


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

# %% [markdown] tags=["found"]
# **What you found.** The model goes on with " def ghi abc def". With words drawn at random, it continues 133 of 140
# prompts as they began. <!-- claim: predict.words --> One occurrence is enough. The model cannot have learnt these pairs, because the order of the
# words is random. The ability is in *how* it reads the context.
#
# Note the first word. At the start of a text it has no space before it, and the second time it has one: "abc" and "
# abc" are two different tokens. The model matches them anyway. So the match is not made on token ids, but on vectors,
# in which the two tokens are alike.
#
# Behaviour alone does not show a mechanism. A model could also pass this test by attending to position 2 whenever the
# text looks like this. Repetitions of many lengths make that unlikely. So look for the part of the model that does it.
# First you need a text on which nothing but repetition helps (`repeated_tokens`). Then you will find the heads, and
# take them away (`ablate_induction`).
#
# **In GPT-2 small** run this file with `MODEL=gpt2-small`. There, the words of this list are cut into several tokens
# each. So the right answer is the first piece of the second word, and this count of "right" is too low. Olsson et al.
# (2022, argument 1) show on models of many sizes that the ability appears early in training, in a short window,
# together with the induction heads.
#
# **With TransformerLens** `model.generate(tokens, max_new_tokens=n, do_sample=False, stop_at_eos=False)` does the loop
# for you. It keeps keys and values, so it does not run the whole text again. A `TransformerBridge` and the deprecated
# `HookedTransformer` both have it. By default it samples and stops at the end of a text, so say what you want.
