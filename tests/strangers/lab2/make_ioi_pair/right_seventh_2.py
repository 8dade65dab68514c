# RIGHT: builds the prompt slot by slot; the position of a slot is the number of tokens up to its end
# %%
from typing import Any


# %%
import re


class _Filled:
    """A template with names in its slots, and the position of each slot's token."""

    def __init__(self, model, template, names):
        self.text, ends = "", []
        for piece in re.split(r"(\{[ABS]\})", template):
            slot = piece[1:-1] if re.fullmatch(r"\{[ABS]\}", piece) else None
            self.text += names[slot] if slot else piece
            if slot:
                ends.append((slot, self.text))
        texts = model.to_str_tokens(self.text)
        self.end = len(texts) - 1
        self.at = {}
        for slot, prefix in ends:
            place = model.to_tokens(prefix).shape[1] - 1
            if place >= len(texts) or texts[place] not in (names[slot], " " + names[slot]):
                raise ValueError(f"{names[slot]!r} is not a single token in {self.text!r}")
            self.at[slot] = place


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
    if order == "ABBA":
        names = {"A": io, "B": subject}
    elif order == "BABA":
        names = {"A": subject, "B": io}
    else:
        raise ValueError(f"there is no order {order!r}")
    if io == subject:
        raise ValueError(f"both names are {io!r}")
    for part in re.split(r"\{[ABS]\}", template):
        for name in (io, subject):
            if name in part:
                raise ValueError(f"{name!r} stands in the template already")
    clean = _Filled(model, template, {**names, "S": subject})
    corrupted = _Filled(model, template, {**names, "S": io})
    ids = {}
    for name in (io, subject):
        row = model.to_tokens(f" {name}").flatten().tolist()[1:]
        if len(row) != 1:
            raise ValueError(f"' {name}' is not a single token")
        ids[name] = row[0]
    slot_of = {name: slot for slot, name in names.items()}
    return dict(
        clean=clean.text,
        corrupted=corrupted.text,
        answer=ids[io],
        wrong=ids[subject],
        positions=dict(IO=clean.at[slot_of[io]], S1=clean.at[slot_of[subject]], S2=clean.at["S"], END=clean.end),
    )


