# %% [markdown]
# # A pair of prompts
#
# "John and Mary went to the store. John gave a bottle to": who gets the bottle? Not John, who has just been named a
# second time as the giver. To finish the sentence is **indirect object identification** (IOI), and this lab takes the
# answer apart: which parts of the model, at which words, decide that it is Mary?
#
# The name that appears once is the **indirect object** (IO). The name that appears twice is the **subject**, and its
# two places are S1 and S2. The last token, from which the model predicts, is END. A prompt comes in two **orders**:
# ABBA names the indirect object first, BABA the subject.
#
# ```
# ABBA    Mary and John went to the store. John gave a bottle to        → " Mary"
#         IO       S1                      S2                 END
# BABA    John and Mary went to the store. John gave a bottle to        → " Mary"
#         S1       IO                      S2                 END
# ```
#
# A causal experiment compares *two* runs. Beside the **clean** prompt we want a **corrupted** one, as similar as
# possible, with another answer. Here one word is enough: let the other person give.
#
# ```
# clean       John and Mary went to the store. John gave a bottle to    → " Mary"
# corrupted   John and Mary went to the store. Mary gave a bottle to    → " John"
# ```
#
# Activations of one run will be put into the other, position by position, so position $p$ must mean the same in both.
# The two prompts have the same number of tokens and differ in one of them, at S2. This only works when every name is a
# **single token**. Whether it is depends on the tokenizer, so it has to be checked; and where it is not, an error is
# better than maps that are shifted by one.
#
# **Tokens are not words.** GPT-2's tokens carry the space before them: in the middle of a sentence John is `" John"`,
# at the very beginning `"John"`, and these are two different tokens. The full stop is a token of its own. And
# `model.to_tokens` puts BOS in front, at position 0. All positions of this lab count it.
#
# Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593)) introduced the task, and the
# names IO, S1, S2 and END. Zhang and Nanda (2023, [Towards Best Practices of Activation
# Patching](https://arxiv.org/abs/2309.16042)) compare ways to corrupt a prompt, and recommend the exchange of a token
# for a similar one.

# %% [markdown] tags=["hint"]
# Fill the template twice with `str.format`: `{A}` and `{B}` are the same both times, only `{S}` differs. The order
# decides who is `{A}`; who gives in the clean prompt has nothing to do with the order.

# %% [markdown] tags=["hint"]
# `model.to_str_tokens(text)` gives the tokens as strings, BOS first. Print them for one prompt, and look at the two
# forms of a name that opens the sentence. How could you compare without the space?

# %% [markdown] tags=["hint"]
# Collect *all* positions of each name in a list. If the clean prompt does not hold the indirect object once and the
# subject twice, something is wrong with the names or with the template: this is the `ValueError`. In the corrupted
# prompt the numbers are two and one. What the model is to predict always has a space in front;
# `model.to_tokens(" " + name, prepend_bos=False)` tells how many tokens that is.

# %%
from typing import Any


# %%
def make_ioi_pair(model: Any, template: str, io: str, subject: str, order: str) -> dict[str, Any]:
    """Make a clean IOI prompt and its corrupted twin, with their answers and positions.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593

    Args:
        model: the model, for its tokenizer: `to_tokens`, `to_str_tokens`, `to_single_token`.
        template: a sentence with the slots `{A}`, `{B}` (the first and the second name) and `{S}` (the giver), such as
            `"{A} and {B} went to the store. {S} gave a bottle to"`.
        io: the indirect object's name, without space.
        subject: the subject's name, without space.
        order: `"ABBA"` (the indirect object is named first) or `"BABA"` (the subject is).

    Returns:
        A dict with the entries
        `"clean"`: the prompt in which the subject gives;
        `"corrupted"`: the same prompt, but the indirect object gives;
        `"answer"`: the token id (an int) that should follow the clean prompt;
        `"wrong"`: the token id that should follow the corrupted prompt;
        `"positions"`: a dict with the positions (ints) of `"IO"`, `"S1"`, `"S2"` and `"END"` in the clean prompt's
        tokens, where BOS is position 0. END is the last token, whatever it is.

    Raises:
        ValueError: in each of these cases:
            - the two names are the same;
            - a name is not a single token in one of its places, in the clean or in the corrupted prompt, or as an answer;
            - the template has one of the names in it already, anywhere, so that positions would be ambiguous. The same
              word with a small letter is another word: the name May may stand beside "may";
            - the order is any other text, also `"abba"`.

    """
    ### BEGIN SOLUTION
    if order not in ("ABBA", "BABA"):
        raise ValueError(f"order is {order!r}; it must be 'ABBA' or 'BABA'")
    if io == subject:
        raise ValueError(f"both names are {io!r}: nobody is left to receive anything")
    first, second = (io, subject) if order == "ABBA" else (subject, io)
    clean = template.format(A=first, B=second, S=subject)
    corrupted = template.format(A=first, B=second, S=io)

    words, others = ([token.strip() for token in model.to_str_tokens(text)] for text in (clean, corrupted))
    at_io = [position for position, word in enumerate(words) if word == io]
    at_subject = [position for position, word in enumerate(words) if word == subject]
    if len(at_io) != 1 or len(at_subject) != 2:
        raise ValueError(f"{io!r} should be one token of {clean!r}, once, and {subject!r} twice")
    if others.count(io) != 2 or others.count(subject) != 1:
        raise ValueError(f"{io!r} should be one token of {corrupted!r}, twice, and {subject!r} once")
    answer, wrong = (model.to_tokens(" " + name, prepend_bos=False)[0].tolist() for name in (io, subject))
    if len(answer) != 1 or len(wrong) != 1:
        raise ValueError(f"{io!r} and {subject!r} should be single tokens after a space")
    return {
        "clean": clean,
        "corrupted": corrupted,
        "answer": answer[0],
        "wrong": wrong[0],
        "positions": {"IO": at_io[0], "S1": at_subject[0], "S2": at_subject[1], "END": len(words) - 1},
    }
    ### END SOLUTION


# %% [markdown]
# **Look at it.** The tokens of a pair with their positions; then what the model makes of your prompts.

# %% tags=["demo"]
if __name__ == "__main__":
    from mechgrade.bench import open_bench, plots

    bench = open_bench()
    template = "{A} and {B} went to the store. {S} gave a bottle to"
    rows, labels = [], []
    for order in ("ABBA", "BABA"):
        pair = make_ioi_pair(bench.model, template, io="Mary", subject="John", order=order)
        marks = {position: name for name, position in pair["positions"].items()}
        for kind in ("clean", "corrupted"):
            tokens = bench.model.to_str_tokens(pair[kind])
            print(f"{order} {kind}")
            print("   " + " ".join(f"{position}:{token!r}" for position, token in enumerate(tokens)))
            probabilities = bench.model(bench.tokens(pair[kind]))[0, -1].softmax(-1)
            rows.append([float(probabilities[pair["answer"]]), float(probabilities[pair["wrong"]])])
            labels.append(f"{order} {kind}")
        print("   " + ", ".join(f"{name} at {position}" for position, name in sorted(marks.items())))
    plots.heatmap(
        rows,
        x=[repr(bench.model.to_string(pair["answer"])), repr(bench.model.to_string(pair["wrong"]))],
        y=labels,
        xlabel="next token",
        ylabel="prompt",
        title="One changed word changes the answer",
        value="probability",
        save="patching_results/make_ioi_pair",
    )

# %% [markdown] tags=["found"]
# **What you found.** Two prompts that agree in every token but one, and two answers. All that the model knows about
# *who gives* enters at S2; everything before S2 is the same in both runs, bit by bit, because a token cannot look ahead.
# And it must come out at END, where the prediction is made. Somewhere between these two places the information moves,
# and the maps of this lab will show where.
#
# The corruption decides what an experiment can see. With the names exchanged at S2, both prompts are ordinary
# sentences, and every part that only recognises names, or counts people, does the same in both: it will not show up. To
# see such parts, one would have to compare with another kind of prompt. Wang et al. use three *unrelated* names for
# this, and with them no single answer is left.
#
# **In GPT-2 small** the task is solved most of the time, not always. Over 100,000 prompts Wang et al. (2022) report
# that IO gets a higher logit than S in 99.3 % of them. It depends on the names: a later [count over nine million
# prompts](https://ronakrm.github.io/ioi-tails) finds that the failures cluster on particular names. So it is worth the
# trouble to average over many pairs.
#
# **With TransformerLens** `model.to_single_token(" Mary")` gives the id of a text that is one token, and fails with an
# `AssertionError` on any other. `to_tokens`, `to_str_tokens` and `to_single_token` are the same on `TransformerBridge`
# and on the deprecated `HookedTransformer`.
