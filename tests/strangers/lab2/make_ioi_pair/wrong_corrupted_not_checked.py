# WRONG: only the clean prompt is checked; the text: "a name is not a single token in one of its places, in the clean or in the corrupted prompt" (the indirect object at S2, e.g. after a quotation mark)
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
    if order not in ("ABBA", "BABA"):
        raise ValueError(f"order must be ABBA or BABA, not {order!r}")
    if io == subject:
        raise ValueError("the two names are the same")
    bare = template.replace("{A}", "\n").replace("{B}", "\n").replace("{S}", "\n")
    if io in bare or subject in bare:
        raise ValueError("the template has one of the names in it already")
    first, second = (io, subject) if order == "ABBA" else (subject, io)
    clean = template.format(A=first, B=second, S=subject)
    corrupted = template.format(A=first, B=second, S=io)

    def places(text, name):
        return [place for place, token in enumerate(model.to_str_tokens(text)) if token.strip() == name]

    def answer(name):
        ids = model.to_tokens(" " + name)[0]  # BOS and the name
        if len(ids) != 2:
            raise ValueError(f"{name!r} is not a single token as an answer")
        return int(ids[1])

    ios, subjects = places(clean, io), places(clean, subject)
    if (len(ios), len(subjects)) != (1, 2):
        raise ValueError("a name is not a single token in the clean prompt")
    return {
        "clean": clean,
        "corrupted": corrupted,
        "answer": answer(io),
        "wrong": answer(subject),
        "positions": {
            "IO": ios[0],
            "S1": subjects[0],
            "S2": subjects[1],
            "END": len(model.to_str_tokens(clean)) - 1,
        },
    }


