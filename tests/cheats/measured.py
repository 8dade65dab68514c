"""What was measured, in docs/threat-model.md."""

from __future__ import annotations

import re

from support import ROOT

PAGE = ROOT / "docs" / "threat-model.md"


def put(name: str, text: str) -> None:
    """Write a text between the page's marks of a name."""
    marks = re.compile(rf"(<!-- {name}:begin -->\n).*?(<!-- {name}:end -->)", re.DOTALL)
    page, places = marks.subn(lambda found: f"{found[1]}{text}\n{found[2]}", PAGE.read_text(encoding="utf-8"))
    assert places == 1, f"{PAGE} has no marks for {name}"
    PAGE.write_text(page, encoding="utf-8")


def kept(name: str) -> str:
    """What stands there."""
    return (
        PAGE.read_text(encoding="utf-8").partition(f"<!-- {name}:begin -->\n")[2].partition(f"\n<!-- {name}:end -->")[0]
    )
