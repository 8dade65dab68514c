# RIGHT: correct in every promise
import re


def make_ioi_pair(model, template, io, subject, order):
    if io == subject:
        raise ValueError("the two names are the same")
    if order not in ("ABBA", "BABA"):
        raise ValueError(f"unknown order {order!r}")
    if any(name in re.sub(r"\{[ABS]\}", "\0", template) for name in (io, subject)):
        raise ValueError("the template has one of the names in it already")

    first, second = (io, subject) if order == "ABBA" else (subject, io)
    slots = re.findall(r"\{([ABS])\}", template)

    def fill(giver):
        names = {"A": first, "B": second, "S": giver}
        text = re.sub(r"\{([ABS])\}", lambda match: names[match[1]], template)
        tokens = model.to_str_tokens(text)
        places = [place for place, token in enumerate(tokens) if token.removeprefix(" ") in (io, subject)]
        found = [tokens[place].removeprefix(" ") for place in places]
        if found != [names[slot] for slot in slots]:
            raise ValueError(f"a name is not a single token in {text!r}")
        return text, dict(zip(slots, places, strict=True)), len(tokens)

    def single(name):
        ids = model.to_tokens(" " + name, prepend_bos=False).flatten().tolist()
        if len(ids) != 1:
            raise ValueError(f"{' ' + name!r} is not a single token")
        return ids[0]

    clean, at, length = fill(subject)
    corrupted, _, _ = fill(io)
    io_slot, s1_slot = ("A", "B") if order == "ABBA" else ("B", "A")
    return {
        "clean": clean,
        "corrupted": corrupted,
        "answer": single(io),
        "wrong": single(subject),
        "positions": {"IO": at[io_slot], "S1": at[s1_slot], "S2": at["S"], "END": length - 1},
    }
