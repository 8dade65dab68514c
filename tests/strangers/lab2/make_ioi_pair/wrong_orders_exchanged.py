# WRONG: ABBA names the subject first and BABA the indirect object; promised: 'order: `"ABBA"` (the indirect object is named first) or `"BABA"` (the subject is).'
import re
from typing import Any


def make_ioi_pair(model: Any, template: str, io: str, subject: str, order: str) -> dict[str, Any]:
    """A clean and a corrupted IOI prompt, their answers, and positions."""
    if io == subject:
        raise ValueError(f"both names are {io!r}")
    if order == "ABBA":
        first, second = subject, io
    elif order == "BABA":
        first, second = io, subject
    else:
        raise ValueError(f"order must be 'ABBA' or 'BABA', not {order!r}")
    fixed_text = re.split(r"\{[ABS]\}", template)
    for name in (io, subject):
        if any(name in piece for piece in fixed_text):
            raise ValueError(f"the template has {name!r} in it already")

    def prompt(giver):
        names = {"{A}": first, "{B}": second, "{S}": giver}
        return re.sub(r"\{[ABS]\}", lambda slot: names[slot.group()], template)

    def one_token(text):
        ids = model.to_tokens(text, prepend_bos=False)[0].tolist()
        return ids[0] if len(ids) == 1 else None

    answers = {}
    places = {}
    texts = {"clean": prompt(subject), "corrupted": prompt(io)}
    tokens = {kind: model.to_tokens(text)[0].tolist() for kind, text in texts.items()}
    for name in (io, subject):
        answers[name] = one_token(f" {name}")
        if answers[name] is None:
            raise ValueError(f"{name!r} is not a single token")
        forms = {answers[name], one_token(name)}
        places[name] = {kind: [place for place, token in enumerate(ids) if token in forms] for kind, ids in tokens.items()}
    changed = set(places[io]["corrupted"]) & set(places[subject]["clean"])
    counts = [len(places[name][kind]) for name in (io, subject) for kind in ("clean", "corrupted")]
    if counts != [1, 2, 2, 1] or len(changed) != 1 or len(tokens["clean"]) != len(tokens["corrupted"]):
        raise ValueError("a name is not a single token in one of its places")
    (s2,) = changed
    (s1,) = set(places[subject]["clean"]) - changed
    positions = {"IO": places[io]["clean"][0], "S1": s1, "S2": s2, "END": len(tokens["clean"]) - 1}
    return {**texts, "answer": answers[io], "wrong": answers[subject], "positions": positions}
