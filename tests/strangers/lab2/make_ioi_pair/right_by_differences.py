"""Compares token ids: S2 is where the two prompts differ, and the other two names are found by their text."""

from typing import Any


def make_ioi_pair(model: Any, template: str, io: str, subject: str, order: str) -> dict[str, Any]:
    orders = {"ABBA": (io, subject), "BABA": (subject, io)}
    if order not in orders:
        raise ValueError(f"order is {order!r}")
    if io == subject:
        raise ValueError("two different names are needed")
    frame = template.replace("{A}", "").replace("{B}", "").replace("{S}", "")
    if any(name in frame for name in (io, subject)):
        raise ValueError("a name is in the template already")

    def text(giver):
        first, second = orders[order]
        return template.replace("{A}", first).replace("{B}", second).replace("{S}", giver)

    def one_token(name):
        ids = model.to_tokens(name, prepend_bos=False).flatten().tolist()
        if len(ids) != 1:
            raise ValueError(f"{name!r} is {len(ids)} tokens")
        return ids[0]

    clean, corrupted = text(subject), text(io)
    left, right = model.to_tokens(clean).flatten(), model.to_tokens(corrupted).flatten()
    differ = (left != right).nonzero().flatten().tolist() if left.shape == right.shape else []
    words, others = ([word.strip() for word in model.to_str_tokens(prompt)] for prompt in (clean, corrupted))
    places = [at for at, word in enumerate(words) if word in (io, subject)]
    if len(differ) != 1 or len(places) != 3 or others[differ[0]] != io or differ[0] not in places:
        raise ValueError("a name is not a single token in one of its places")
    places.remove(differ[0])
    s1, io_place = sorted(places, key=lambda at: words[at] == io)
    positions = {"IO": io_place, "S1": s1, "S2": differ[0], "END": len(words) - 1}
    answer, wrong = one_token(" " + io), one_token(" " + subject)
    return {"clean": clean, "corrupted": corrupted, "answer": answer, "wrong": wrong, "positions": positions}
