# %% [markdown]
# # A pair of prompts
#
# "John and Mary went to the store. John gave a bottle to": who gets the bottle? Not John, because John is the giver. To
# finish such a sentence is **indirect object identification** (IOI). This lab asks two questions: which parts of the
# model, at which words, decide that it is Mary? And which *rule* does the model follow?
#
# The name that appears once is the **indirect object** (IO). The name that appears twice is the **subject**, and its
# two places are S1 and S2. The model predicts at the last token, END. A prompt comes in two **orders**: ABBA names the
# indirect object first, BABA the subject.
#
# ```
# ABBA    Mary and John went to the store. John gave a bottle to        → " Mary"
#         IO       S1                      S2                 END
# BABA    John and Mary went to the store. John gave a bottle to        → " Mary"
#         S1       IO                      S2                 END
# ```
#
# A causal experiment compares *two* runs. So we need a second prompt beside the **clean** prompt: a **corrupted**
# prompt that is as similar as possible and has another answer. Here one word is enough: the other person gives.
#
# ```
# clean       John and Mary went to the store. John gave a bottle to    → " Mary"
# corrupted   John and Mary went to the store. Mary gave a bottle to    → " John"
# ```
#
# We will put activations of one run into the other run, position by position. So position $p$ must mean the same in
# both: the two prompts have the same number of tokens, and they differ in one token, at S2. This works only when every
# name is a **single token**. The tokenizer decides that, so you have to check. If a name is not a single token, raise
# an error. An error is better than maps that are shifted by one.
#
# **Tokens are not words.** GPT-2's tokens carry the space before them. In the middle of a sentence John is `" John"`,
# at the very beginning `"John"`: two different tokens. The full stop is a token of its own. `model.to_tokens` puts BOS
# in front, at position 0. All positions in this lab count BOS.
#
# Wang et al. (2022, [Interpretability in the Wild](https://arxiv.org/abs/2211.00593), section 2) introduced the task
# and the names IO, S1, S2 and END. Zhang and Nanda (2023, [Towards Best Practices of Activation
# Patching](https://arxiv.org/abs/2309.16042), section 3) compare ways to corrupt a prompt. They recommend to exchange a
# token for a similar one.

# %% [markdown] tags=["hint"]
# Fill the template twice with `str.format`: `{A}` and `{B}` are the same both times, only `{S}` differs. The order
# decides who is `{A}`. The order does not decide who gives in the clean prompt.

# %% [markdown] tags=["hint"]
# `model.to_str_tokens(text)` gives the tokens as strings, BOS first. Print them for one prompt, and look at the two
# forms of a name that opens the sentence. How can you compare names without the space?

# %% [markdown] tags=["hint"]
# Collect *all* positions of each name in a list. The clean prompt must have the indirect object once and the subject
# twice; the corrupted prompt, the indirect object twice and the subject once. If not, something is wrong with the names
# or the template: this is the `ValueError`. The token to predict always has a space in front;
# `model.to_tokens(" " + name, prepend_bos=False)` tells you how many tokens that is.

# %%
from typing import Any


# %%
def make_ioi_pair(model: Any, template: str, io: str, subject: str, order: str) -> dict[str, Any]:
    """Make a clean IOI prompt and its corrupted twin, with their answers and positions.

    Source: Wang et al. 2022, https://arxiv.org/abs/2211.00593

    Args:
        model: the model, for its tokenizer: `to_tokens`, `to_str_tokens`, `to_single_token`.
        template: a sentence with the slots `{A}`, `{B}` (the first and the second name) and `{S}` (the giver), in this
            order, such as
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
              word with a small letter is another word: the name May may stand beside "may". A longer word that
              holds a name, such as "Willing" for Will, may be refused or not;
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
# **Look at it.** The tokens of a pair with their positions. Then the answers of the model to your prompts.

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
# **What you found.** The two prompts agree in every token but one, and they have two different answers. Everything that
# the model knows about *who gives* enters at S2. Before S2 both runs are the same, bit by bit, because a token cannot
# look ahead. And the answer must come out at END. Somewhere between S2 and END the information moves. The maps of this
# lab will show where.
#
# The corruption decides what an experiment can see. Both prompts are ordinary sentences, so every part that only
# recognises names, or counts people, does the same in both. Such a part will not show up. To see it, compare with
# another kind of prompt. For example, a *third* person could give. Keep this idea: in
# `separate_hypotheses` it will decide between two explanations.
#
# **In GPT-2 small** the task is solved most of the time, not always. Over 100,000 prompts, Wang et al. (2022, section 2)
# report that IO gets a higher logit than S in 99.3 % of them. A later [count over nine million
# prompts](https://ronakrm.github.io/ioi-tails) finds that the failures cluster on particular names. So average over
# many pairs.
#
# **With TransformerLens** `model.to_single_token(" Mary")` gives the id of a text that is one token. For any other text
# it fails with an `AssertionError`. `to_tokens`, `to_str_tokens` and `to_single_token` are the same on
# `TransformerBridge` and on the deprecated `HookedTransformer`.
