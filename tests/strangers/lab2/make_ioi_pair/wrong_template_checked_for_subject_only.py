"""Breaks "Raises ValueError: ... the template has one of the names in it already": the indirect object is not looked
for."""

import re
from typing import Any


def fill(template, names):
    text, ends = "", {}
    for piece in re.split(r"(\{[ABS]\})", template):
        if piece in names:
            text += names[piece]
            ends[piece] = len(text)
        else:
            text += piece
    return text, ends


def position(model, text, end, name):
    tokens = model.to_str_tokens(text)
    place = len(model.to_str_tokens(text[:end])) - 1
    if place >= len(tokens) or tokens[place].strip() != name:
        raise ValueError(f"{name!r} is not one token in {text!r}")
    return place


def single(model, name):
    ids = model.to_tokens(" " + name, prepend_bos=False)[0].tolist()
    if len(ids) != 1:
        raise ValueError(f"{name!r} is not one token")
    return ids[0]


def make_ioi_pair(model: Any, template: str, io: str, subject: str, order: str) -> dict[str, Any]:
    if order not in ("ABBA", "BABA"):
        raise ValueError(f"unknown order {order!r}")
    if io == subject:
        raise ValueError("the two names are the same")
    frame = re.sub(r"\{[ABS]\}", "", template)
    if subject in frame:
        raise ValueError("the template has a name in it already")
    first, second = (io, subject) if order == "ABBA" else (subject, io)
    clean, ends = fill(template, {"{A}": first, "{B}": second, "{S}": subject})
    corrupted, corrupted_ends = fill(template, {"{A}": first, "{B}": second, "{S}": io})
    place = {
        "A": position(model, clean, ends["{A}"], first),
        "B": position(model, clean, ends["{B}"], second),
        "S": position(model, clean, ends["{S}"], subject),
    }
    position(model, corrupted, corrupted_ends["{S}"], io)
    return {
        "clean": clean,
        "corrupted": corrupted,
        "answer": single(model, io),
        "wrong": single(model, subject),
        "positions": {
            "IO": place["A" if order == "ABBA" else "B"],
            "S1": place["B" if order == "ABBA" else "A"],
            "S2": place["S"],
            "END": len(model.to_str_tokens(clean)) - 1,
        },
    }
