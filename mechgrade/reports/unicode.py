r"""Formulas as a line of Unicode, for terminals: ``\frac{q_i \cdot k_j}{\sqrt{d_h}}`` is ``(qᵢ · kⱼ)/√dₕ``.

It goes by the same MathML that pages show, so that page and terminal read a formula in the same way. A line has no room for
what is stacked or bold: brackets stand for the first, and the second is lost.
"""

from __future__ import annotations

import re
import unicodedata
from xml.etree import ElementTree

from mechgrade.reports.prose import mathml

_SUPER = dict(
    zip("0123456789+-−=()abcdefghijklmnoprstuvwxyz⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᵀ", strict=True)
)
_SUB = dict(zip("0123456789+-−=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_ACCENTS = {"¯": "\u0304", "‾": "\u0304", "^": "\u0302", "ˆ": "\u0302", "~": "\u0303", "˜": "\u0303", "˙": "\u0307"}
#: Signs with a blank on either side, unless nothing stands before them that they could join.
_JOINING = set("+-−±⋅·×∗∖⧵∪∩/…")
_RELATING = set("=<>≤≥≠≈∼≡→←⟶⟵↦∈∉≪≫∣⊂⊆:")
_OVER = set("∑∏∫")
_CLOSING = set(")]},.;")
_SCRIPTS = ("msub", "msup", "msubsup")
#: Raised and lowered letters are hard to read beyond a few.
_SHORT = 3


def unicode_math(formula: str) -> str:
    """A formula in LaTeX as one line; one that cannot be read stays as it is written."""
    text = mathml(formula)
    if not text.startswith("<math"):
        return formula
    line = re.sub(r"[ \t]+", " ", _row(list(ElementTree.fromstring(text))).strip())
    return re.sub(r"(?<=[(\[{]) | (?=[)\],])", "", line)


def _row(nodes: list[ElementTree.Element], tight: bool = False) -> str:
    """Some nodes side by side. ``tight``: without blanks, as in an index."""
    line, before = "", None
    for node in nodes:
        name, text = _name(node), (node.text or "").strip()
        if name == "mspace":
            line += "" if tight else _space(node.get("width", ""))
        elif tight:
            line += _one(node, tight)
        elif name in ("mo", "mi") and (text in _RELATING or (text in _JOINING and _ends_a_term(line))):
            line += f" {_plain(text)} "
        elif name == "mo" and text == ",":
            line += ", "
        else:
            line += (" " if _is_apart(before, node) else "") + _one(node, tight) + (" " if _is_over(node) else "")
        before = node
    return line


def _is_apart(before: ElementTree.Element | None, node: ElementTree.Element) -> bool:
    """Whether two neighbours need a blank, so that they do not read as one name: ``log p``, ``z^(l,n) W``, ``1/2 x``."""
    if before is None or _name(before) in ("mo", "mspace", "mtext"):
        return False
    if _name(before) == "mfrac" or _is_over(node):
        return (node.text or "") not in _CLOSING
    is_long = _name(before) in _SCRIPTS or len((before.text or "").strip()) > 1
    return is_long and _name(node) not in ("mo", "mspace", "mtext", "mrow", "mn")


def _one(node: ElementTree.Element, tight: bool) -> str:
    name, inner = _name(node), list(node)
    match name:
        case "mi" | "mn" | "mo":
            return _plain((node.text or "").strip())
        case "mtext":
            return (node.text or "").replace("\N{NO-BREAK SPACE}", " ")
        case "mfrac":
            return "/".join(_closed(_one(part, tight)) for part in inner)
        case "msqrt":
            return "√" + _closed(_row(inner, tight))
        case "msub":
            return _one(inner[0], tight) + _index(inner[1], _SUB, "_")
        case "msup":
            return _one(inner[0], tight) + _index(inner[1], _SUPER, "^")
        case "msubsup":
            return _one(inner[0], tight) + _index(inner[1], _SUB, "_") + _index(inner[2], _SUPER, "^")
        case "mover" | "munder":
            return _stacked(name, inner, tight)
        case "mtable":
            rows = [[_row(list(cell), tight).strip() for cell in row] for row in inner]
            return " " + "; ".join(f"{row[0]} ({', '.join(row[1:])})" if len(row) > 1 else row[0] for row in rows)
        case _:
            return _row(inner, tight)


def _stacked(name: str, inner: list[ElementTree.Element], tight: bool) -> str:
    base, mark = _one(inner[0], tight), _one(inner[1], tight=False)
    if mark == "⏟":
        return base
    if _name(inner[0]) == "munder" and inner[0][1].text == "⏟":
        return f"[{base}: {mark}]"  # what is written under a brace
    if mark in _ACCENTS:
        return base + _ACCENTS[mark] if len(base) == 1 else f"({base}){_ACCENTS[mark]}"
    return base + _index(inner[1], _SUB if name == "munder" else _SUPER, "_" if name == "munder" else "^")


def _index(node: ElementTree.Element, letters: dict[str, str], sign: str) -> str:
    text = _one(node, tight=True)
    if text and set(text) <= {"′"}:
        return text
    short = len(text) <= _SHORT or not re.search(r"[^\W\d]{2}", text)
    if short and all(letter in letters for letter in text):
        return "".join(letters[letter] for letter in text)
    return sign + (text if re.fullmatch(r"\w+|\([^()]*\)|[*+\-−]", text) else f"({text})")


def _closed(text: str) -> str:
    """In brackets, unless nothing can be taken to go beyond it."""
    text = text.strip()
    return text if _TERM.fullmatch(text) else f"({text})"


_INDICES = r"(?:[_^](?:\w+|\([^()]*\)))*"
_TERM = re.compile(rf"[√∂]?[\w\u0300-\u036f′]+{_INDICES}(?:\([^() ]*\))?|‖[^‖]*‖{_INDICES}|\|[^| ]*\|")


def _space(width: str) -> str:
    if width.startswith("negative"):
        return ""
    return "   " if re.fullmatch(r"[1-9][\d.]*em", width) else " "


def _ends_a_term(line: str) -> bool:
    """Whether a sign joins what stands before it. Otherwise it belongs to what comes after it."""
    line = line.rstrip()
    return bool(line) and line[-1] not in _JOINING | _RELATING | set("([{,;")


def _is_over(node: ElementTree.Element) -> bool:
    """Whether it is a sum's sign, with or without its bounds."""
    while _name(node) in ("msub", "msup", "msubsup", "munder", "mrow") and len(node):
        node = node[0]
    return (node.text or "").strip() in _OVER


def _plain(text: str) -> str:
    """Without the alphabets that few terminals' fonts have: 𝐱 is x. ℝ and ℒ stay."""
    return "".join(
        unicodedata.normalize("NFKC", each) if "\U0001d400" <= each <= "\U0001d7ff" else each for each in text
    )


def _name(node: ElementTree.Element) -> str:
    return node.tag.rpartition("}")[2]
