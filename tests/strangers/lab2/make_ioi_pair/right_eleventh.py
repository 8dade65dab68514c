# Generated from solutions/lab2/make_ioi_pair.py by mechgrade build. This copy is yours: write your code in it.
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

# %%
import re
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
    if order not in ("ABBA", "BABA"):
        raise ValueError(f"order must be 'ABBA' or 'BABA', not {order!r}")
    if io == subject:
        raise ValueError(f"both names are {io!r}")
    pieces = re.split(r"\{([ABS])\}", template)
    if pieces[1::2] != ["A", "B", "S"]:
        raise ValueError("the template needs the slots {A}, {B} and {S}, each once and in this order")
    text = pieces[0::2]
    for name in (io, subject):
        if any(name in piece for piece in text):
            raise ValueError(f"the template has the name {name!r} in it already")

    answers = {}
    for name in (io, subject):
        try:
            answers[name] = int(model.to_single_token(" " + name))
        except (AssertionError, ValueError) as error:
            raise ValueError(f"{' ' + name!r} is not a single token") from error

    def places(prompt: str, names: list[str]) -> list[int]:
        tokens = [token.strip() for token in model.to_str_tokens(prompt)]
        found = [position for position, token in enumerate(tokens) if token in (io, subject)]
        if [tokens[position] for position in found] != names:
            raise ValueError(f"a name is not a single token in {prompt!r}")
        return [*found, len(tokens) - 1]

    first, second = (io, subject) if order == "ABBA" else (subject, io)
    clean, corrupted = (
        f"{text[0]}{first}{text[1]}{second}{text[2]}{giver}{text[3]}" for giver in (subject, io)
    )
    spots = places(clean, [first, second, subject])
    if places(corrupted, [first, second, io]) != spots:
        raise ValueError("the names stand at other positions in the corrupted prompt")
    at = {first: spots[0], second: spots[1]}
    return {
        "clean": clean,
        "corrupted": corrupted,
        "answer": answers[io],
        "wrong": answers[subject],
        "positions": {"IO": at[io], "S1": at[subject], "S2": spots[2], "END": spots[3]},
    }


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
