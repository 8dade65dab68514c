"""Writes the pieces between the slots one after the other, in a small class that counts tokens as it goes."""

import re
from typing import Any


class Writer:
    def __init__(self, model):
        self.model = model
        self.text = ""
        self.places = {}

    def count(self, text):
        return self.model.to_tokens(text).shape[1] if text else 1

    def write(self, piece, slot=None):
        before = self.count(self.text.removesuffix(" "))
        self.text += piece
        if slot is not None:
            if self.count(self.text) != before + 1:
                raise ValueError(f"{piece!r} is not a single token at {slot}")
            self.places[slot] = before


def make_ioi_pair(model: Any, template: str, io: str, subject: str, order: str) -> dict[str, Any]:
    match order:
        case "ABBA":
            slots = {"A": "IO", "B": "S1", "S": "S2"}
        case "BABA":
            slots = {"A": "S1", "B": "IO", "S": "S2"}
        case _:
            raise ValueError(f"no order {order!r}")
    if io == subject:
        raise ValueError("io and subject are the same name")
    pieces = re.split(r"\{([ABS])\}", template)
    if any(re.search(rf"\b{re.escape(name)}\b", piece) for name in (io, subject) for piece in pieces[::2]):
        raise ValueError("the template names one of the two already")
    prompts = {}
    for kind, giver in (("clean", subject), ("corrupted", io)):
        names = {"IO": io, "S1": subject, "S2": giver}
        prompts[kind] = writer = Writer(model)
        for number, piece in enumerate(pieces):
            if number % 2:
                writer.write(names[slots[piece]], slots[piece])
            else:
                writer.write(piece)
    ids = {}
    for kind, name in (("answer", io), ("wrong", subject)):
        row = model.to_tokens(" " + name, prepend_bos=False)[0]
        if row.numel() > 1:
            raise ValueError(f"{name!r} is more than one token")
        ids[kind] = row.item()
    clean = prompts["clean"]
    positions = {**clean.places, "END": clean.count(clean.text) - 1}
    return {"clean": clean.text, "corrupted": prompts["corrupted"].text, **ids, "positions": positions}
