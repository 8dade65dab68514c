"""Breaks "positions of ... S2": the first place of the subject is given for both S1 and S2."""

from typing import Any


def make_ioi_pair(model: Any, template: str, io: str, subject: str, order: str) -> dict[str, Any]:
    if order not in {"ABBA", "BABA"} or io == subject:
        raise ValueError("the order must be ABBA or BABA, and the names different")
    bare = template.format(A="", B="", S="")
    for name in (io, subject):
        if name in bare:
            raise ValueError(f"the template has {name} in it already")

    def places(text, name, number):
        found = [at for at, token in enumerate(model.to_str_tokens(text)) if token.strip() == name]
        if len(found) != number:
            raise ValueError(f"{name} is a single token in {len(found)} of its {number} places in {text!r}")
        return found

    names = {"A": io, "B": subject} if order == "ABBA" else {"A": subject, "B": io}
    clean, corrupted = template.format(**names, S=subject), template.format(**names, S=io)
    (io_place,) = places(clean, io, 1)
    s1, s2 = places(clean, subject, 2)
    places(corrupted, io, 2)
    places(corrupted, subject, 1)
    try:
        answer, wrong = (int(model.to_single_token(f" {name}")) for name in (io, subject))
    except AssertionError as error:
        raise ValueError("a name is not a single token after a space") from error
    last = model.to_tokens(clean).shape[1] - 1
    return {
        "clean": clean,
        "corrupted": corrupted,
        "answer": answer,
        "wrong": wrong,
        "positions": {"IO": io_place, "S1": s1, "S2": s1, "END": last},
    }
